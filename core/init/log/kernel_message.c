#include "kernel_message.h"

#include <string.h>

/* "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT\n", then lines of properties. The priority is the level, and
 * eight times a facility, which is 0 for the kernel. */
bool kernel_message_is_error(struct span record, struct span *text)
{
    struct span line;
    const char *head_ends;

    if (!span_next_line(&record, &line) || line.length < 2 || line.start[1] != ',' ||
        line.start[0] < '0' || line.start[0] > '0' + KERNEL_ERROR ||
        !(head_ends = memchr(line.start, ';', line.length)))
        return false;
    text->start = head_ends + 1;
    text->length = line.length - (size_t)(text->start - line.start);
    return text->length > 0;
}
