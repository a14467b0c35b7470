#include "protection.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/ssl3.h>

#include <endian.h>
#include <string.h>

struct suite {
    unsigned number; /* of IANA */
    const EVP_CIPHER *(*cipher)(void);
    const EVP_MD *(*digest)(void);
    unsigned char key_length, digest_length;
};

static const struct suite suites[] = {
    {0x1301, EVP_aes_128_gcm, EVP_sha256, 16, 32},
    {0x1302, EVP_aes_256_gcm, EVP_sha384, 32, 48},
    {0x1303, EVP_chacha20_poly1305, EVP_sha256, 32, 32},
};

static const struct suite *find_suite(unsigned number)
{
    for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
        if (suites[i].number == number)
            return &suites[i];
    return NULL;
}

/* ---- keys ---- */

/* HKDF-Expand-Label with an empty context (RFC 8446, 7.1). Nothing that is wanted here is longer than
 * the digest, so that the first block of HKDF-Expand (RFC 5869, 2.3) is all of it. */
static bool expand(const struct protection *protection, const char *label, unsigned char *result,
                   size_t length)
{
    static const char prefix[] = "tls13 ";
    const size_t prefix_length = sizeof(prefix) - 1, label_length = strlen(label);
    unsigned char info[32], block[EVP_MAX_MD_SIZE];
    size_t at = 0;
    bool made;

    info[at++] = 0;
    info[at++] = (unsigned char)length;
    info[at++] = (unsigned char)(prefix_length + label_length);
    memcpy(info + at, prefix, prefix_length);
    memcpy(info + at + prefix_length, label, label_length);
    at += prefix_length + label_length;
    info[at++] = 0; /* the context */
    info[at++] = 1; /* the block */
    made = HMAC(protection->suite->digest(), protection->secret, protection->secret_length, info, at,
                block, NULL) != NULL;
    if (made)
        memcpy(result, block, length);
    OPENSSL_cleanse(block, sizeof(block));
    return made;
}

/* `direction`: 1 encrypts, 0 decrypts, -1 as before. */
static bool set_keys(struct protection *protection, int direction)
{
    const struct suite *suite = protection->suite;
    unsigned char key[EVP_MAX_KEY_LENGTH];
    bool set = expand(protection, "key", key, suite->key_length) &&
               expand(protection, "iv", protection->iv, NONCE_SIZE) &&
               EVP_CipherInit_ex2(protection->cipher, direction < 0 ? NULL : suite->cipher(), key,
                                  NULL, direction, NULL) == 1;

    OPENSSL_cleanse(key, sizeof(key));
    return set;
}

bool protection_begin(struct protection *protection, unsigned suite, bool encrypts)
{
    protection->suite = find_suite(suite);
    if (protection->suite == NULL || protection->secret_length != protection->suite->digest_length)
        return false;
    protection->cipher = EVP_CIPHER_CTX_new();
    return protection->cipher != NULL && set_keys(protection, encrypts);
}

bool protection_advance(struct protection *protection)
{
    unsigned char next[SECRET_MOST];
    bool made = expand(protection, "traffic upd", next, protection->secret_length);

    if (made)
        memcpy(protection->secret, next, protection->secret_length);
    OPENSSL_cleanse(next, sizeof(next));
    protection->sequence = 0;
    return made && set_keys(protection, -1);
}

void protection_finish(struct protection *protection)
{
    EVP_CIPHER_CTX_free(protection->cipher);
    OPENSSL_cleanse(protection, sizeof(*protection));
}

/* ---- records ---- */

/* The number of the record is in the nonce (RFC 8446, 5.3), and the header is authenticated. */
static bool begin_record(struct protection *protection, const unsigned char *header)
{
    unsigned char nonce[NONCE_SIZE];
    uint64_t low;
    int length;

    memcpy(nonce, protection->iv, NONCE_SIZE);
    memcpy(&low, nonce + NONCE_SIZE - sizeof(low), sizeof(low));
    low ^= htobe64(protection->sequence++);
    memcpy(nonce + NONCE_SIZE - sizeof(low), &low, sizeof(low));
    return EVP_CipherInit_ex2(protection->cipher, NULL, NULL, nonce, -1, NULL) == 1 &&
           EVP_CipherUpdate(protection->cipher, NULL, &length, header, RECORD_HEADER) == 1;
}

static bool convert(struct protection *protection, unsigned char *result, const unsigned char *text,
                    size_t count)
{
    int length;

    return count == 0 ||
           EVP_CipherUpdate(protection->cipher, result, &length, text, (int)count) == 1;
}

/* What EVP_CIPHER_CTX_ctrl would make for every call. */
static OSSL_PARAM tag_parameter(unsigned char *tag)
{
    return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, RECORD_TAG);
}

bool protection_seal(struct protection *protection, unsigned char *record, size_t inner)
{
    unsigned char *text = record + RECORD_HEADER, nothing[RECORD_TAG];
    OSSL_PARAM tag[] = {tag_parameter(text + inner), OSSL_PARAM_END};
    size_t length = inner + RECORD_TAG;
    int more;

    record[0] = SSL3_RT_APPLICATION_DATA;
    record[1] = 3; /* as all versions since 1.2 */
    record[2] = 3;
    record[3] = (unsigned char)(length >> 8);
    record[4] = (unsigned char)length;
    return begin_record(protection, record) && convert(protection, text, text, inner) &&
           EVP_CipherFinal_ex(protection->cipher, nothing, &more) == 1 &&
           EVP_CIPHER_CTX_get_params(protection->cipher, tag) == 1;
}

bool protection_open(struct protection *protection, const unsigned char *record, size_t inner,
                     unsigned char *first, size_t count, unsigned char *rest)
{
    const unsigned char *text = record + RECORD_HEADER;
    unsigned char nothing[RECORD_TAG];
    OSSL_PARAM tag[] = {tag_parameter((unsigned char *)text + inner), OSSL_PARAM_END};
    int more;

    return begin_record(protection, record) &&
           EVP_CIPHER_CTX_set_params(protection->cipher, tag) == 1 &&
           convert(protection, first, text, count) &&
           convert(protection, rest, text + count, inner - count) &&
           EVP_CipherFinal_ex(protection->cipher, nothing, &more) == 1;
}
