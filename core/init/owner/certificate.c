#include "certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certificate_child.h"
#include "../child.h"
#include "../log/console.h"
#include "../duty.h"
#include "../file.h"
#include "memory_file.h"
#include "../log/record.h"
#include "../settings.h"

static const char kept_path[] = RECORD_FOLDER "/certificate.pem";
static const char kept_key_path[] = RECORD_FOLDER "/key.pem";

/* A preseed is 64 KiB, and so holds no more. */
enum { TEXT_SIZE = 65536 };

static char text[TEXT_SIZE];

/* What a child has said: an entry that it has left out is empty. */
struct judgement {
    struct span certificate, key, fingerprint, names, fault;
};

static bool is_text(struct span value)
{
    return value.length > 0 && !memchr(value.start, '\0', value.length);
}

static struct judgement read_judgement(struct span rest)
{
    struct judgement judgement = {0};
    struct {
        const char *key;
        struct span *value;
    } entries[] = {{"certificate", &judgement.certificate},
                   {"key", &judgement.key},
                   {"fingerprint", &judgement.fingerprint},
                   {"names", &judgement.names},
                   {"fault", &judgement.fault}};
    struct span key, value;

    while (settings_next(&rest, &key, &value))
        for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
            if (span_equals(key, entries[i].key) && is_text(value))
                *entries[i].value = value;
    return judgement;
}

/* ---- what comes of it ---- */

/* What /data cannot keep is as good until the next boot. The key first: an old certificate with a new
 * key, which a cut may leave, is no pair, and then another one is made. */
static void keep(const struct judgement *judgement)
{
    if (try_to("keep the certificate's key", file_keep(kept_key_path, judgement->key)))
        try_to("keep the certificate", file_keep(kept_path, judgement->certificate));
}

static void hand_out(struct certificate *certificate, const struct judgement *judgement)
{
    struct span both[] = {judgement->certificate, span_of("\n"), judgement->key};

    if (try_to("hand the certificate's key out", door_leave(CERTIFICATE_KEY_PATH, judgement->key)))
        try_to("hand the certificate out", door_leave(CERTIFICATE_PATH, judgement->certificate));
    try_to("hand the certificate to the app", memory_file_fill(&certificate->both, both, 3));
}

static void make(struct certificate *certificate);

static void take_over(struct certificate *certificate, const struct judgement *judgement)
{
    if (certificate->origin != CERTIFICATE_KEPT)
        keep(judgement);
    hand_out(certificate, judgement);
    span_copy(judgement->fingerprint, certificate->fingerprint, sizeof certificate->fingerprint);
    span_copy(judgement->names, certificate->names, sizeof certificate->names);
}

static void tell_fault(struct certificate *certificate, struct span fault)
{
    if (fault.length == 0)
        fault = span_of("what looked at it has failed");
    if (certificate->origin == CERTIFICATE_GIVEN)
        snprintf(certificate->fault, sizeof certificate->fault, "%.*s", (int)fault.length,
                 fault.start);
    else if (certificate->origin == CERTIFICATE_KEPT)
        warn("the certificate that was kept cannot be used (%.*s): another one is made",
             (int)fault.length, fault.start);
    else
        warn("no certificate could be made: nothing is served by https");
}

static void finish(struct certificate *certificate)
{
    loop_forget(certificate->loop, certificate->answer);
    close(certificate->answer);
    certificate->answer = -1;
    explicit_bzero(text, sizeof text);
}

static void end_answer(struct certificate *certificate)
{
    struct judgement judgement = read_judgement((struct span){text, certificate->used});
    bool sound = judgement.certificate.length && judgement.key.length && judgement.fingerprint.length;

    if (sound)
        take_over(certificate, &judgement);
    else
        tell_fault(certificate, judgement.fault);
    finish(certificate);
    if (sound)
        certificate->changed(certificate->owner);
    else if (certificate->origin == CERTIFICATE_KEPT)
        make(certificate);
}

static void answer_ready(void *owner)
{
    struct certificate *certificate = owner;
    size_t room = sizeof text - certificate->used;
    ssize_t count = read(certificate->answer, text + certificate->used, room);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count > 0)
        certificate->used += (size_t)count;
    else
        end_answer(certificate);
}

/* ---- children ---- */

static void hear_child(struct certificate *certificate, int error)
{
    if (error)
        certificate->child = 0;
    else
        error = loop_watch(certificate->loop, certificate->answer, POLLIN, answer_ready,
                           certificate);
    if (!try_to("hear what looks at the certificate", error))
        finish(certificate);
}

/* True in the child, which answers on its descriptor CERTIFICATE_ANSWER; false in PID 1, which hears
 * it from now on. */
static bool fork_child(struct certificate *certificate, enum certificate_origin origin)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        try_to("start what looks at the certificate", errno);
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    certificate->origin = origin;
    certificate->used = 0;
    certificate->child = child_fork();
    if (certificate->child == 0) {
        int fds[] = {-1, 2, 2, ends[1]};

        child_keep(fds, CERTIFICATE_ANSWER + 1);
        if (!child_become(POLICY_RECOVERY_UID))
            _exit(1);
        return true;
    }
    close(ends[1]);
    certificate->answer = ends[0];
    hear_child(certificate, certificate->child < 0 ? errno : 0);
    return false;
}

/* Once there is an address, or no hope of one. */
static void make(struct certificate *certificate)
{
    if (certificate->fingerprint[0] || certificate_is_busy(certificate) ||
        (!certificate->address[0] && !certificate->impatient))
        return;
    if (fork_child(certificate, CERTIFICATE_MADE))
        certificate_child_make(certificate->hostname, certificate->address);
}

/* False when there is nothing, or what the device has made under another name. */
static bool judge_kept(struct certificate *certificate)
{
    static char key[TEXT_SIZE / 2];
    struct span kept_key = file_read(kept_key_path, key, sizeof key);
    struct span kept = file_read(kept_path, text, sizeof text);
    bool is_there = kept.length > 0 && kept_key.length > 0 &&
                    !certificate_child_made_for_other(kept, certificate->hostname);

    if (is_there && fork_child(certificate, CERTIFICATE_KEPT))
        certificate_child_judge(kept, kept_key);
    explicit_bzero(key, sizeof key);
    return is_there;
}

static void patience_fired(void *owner)
{
    struct certificate *certificate = owner;

    certificate->impatient = true;
    make(certificate);
}

void certificate_open(struct certificate *certificate, struct loop *loop, const char *hostname,
                      bool hasty, void (*changed)(void *), void *owner)
{
    *certificate = (struct certificate){.loop = loop,
                                        .hostname = hostname,
                                        .answer = -1,
                                        .both = -1,
                                        .changed = changed,
                                        .owner = owner};
    certificate->patience = (struct timer){.fired = patience_fired, .owner = certificate};
    if (!judge_kept(certificate) && hasty)
        loop_set(loop, &certificate->patience, POLICY_CERTIFICATE_WAIT);
}

void certificate_need(struct certificate *certificate, const char *address)
{
    if (!certificate->loop)
        return;
    if (!certificate->address[0])
        span_copy(span_of(address), certificate->address, sizeof certificate->address);
    make(certificate);
}

bool certificate_give(struct certificate *certificate, struct span given, struct span key)
{
    if (!certificate->loop || certificate_is_busy(certificate))
        return false;
    certificate->fault[0] = '\0';
    if (fork_child(certificate, CERTIFICATE_GIVEN))
        certificate_child_judge(given, key);
    return true;
}

bool certificate_is_busy(const struct certificate *certificate)
{
    return certificate->answer >= 0;
}

bool certificate_reaped(struct certificate *certificate, pid_t pid)
{
    if (pid == 0 || pid != certificate->child)
        return false;
    certificate->child = 0;
    return true;
}
