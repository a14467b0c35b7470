/* The table by which the rest of the program reaches these files. */
#include "openssl.h"

const struct tls_library tls_openssl = {
    tls_load,        tls_unload, tls_begin,     tls_end,   tls_keep_memory,
    tls_give_memory, tls_read,   tls_complaint, tls_write, tls_farewell,
    tls_issue,       tls_fingerprint, tls_names, tls_ask,
};
