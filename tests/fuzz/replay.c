/* The same without libFuzzer: `replay FILE...` runs inputs as they are, `replay --splits FILE...`
 * cuts the bytes of each into two pieces, at every place (of long ones: near both ends). */
#include "input.h"

#include <stdlib.h>

enum { ENDS = 2500 };

static struct buffer read_file(const char *name)
{
    struct buffer content = {NULL, 0, 0, false};
    FILE *file = fopen(name, "rb");
    int c;

    if (file == NULL) {
        perror(name);
        exit(2);
    }
    while ((c = fgetc(file)) != EOF)
        buffer_append(&content, &(char){(char)c}, 1);
    fclose(file);
    return content;
}

static void cut_everywhere(struct slice data)
{
    struct plan plan = {NULL, 0, 0, SAYS_END, 0};

    for (size_t at = 1; at < data.length; at++) {
        if (at == ENDS && data.length > 2 * ENDS)
            at = data.length - ENDS;
        plan.first = at;
        plan.parting = SAYS_END;
        session_compare(&plan, data);
        plan.parting = SAYS_NOTHING;
        session_compare(&plan, data);
    }
}

int main(int argc, char **argv)
{
    bool splits = argc > 1 && strcmp(argv[1], "--splits") == 0;
    struct buffer bytes = {NULL, 0, 0, false};
    struct plan plan;

    for (int i = splits ? 2 : 1; i < argc; i++) {
        struct buffer content = read_file(argv[i]);
        fprintf(stderr, "replay: %s\n", argv[i]);
        input_read((const uint8_t *)content.data, content.length, &plan, &bytes);
        if (splits)
            cut_everywhere((struct slice){bytes.data, bytes.length});
        else
            session_compare(&plan, (struct slice){bytes.data, bytes.length});
        buffer_finish(&content);
    }
    buffer_finish(&bytes);
    return 0;
}
