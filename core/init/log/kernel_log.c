#include "kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "console.h"
#include "kernel_message.h"
#include "refused_call.h"
#include "../app/syscall_filter.h"

static void show(struct kernel_log *log, const struct refused_call *call)
{
    const char *name = syscall_refused_name(call->number);
    /* Numbers beyond the table (those of no call) share its last place. */
    int place = call->number < KERNEL_LOG_CALLS ? call->number : KERNEL_LOG_CALLS - 1;
    char number[16];

    if (syscall_is_absent(call->number) || loop_now() < log->quiet_until_ms[place])
        return;
    log->quiet_until_ms[place] = loop_now() + POLICY_LOG_EVERY;
    snprintf(number, sizeof number, "%d", call->number);
    say("refused: system call %s of process %d", name ? name : number, call->process);
}

/* The kernel has shown it itself. */
static void note(struct kernel_log *log, struct span text)
{
    int64_t now = loop_now();

    if (now - log->errors_since_ms >= POLICY_LOG_EVERY) {
        log->errors_since_ms = now;
        log->errors = 0;
    }
    if (log->errors++ < POLICY_KERNEL_ERRORS)
        note_warning(LOG_KERNEL, text);
}

static void hear(struct kernel_log *log, struct span record)
{
    struct refused_call call;
    struct span text;

    if (refused_call_parse(record, &call))
        show(log, &call);
    else if (kernel_message_is_error(record, &text))
        note(log, text);
}

/* One read is one record; EPIPE says that the kernel has dropped some. */
static void ready(void *owner)
{
    struct kernel_log *log = owner;
    char record[1024];

    for (int i = 0; i < 64; i++) {
        ssize_t length = read(log->fd, record, sizeof record);

        if (length < 0 && errno != EPIPE)
            return;
        if (length > 0)
            hear(log, (struct span){record, (size_t)length});
    }
}

int kernel_log_open(struct kernel_log *log, struct loop *loop)
{
    log->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (log->fd < 0 || lseek(log->fd, 0, SEEK_END) < 0)
        return errno;
    return loop_watch(loop, log->fd, POLLIN, ready, log);
}
