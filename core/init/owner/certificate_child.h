/* What makes and judges certificates: an unprivileged child of PID 1, since OpenSSL is not to read in
 * PID 1 what others have written. It answers entries as settings.h has them: certificate, key,
 * fingerprint and names, or else a fault. */
#ifndef FAPWS4_INIT_CERTIFICATE_CHILD_H
#define FAPWS4_INIT_CERTIFICATE_CHILD_H

#include <stdbool.h>

#include "../span.h"

enum { CERTIFICATE_ANSWER = 3 }; /* the descriptor to which the answer goes */

/* Makes one for HOSTNAME.local, HOSTNAME and the address ("": none). */
_Noreturn void certificate_child_make(const char *hostname, const char *address);

/* Says what is to be known of a certificate, with its chain behind it, and its key. */
_Noreturn void certificate_child_judge(struct span certificate, struct span key);

/* In PID 1: true for the text of one that was made as above, for another host name. */
bool certificate_child_made_for_other(struct span certificate, const char *hostname);

#endif
