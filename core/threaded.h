/* A handler's call on a thread. Its head waits in the job, its body in the job's channel. */
#ifndef FAPWS4_THREADED_H
#define FAPWS4_THREADED_H

#include "channel.h"
#include "start_response.h"

struct job;

/* What the loop's thread takes over when the handler has returned. References of the job's own. */
struct outcome {
    bool failed;            /* the exception is set again by job_outcome */
    PyObject *result;       /* a whole body or a Stream; NULL when it comes in pieces */
    struct slice first;     /* the first piece, valid as long as the job */
    bool ended;             /* there is no piece at all */
    bool is_text;
    long long size;         /* of a file, or -1 */
};

/* Has `callable` called with these arguments on a thread; `what` (str) names the request in the
 * log. One reference, which job_leave lets go of; NULL with an error set. */
struct job *job_create(PyObject *callable, PyObject *env, struct start_response *start,
                       PyObject *what);

/* False while the handler has not returned, or its iterator not given the first piece. True: the
 * outcome is filled, with an error set when it failed. */
bool job_outcome(struct job *job, struct outcome *outcome);

/* The arguments of the call; borrowed. */
struct start_response *job_start(const struct job *job);
PyObject *job_what(const struct job *job);

/* Where the pieces behind the first come from, and where news of the job are watched. */
struct channel *job_channel(const struct job *job);

/* The client has gone or has all: a body that is being produced is given up. */
void job_leave(struct job *job);

#endif
