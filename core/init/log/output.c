#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "console.h"

/* One page of the pipe for each turn of the loop: a child that floods it waits, and nobody else. */
static void show(struct output *output)
{
    char bytes[4096];
    ssize_t count = read(output->ends[0], bytes, sizeof bytes);
    struct span input = {bytes, count > 0 ? (size_t)count : 0}, line;

    while (relay_next(&output->relay, &input, &line))
        console_show(output->source, line);
}

static void ready(void *owner)
{
    show(owner);
}

int output_open(struct output *output, struct loop *loop, enum log_source source)
{
    *output = (struct output){.ends = {-1, -1}, .source = source};
    if (pipe2(output->ends, O_CLOEXEC) != 0 || fcntl(output->ends[0], F_SETFL, O_NONBLOCK) != 0)
        return errno;
    return loop_watch(loop, output->ends[0], POLLIN, ready, output);
}

void output_end(struct output *output)
{
    struct pollfd more = {output->ends[0], POLLIN, 0};
    struct span line;

    for (int pages = 0; pages < 16 && poll(&more, 1, 0) > 0; pages++)
        show(output);
    if (relay_rest(&output->relay, &line))
        console_show(output->source, line);
}
