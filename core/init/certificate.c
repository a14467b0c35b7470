#include "certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../tls.h"
#include "child.h"
#include "console.h"
#include "duty.h"
#include "file.h"
#include "record.h"
#include "settings.h"

static const char kept_path[] = RECORD_FOLDER "/certificate.pem";
static const char kept_key_path[] = RECORD_FOLDER "/key.pem";

/* A preseed is 64 KiB, and so holds no more. */
enum { TEXT_SIZE = 65536, ANSWER = 3 };

static char text[TEXT_SIZE];

/* ---- in the child ---- */

/* One entry of the answer, as settings.h has them. */
static void tell(const char *key, const char *data, size_t length)
{
    dprintf(ANSWER, "%s %zu\n", key, length);
    while (length > 0) {
        ssize_t count = write(ANSWER, data, length);

        if (count <= 0)
            _exit(1);
        data += count;
        length -= (size_t)count;
    }
    dprintf(ANSWER, "\n");
}

static void tell_fingerprint(const struct tls_library *tls, const char *data, size_t length)
{
    char fingerprint[TLS_FINGERPRINT];

    if (tls->fingerprint((struct slice){data, length}, fingerprint))
        tell("fingerprint", fingerprint, strlen(fingerprint));
}

static _Noreturn void make(const struct tls_library *tls, const char *hostname, const char *address)
{
    struct buffer made = {0}, key = {0};
    char local[96];
    const char *names[] = {local, hostname, address, NULL};

    snprintf(local, sizeof local, "%s.local", hostname);
    if (!tls->issue(names, &made, &key))
        _exit(1);
    tell("certificate", made.data, made.length);
    tell("key", key.data, key.length);
    tell_fingerprint(tls, made.data, made.length);
    _exit(0);
}

/* ---- in PID 1 ---- */

static void finish(struct certificate *certificate)
{
    loop_forget(certificate->loop, certificate->answer);
    close(certificate->answer);
    certificate->answer = -1;
    explicit_bzero(text, sizeof text);
}

static bool is_text(struct span value)
{
    return value.length > 0 && !memchr(value.start, '\0', value.length);
}

/* Keeps what the child has made. What /data cannot keep is as good until the next boot. */
static void take_over(struct span made, struct span key)
{
    if (!is_text(made) || !is_text(key))
        return;
    if (try_to("keep the certificate's key", file_keep(kept_key_path, key)))
        try_to("keep the certificate", file_keep(kept_path, made));
    if (try_to("hand the certificate's key out", door_leave(CERTIFICATE_KEY_PATH, key)))
        try_to("hand the certificate out", door_leave(CERTIFICATE_PATH, made));
}

static void read_answer(struct certificate *certificate)
{
    struct span rest = {text, certificate->used}, key, value, made = {0}, made_key = {0};

    while (settings_next(&rest, &key, &value)) {
        if (span_equals(key, "certificate"))
            made = value;
        else if (span_equals(key, "key"))
            made_key = value;
        else if (span_equals(key, "fingerprint") && is_text(value))
            span_copy(value, certificate->fingerprint, sizeof certificate->fingerprint);
    }
    take_over(made, made_key);
}

static void answer_ready(void *owner)
{
    struct certificate *certificate = owner;
    size_t room = sizeof text - certificate->used;
    ssize_t count = read(certificate->answer, text + certificate->used, room);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count > 0) {
        certificate->used += (size_t)count;
        return;
    }
    read_answer(certificate);
    finish(certificate);
    if (certificate->fingerprint[0])
        certificate->ready(certificate->owner);
    else
        warn("the device's certificate cannot be used: there are no pages of its own");
}

static void hear_child(struct certificate *certificate, int error)
{
    if (error)
        certificate->child = 0;
    else
        error = loop_watch(certificate->loop, certificate->answer, POLLIN, answer_ready,
                           certificate);
    if (!try_to("hear what makes the certificate", error))
        finish(certificate);
}

/* True in the child, which answers to descriptor ANSWER; false in PID 1, which hears it from now
 * on. */
static bool fork_child(struct certificate *certificate)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        try_to("start what makes the certificate", errno);
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    certificate->used = 0;
    certificate->child = child_fork();
    if (certificate->child == 0) {
        int fds[] = {-1, 2, 2, ends[1]};

        child_keep(fds, ANSWER + 1);
        if (!child_become(POLICY_RECOVERY_UID))
            _exit(1);
        return true;
    }
    close(ends[1]);
    certificate->answer = ends[0];
    hear_child(certificate, certificate->child < 0 ? errno : 0);
    return false;
}

/* Hands out what is kept. False when there is nothing. */
static bool publish_kept(struct span *kept)
{
    static char key[TEXT_SIZE / 2];
    struct span kept_key = file_read(kept_key_path, key, sizeof key);
    bool done;

    *kept = file_read(kept_path, text, sizeof text);
    done = kept->length > 0 && kept_key.length > 0 &&
           try_to("hand the certificate's key out", door_leave(CERTIFICATE_KEY_PATH, kept_key)) &&
           try_to("hand the certificate out", door_leave(CERTIFICATE_PATH, *kept));
    explicit_bzero(key, sizeof key);
    return done;
}

void certificate_open(struct certificate *certificate, struct loop *loop, const char *hostname,
                      void (*ready)(void *), void *owner)
{
    char fault[TLS_FAULT];
    struct span kept;

    *certificate = (struct certificate){
        .loop = loop, .hostname = hostname, .answer = -1, .ready = ready, .owner = owner};
    if (publish_kept(&kept) && fork_child(certificate)) {
        tell_fingerprint(tls_library(fault), kept.start, kept.length);
        _exit(0);
    }
}

void certificate_need(struct certificate *certificate, const char *address)
{
    char fault[TLS_FAULT];

    if (!certificate->ready || certificate->fingerprint[0] || certificate->answer >= 0)
        return;
    if (fork_child(certificate))
        make(tls_library(fault), certificate->hostname, address);
}

bool certificate_reaped(struct certificate *certificate, pid_t pid)
{
    if (pid == 0 || pid != certificate->child)
        return false;
    certificate->child = 0;
    return true;
}
