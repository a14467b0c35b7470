/* _fapws4.Stream: the body of a held reply. A handler returns one, and anything writes to it later.
 */
#ifndef FAPWS4_STREAM_H
#define FAPWS4_STREAM_H

#include "channel.h"

#include <Python.h>

extern PyTypeObject stream_type;

/* Notes that a response has taken it. 0, or -1 with an error set when another one has. */
int stream_take(PyObject *stream);

/* As channel_read; an app that was told to wait is called when everything is on its way. */
enum writing stream_read(PyObject *stream, struct slice *piece);

/* Where news of the stream are watched. */
struct channel *stream_channel(PyObject *stream);

/* The client has gone; the app is told, unless it had closed the stream. */
void stream_leave(PyObject *stream);

/* The server stops: the body ends here, and the app is told as if the client had gone. */
void stream_end(PyObject *stream);

#endif
