/* A certificate that a device makes for itself: nobody vouches for it, so that people compare its
 * fingerprint, once. */
#include "openssl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdio.h>

/* A device without a clock wakes up in 1970, and one that works must not stop some day. The end is
 * what RFC 5280 (4.1.2.5) has for a certificate that has none. */
static const char first_day[] = "19700101000000Z";
static const char last_day[] = "99991231235959Z";

enum { SERIAL_SIZE = 16 };

/* An address if it can be one, else a name. */
static GENERAL_NAME *general_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    ASN1_IA5STRING *label = address == NULL ? ASN1_IA5STRING_new() : NULL;

    if (name != NULL && address != NULL) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        return name;
    }
    if (name != NULL && label != NULL && ASN1_STRING_set(label, text, -1) == 1) {
        GENERAL_NAME_set0_value(name, GEN_DNS, label);
        return name;
    }
    ASN1_OCTET_STRING_free(address);
    ASN1_IA5STRING_free(label);
    GENERAL_NAME_free(name);
    return NULL;
}

static bool add_names(X509 *certificate, const char *const *names)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    bool added = all != NULL;

    for (; added && *names != NULL; names++) {
        GENERAL_NAME *name = general_name(*names);

        added = name != NULL && sk_GENERAL_NAME_push(all, name) > 0;
        if (!added)
            GENERAL_NAME_free(name);
    }
    added = added && X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0) == 1;
    GENERAL_NAMES_free(all);
    return added;
}

/* No authority, and for servers only. */
static bool add_limits(X509 *certificate)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
    bool added = constraints != NULL && usage != NULL &&
                 X509_add1_ext_i2d(certificate, NID_basic_constraints, constraints, 1, 0) == 1 &&
                 sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth)) > 0 &&
                 X509_add1_ext_i2d(certificate, NID_ext_key_usage, usage, 0, 0) == 1;

    BASIC_CONSTRAINTS_free(constraints);
    EXTENDED_KEY_USAGE_free(usage);
    return added;
}

/* Browsers take two certificates of one issuer with one number for an attack. */
static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_SIZE];
    BIGNUM *number = RAND_bytes(bytes, sizeof(bytes)) == 1 ? BN_new() : NULL;
    bool set;

    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and always of this length */
    set = number != NULL && BN_bin2bn(bytes, sizeof(bytes), number) != NULL &&
          BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return set;
}

static bool set_subject(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *const *names)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), first_day) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), last_day) == 1 &&
           set_subject(certificate, names[0]) && X509_set_pubkey(certificate, key) == 1 &&
           add_limits(certificate) && add_names(certificate, names) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* Takes over what was written, and frees it. */
static bool take(BIO *written, struct buffer *text)
{
    char *data;
    long length = written != NULL ? BIO_get_mem_data(written, &data) : 0;

    if (length > 0)
        buffer_append(text, data, (size_t)length);
    BIO_free(written);
    return length > 0 && !text->failed;
}

static bool write_both(X509 *certificate, EVP_PKEY *key, struct buffer *certificate_text,
                       struct buffer *key_text)
{
    BIO *first = BIO_new(BIO_s_mem()), *second = BIO_new(BIO_s_mem());
    bool written = first != NULL && second != NULL && PEM_write_bio_X509(first, certificate) == 1 &&
                   PEM_write_bio_PrivateKey(second, key, NULL, NULL, 0, NULL, NULL) == 1;
    bool taken = take(first, certificate_text);

    return take(second, key_text) && taken && written;
}

bool tls_issue(const char *const *names, struct buffer *certificate_text, struct buffer *key_text)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    bool made = key != NULL && certificate != NULL && fill(certificate, key, names) &&
                write_both(certificate, key, certificate_text, key_text);

    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}
