#include "greeting.h"

#include <stdio.h>

static char text[64];

const char *greet(const char *name)
{
    snprintf(text, sizeof text, "hello %s", name);
    return text;
}
