/* What a handler returned, as bytes: str, bytes, lists and tuples of them and None at once; files
 * and iterables piece by piece; a Stream, and what a thread makes of an iterable, when it comes. */
#ifndef FAPWS4_REPLY_H
#define FAPWS4_REPLY_H

#include "response.h"
#include "subject.h"

#include <Python.h>

struct channel;
struct job;
struct reply;

/* A body that is complete as it is. `joined` takes a body of several parts. 1: response->body is
 * set and lies in `result` or `joined`, and response->whole is true; 0: the result is produced
 * piece by piece; -1: an error is set. `strict`: only bytes (PEP 3333). */
int reply_whole(PyObject *result, bool strict, struct buffer *joined, struct response *response);

/* Names that are looked up in what handlers return. 0, or -1 with an error set. */
int reply_init(void);
void reply_finish(void);

/* True for what reply_whole is done with at once, and for a Stream. */
bool reply_is_immediate(PyObject *result);

/* Begins a body that comes in pieces; `subject` names the request in the log. NULL with an error set
 * when the result is neither a file nor iterable; its close() has been called then. */
struct reply *reply_create(PyObject *result, bool strict, const struct subject *subject);

/* The request and the visitor of the subject will be gone: 0, or -1 with an error set. */
int reply_outlive(struct reply *reply);

/* A reply that a thread makes; takes over the connection's reference to the job. NULL with an error
 * set, the job is left then. */
struct reply *reply_of_job(struct job *job);

/* The job of such a reply, else NULL. */
struct job *reply_job(const struct reply *reply);

/* The Stream of a held reply (borrowed), else NULL. */
PyObject *reply_stream(const struct reply *reply);

/* Where to watch for more after LATER. */
struct channel *reply_channel(const struct reply *reply);

/* Calls the close() of what the handler returned. NULL is legal. */
void reply_destroy(struct reply *reply);

/* Takes the next piece, valid until the next call: MORE with a piece, DONE without one, BROKEN with
 * an error set; LATER only from a Stream or a job, whose BROKEN has no error (it is logged). */
enum writing reply_next(struct reply *reply, struct slice *piece);

/* Logs the error that is set, and clears it. */
void reply_report(struct reply *reply);

/* True when the last piece was str. */
bool reply_is_text(const struct reply *reply);

/* Where what is left of a regular file lies, that nobody reads but its read(); false for everything
 * else, and when nothing is left. */
bool reply_file(const struct reply *reply, struct file_part *part);

#endif
