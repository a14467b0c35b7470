/* What is noted of requests while they are answered, for those who ask for it: the access log, the
 * profile and the traces of DEBUG. Without any of them there is no journal, and nothing is kept. */
#ifndef FAPWS4_JOURNAL_H
#define FAPWS4_JOURNAL_H

#include "access_log.h"
#include "profile.h"
#include "request.h"

struct journal {
    struct access_log *access_log; /* or NULL */
    struct profile *profile;       /* or NULL */
    int traces;                    /* DEBUG: from 2 on requests, from 3 on reads and writes */
    const struct router *router;
};

/* The requests of one connection whose responses are not on their way yet. */
struct account;

/* A request begins. `refused`: all that is known for sure is its first line, in `input`, unless it
 * is refused for its body. Creates the account when there is none. */
void journal_begin(struct journal *journal, struct account **account, const struct peer *peer,
                   const struct request *request, const struct input *input, bool refused);

/* Its response has a status, and a body from `start` of what is gathered for the connection. */
void journal_head(struct account *account, int status, size_t start);

/* Its response ends at `end` of what is gathered. */
void journal_end(struct account *account, size_t end);

/* `length` gathered bytes were handed over, of all so far `queued` wait. */
void journal_sent(struct journal *journal, struct account *account, const struct peer *peer,
                  size_t length, size_t queued);

/* The connection ends: what is not on its way will not be. Frees the account; NULL is legal. */
void journal_close(struct journal *journal, struct account **account, const struct peer *peer,
                   size_t queued);

/* One line on stderr that names the client. */
void journal_trace(const struct peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
