/* One question as a client. Whether the server is the right one, who asks knows by other means. */
#include "openssl.h"

static size_t converse(SSL *ssl, struct slice question, char *answer, size_t size)
{
    size_t length = 0, count;

    if (SSL_connect(ssl) != 1 || SSL_write_ex(ssl, question.data, question.length, &count) != 1)
        return 0;
    while (length < size && SSL_read_ex(ssl, answer + length, size - length, &count) == 1)
        length += count;
    return length;
}

size_t tls_ask(int connected, struct slice question, char *answer, size_t size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = context != NULL ? SSL_new(context) : NULL;
    size_t length = 0;

    if (ssl != NULL && SSL_set_fd(ssl, connected) == 1)
        length = converse(ssl, question, answer, size);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return length;
}
