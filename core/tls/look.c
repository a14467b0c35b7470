/* What there is to know of a certificate that somebody else has made. */
#include "openssl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>

static X509 *first_of(struct slice text)
{
    BIO *source = BIO_new_mem_buf(text.length > 0 ? text.data : "", (int)text.length);
    X509 *certificate = source != NULL ? PEM_read_bio_X509(source, NULL, NULL, NULL) : NULL;

    BIO_free(source);
    return certificate;
}

bool tls_fingerprint(struct slice certificate_text, char text[TLS_FINGERPRINT])
{
    X509 *certificate = first_of(certificate_text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    bool read = certificate != NULL &&
                X509_digest(certificate, EVP_sha256(), digest, &length) == 1;

    for (unsigned i = 0; read && i < length; i++)
        snprintf(text + 3 * (size_t)i, 4, i + 1 < length ? "%02X:" : "%02X", digest[i]);
    X509_free(certificate);
    return read;
}

static void append_name(const ASN1_IA5STRING *name, struct buffer *names)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*";
    const char *text = (const char *)ASN1_STRING_get0_data(name);
    size_t length = (size_t)ASN1_STRING_length(name);

    for (size_t i = 0; i < length; i++)
        if (memchr(allowed, text[i], sizeof(allowed) - 1) == NULL)
            return;
    buffer_append(names, text, length);
    buffer_append(names, " ", 1);
}

void tls_names(struct slice certificate_text, struct buffer *names)
{
    X509 *certificate = first_of(certificate_text);
    GENERAL_NAMES *all =
        certificate != NULL ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL) : NULL;

    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

        if (name->type == GEN_DNS)
            append_name(name->d.dNSName, names);
    }
    GENERAL_NAMES_free(all);
    X509_free(certificate);
}
