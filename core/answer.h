/* What a handler returned or raised, as a response. */
#ifndef FAPWS4_ANSWER_H
#define FAPWS4_ANSWER_H

#include "reply.h"
#include "request.h"
#include "start_response.h"
#include "subject.h"
#include "threaded.h"

/* What the last response's body lies in; used again. Zeroed is valid. */
struct answer {
    PyObject *held;
    struct buffer joined;
    bool shows_tracebacks; /* to the client */
};

/* A handler's result, whose reference is taken over. Sets `*reply` unless response->whole. 0, or -1
 * with an error set. */
int answer_with(struct answer *answer, struct start_response *start, PyObject *result,
                struct subject *subject, struct response *response, struct reply **reply);

/* What a thread made of an iterable: the rest of the body is in the job's channel, unless
 * response->whole. 0, or -1 with an error set. */
int answer_outcome(struct answer *answer, struct start_response *start,
                   const struct outcome *outcome, struct response *response);

/* 500 for the error that is set, which is logged and cleared; response->excuse instead if that is set
 * and the error an OSError. */
void answer_failure(struct answer *answer, struct subject *subject, struct response *response);

/* The response has been written. */
void answer_settle(struct answer *answer);

/* Frees the memory. */
void answer_finish(struct answer *answer);

#endif
