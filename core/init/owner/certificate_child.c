#include "certificate_child.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../tls.h"

/* Before the first line of PEM, where everybody passes it over (RFC 7468, 2): by it the device knows
 * what it has made itself, and under which name. */
static const char made_for[] = "Made by this device for ";

/* One entry of the answer. */
static void tell(const char *key, const char *data, size_t length)
{
    dprintf(CERTIFICATE_ANSWER, "%s %zu\n", key, length);
    while (length > 0) {
        ssize_t count = write(CERTIFICATE_ANSWER, data, length);

        if (count <= 0)
            _exit(1);
        data += count;
        length -= (size_t)count;
    }
    dprintf(CERTIFICATE_ANSWER, "\n");
}

static _Noreturn void fail(const char *fault)
{
    tell("fault", fault, strlen(fault));
    _exit(1);
}

static const struct tls_library *library(void)
{
    static char fault[TLS_FAULT];
    const struct tls_library *tls = tls_library(fault);

    if (!tls)
        fail(fault);
    return tls;
}

static _Noreturn void tell_all(const struct tls_library *tls, struct slice certificate,
                               struct slice key)
{
    char fingerprint[TLS_FINGERPRINT];
    struct buffer names = {0};

    if (!tls->fingerprint(certificate, fingerprint))
        fail("it has no fingerprint");
    tls->names(certificate, &names);
    tell("certificate", certificate.data, certificate.length);
    tell("key", key.data, key.length);
    tell("names", names.data, names.length);
    tell("fingerprint", fingerprint, strlen(fingerprint));
    _exit(0);
}

_Noreturn void certificate_child_make(const char *hostname, const char *address)
{
    const struct tls_library *tls = library();
    struct buffer made = {0}, key = {0};
    char local[96];
    const char *names[] = {local, hostname, address[0] ? address : NULL, NULL};

    snprintf(local, sizeof local, "%s.local", hostname);
    buffer_append_slice(&made, slice_of(made_for));
    buffer_append_slice(&made, slice_of(hostname));
    buffer_append_slice(&made, SLICE("\n"));
    if (!tls->issue(names, &made, &key))
        fail("OpenSSL makes none");
    tell_all(tls, (struct slice){made.data, made.length}, (struct slice){key.data, key.length});
}

_Noreturn void certificate_child_judge(struct span certificate, struct span key)
{
    const struct tls_library *tls = library();
    struct tls_pair pair = {"certificate",
                            "key",
                            {certificate.start, certificate.length},
                            {key.start, key.length}};
    char fault[TLS_FAULT];

    if (!tls->load(&pair, fault))
        fail(fault);
    tell_all(tls, pair.certificate, pair.key);
}

bool certificate_child_made_for_other(struct span certificate, const char *hostname)
{
    struct span name;

    return span_skip(&certificate, made_for) && span_next_line(&certificate, &name) &&
           !span_equals(name, hostname);
}
