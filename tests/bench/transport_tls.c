#include "transport.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TEXT 65536 /* of one send: load.c's MAX_BATCH */

struct transport {
    int descriptor;
    SSL *tls;
};

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: ", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* The server's certificate is its own, made for the occasion: it is not verified. */
static SSL_CTX *context(void)
{
    static SSL_CTX *made;

    if (made == NULL) {
        made = SSL_CTX_new(TLS_client_method());
        if (made == NULL || SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION) != 1)
            fail("TLS");
        SSL_CTX_set_verify(made, SSL_VERIFY_NONE, NULL);
    }
    return made;
}

struct transport *transport_open(int descriptor)
{
    struct transport *transport = malloc(sizeof(*transport));

    if (transport == NULL)
        abort();
    transport->descriptor = descriptor;
    transport->tls = SSL_new(context());
    if (transport->tls == NULL || SSL_set_fd(transport->tls, descriptor) != 1 ||
        SSL_connect(transport->tls) != 1)
        fail("the TLS handshake");
    if (fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0)
        fail("O_NONBLOCK");
    return transport;
}

/* One record, as a browser sends a request. */
int transport_send(struct transport *transport, const struct iovec *parts, int count)
{
    static char text[MAX_TEXT];
    size_t size = 0, sent = 0;

    for (int i = 0; i < count && size + parts[i].iov_len <= MAX_TEXT; i++) {
        memcpy(text + size, parts[i].iov_base, parts[i].iov_len);
        size += parts[i].iov_len;
    }
    return SSL_write_ex(transport->tls, text, size, &sent) == 1 && sent == size;
}

ssize_t transport_receive(struct transport *transport, void *bytes, size_t size)
{
    size_t got = 0;

    ERR_clear_error();
    if (SSL_read_ex(transport->tls, bytes, size, &got) == 1)
        return (ssize_t)got;
    return SSL_get_error(transport->tls, 0) == SSL_ERROR_WANT_READ ? -1 : 0;
}

void transport_close(struct transport *transport)
{
    SSL_free(transport->tls);
    close(transport->descriptor);
    free(transport);
}
