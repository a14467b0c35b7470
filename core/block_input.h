/* _fapws4.BlockInput: a request body that is not in memory, as the file object `wsgi.input` of PEP
 * 3333. It comes block by block, from a file or, as it arrives, from the client. */
#ifndef FAPWS4_BLOCK_INPUT_H
#define FAPWS4_BLOCK_INPUT_H

#include "request.h"

#include <Python.h>

extern PyTypeObject block_input_type;

/* The body of a request that has a spool or an upload. New reference, NULL with an error set. */
PyObject *block_input_create(const struct request *request);

/* All `size` bytes of a body in a file. The same. */
PyObject *block_input_whole(const struct spool *spool, size_t size);

#endif
