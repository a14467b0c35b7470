#include "session.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MOST = 1024, LINGER = 5000 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int patience_ms)
{
    struct pollfd polled = {fd, events, 0};
    int count;

    do
        count = poll(&polled, 1, patience_ms);
    while (count < 0 && errno == EINTR);
    return count > 0;
}

/* A client that does not read its answers, or is gone, decides nothing: it is not waited for any
 * longer, and the session goes on. */
static void answer(int fd, int patience_ms, const char *format, ...)
{
    char line[ANSWER_MOST];
    size_t length, sent = 0;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    length = strlen(line);
    line[length++] = '\n';
    while (sent < length && wait_for(fd, POLLOUT, patience_ms)) {
        ssize_t count = send(fd, line + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return;
        sent += count > 0 ? (size_t)count : 0;
    }
}

void session_refuse(int fd, const char *why, int patience_ms)
{
    int64_t end = now_ms() + (patience_ms < LINGER ? patience_ms : LINGER);
    char unread[4096];
    int64_t left;

    answer(fd, patience_ms, "refused %s", why);
    shutdown(fd, SHUT_WR);
    while ((left = end - now_ms()) > 0 && wait_for(fd, POLLIN, (int)left))
        if (recv(fd, unread, sizeof unread, MSG_DONTWAIT) == 0)
            return;
}

/* False, so that a step can end with it. */
static bool refuse(struct session *session, enum refusal refusal)
{
    bool disk = refusal == REFUSED_READ || refusal == REFUSED_WRITE;

    snprintf(session->why, sizeof session->why, "%s%s%s", refusal_text(refusal), disk ? ": " : "",
             disk ? strerror(session->install.error) : "");
    return false;
}

static bool accepted(struct session *session, enum refusal refusal)
{
    return refusal == ACCEPTED || refuse(session, refusal);
}

/* Something is always wanted: the first byte of it says that the client means it. */
static void choose_wanted(struct session *session)
{
    const struct layout *slot = &session->bundle.manifest.slot;
    bool *wanted = session->bundle.wanted;
    bool any = false;

    if (session->mode == SESSION_PARTS)
        install_look(&session->install, session->host->from, &session->host->identity->slot, slot,
                     wanted);
    for (unsigned i = 0; i < slot->count; i++)
        any = any || wanted[i];
    wanted[slot->count - 1] = wanted[slot->count - 1] || !any;
    for (unsigned i = 0; i < slot->count; i++)
        session->total += wanted[i] ? slot->parts[i].length : 0;
}

static void tell_wanted(struct session *session)
{
    const struct layout *slot = &session->bundle.manifest.slot;
    char names[PARTS_MOST * (sizeof slot->parts[0].name + 1)] = "";
    size_t used = 0;

    for (unsigned i = 0; i < slot->count; i++)
        if (session->bundle.wanted[i])
            used += (size_t)snprintf(names + used, sizeof names - used, " %s", slot->parts[i].name);
    answer(session->fd, session->host->patience_ms, "want%s", names);
}

/* The manifest is here, and it is signed. */
static bool opened(struct session *session)
{
    const struct session_host *host = session->host;
    enum refusal refusal =
        install_check(host->identity, &session->bundle.manifest, host->to.size);

    if (refusal != ACCEPTED)
        return refuse(session, refusal);
    if (session->mode != SESSION_VERIFY && !host->may_begin(host->owner, session->why))
        return false;
    choose_wanted(session);
    tell_wanted(session);
    return true;
}

/* With the first byte. What was there a moment ago and is not any more was read from a disk that
 * is failing. */
static bool begin_to_write(struct session *session)
{
    static const struct layout nothing;
    const struct session_host *host = session->host;
    const struct layout *slot = &session->bundle.manifest.slot;
    bool missing[PARTS_MOST] = {false};

    session->writing = true;
    if (!accepted(session,
                  install_begin(&session->install, host->from,
                                session->mode == SESSION_PARTS ? &host->identity->slot : &nothing,
                                host->to, slot, missing)))
        return false;
    for (unsigned i = 0; i < slot->count; i++)
        if (missing[i] && !session->bundle.wanted[i])
            return refuse(session, REFUSED_READ);
    return true;
}

static void show_progress(struct session *session, size_t length)
{
    const struct session_host *host = session->host;

    session->done += length;
    if (session->done < session->total && session->done - session->shown < session->total / 63)
        return;
    session->shown = session->done;
    host->progress(host->owner, session->done, session->total);
    answer(session->fd, host->patience_ms, "progress %llu %llu", (unsigned long long)session->done,
           (unsigned long long)session->total);
}

static bool take(struct session *session, struct span bytes)
{
    const struct bundle *bundle = &session->bundle;

    if (session->mode != SESSION_VERIFY) {
        if (!session->writing && !begin_to_write(session))
            return false;
        if (!accepted(session, install_write(&session->install, bundle->part, bundle->at, bytes)))
            return false;
    }
    show_progress(session, bytes.length);
    return true;
}

static bool happened(struct session *session, enum bundle_event event, struct span bytes)
{
    switch (event) {
    case BUNDLE_REFUSED: return refuse(session, session->bundle.refusal);
    case BUNDLE_OPENED: return opened(session);
    case BUNDLE_BYTES: return take(session, bytes);
    default: return true;
    }
}

/* True when more is to be fed, or *complete. */
static bool feed(struct session *session, struct span input, bool *complete)
{
    enum bundle_event event;

    do {
        struct span bytes;

        event = bundle_next(&session->bundle, &input, &bytes);
        if (!happened(session, event, bytes))
            return false;
    } while (event != BUNDLE_HUNGRY && event != BUNDLE_COMPLETE);
    *complete = event == BUNDLE_COMPLETE;
    return true;
}

/* What has come; empty at the end. False when nothing comes. */
static bool receive(struct session *session, struct span *input)
{
    ssize_t count;

    do {
        if (!wait_for(session->fd, POLLIN, session->host->patience_ms)) {
            snprintf(session->why, sizeof session->why, "nothing more has come for %d s: try again",
                     session->host->patience_ms / 1000);
            return false;
        }
        count = recv(session->fd, session->input, sizeof session->input, MSG_DONTWAIT);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    *input = (struct span){session->input, count > 0 ? (size_t)count : 0};
    return true;
}

static bool receive_all(struct session *session, struct span early)
{
    struct span input = early;
    bool complete = false;

    if (!feed(session, input, &complete))
        return false;
    while (!complete) {
        if (!receive(session, &input))
            return false;
        if (input.length == 0)
            return refuse(session, bundle_end(&session->bundle));
        if (!feed(session, input, &complete))
            return false;
    }
    if (recv(session->fd, session->input, 1, MSG_DONTWAIT | MSG_PEEK) > 0)
        return refuse(session, REFUSED_TOO_LONG);
    return true;
}

static bool finish(struct session *session)
{
    const struct session_host *host = session->host;

    if (session->mode == SESSION_VERIFY)
        return true;
    return accepted(session, install_finish(&session->install)) &&
           host->installed(host->owner, &session->bundle.manifest, session->why);
}

/* A client that has asked what is missing, or has thought better of it. */
static bool has_left(const struct session *session)
{
    return session->total > 0 && session->done == 0 &&
           bundle_end(&session->bundle) == REFUSED_CUT_SHORT &&
           recv(session->fd, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

enum session_end session_run(struct session *session, const struct session_host *host, int fd,
                             enum session_mode mode, struct span early)
{
    bool verifies = mode == SESSION_VERIFY;

    memset(session, 0, sizeof *session);
    session->host = host;
    session->fd = fd;
    session->mode = mode;
    bundle_begin(&session->bundle, &host->identity->keys);
    if (!accepted(session, host->unable) || !receive_all(session, early) || !finish(session)) {
        if (has_left(session))
            return SESSION_LEFT;
        session_refuse(fd, session->why, host->patience_ms);
        return SESSION_REFUSED;
    }
    answer(fd, host->patience_ms, "%s %s %llu", verifies ? "verified" : "installed",
           session->bundle.manifest.version, (unsigned long long)session->bundle.manifest.counter);
    return verifies ? SESSION_VERIFIED : SESSION_INSTALLED;
}
