#include "secrets.h"

#include <monocypher.h>
#include <stdlib.h>

enum { KEY = 32, NONCE = 24, MAC = 16, SALT_LEAST = 16, DIGEST = 32 };

/* 8 MiB: a device whose memory is nearly used up still lets its owner in. */
enum { BLOCKS_MOST = 8192, PASSES_MOST = 64 };

static PyObject *argon2id(PyObject *module, PyObject *arguments)
{
    Py_buffer password, salt;
    unsigned blocks, passes;
    uint8_t hash[KEY];
    PyObject *result = NULL;
    void *work = NULL;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*II", &password, &salt, &blocks, &passes))
        return NULL;
    if (blocks < 8 || blocks > BLOCKS_MOST || passes < 1 || passes > PASSES_MOST ||
        salt.len < SALT_LEAST || salt.len > 64 || password.len > 4096) {
        PyErr_SetString(PyExc_ValueError, "not a cost, a salt or a password of this hash");
    } else if ((work = malloc((size_t)blocks * 1024)) == NULL) {
        PyErr_NoMemory();
    } else {
        crypto_argon2_config config = {CRYPTO_ARGON2_ID, blocks, passes, 1};
        crypto_argon2_inputs inputs = {password.buf, salt.buf, (uint32_t)password.len,
                                       (uint32_t)salt.len};

        Py_BEGIN_ALLOW_THREADS
        crypto_argon2(hash, sizeof hash, work, config, inputs, crypto_argon2_no_extras);
        Py_END_ALLOW_THREADS
        result = PyBytes_FromStringAndSize((const char *)hash, sizeof hash);
        crypto_wipe(hash, sizeof hash);
    }
    free(work);
    PyBuffer_Release(&password);
    PyBuffer_Release(&salt);
    return result;
}

/* The MAC, and behind it the text in its cipher. */
static PyObject *seal(PyObject *module, PyObject *arguments)
{
    Py_buffer key, nonce, head, text;
    PyObject *result = NULL;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*y*y*", &key, &nonce, &head, &text))
        return NULL;
    if (key.len != KEY || nonce.len != NONCE)
        PyErr_SetString(PyExc_ValueError, "a key has 32 bytes, a nonce 24");
    else
        result = PyBytes_FromStringAndSize(NULL, MAC + text.len);
    if (result != NULL) {
        uint8_t *out = (uint8_t *)PyBytes_AS_STRING(result);

        crypto_aead_lock(out + MAC, out, key.buf, nonce.buf, head.buf, (size_t)head.len, text.buf,
                         (size_t)text.len);
    }
    PyBuffer_Release(&key);
    PyBuffer_Release(&nonce);
    PyBuffer_Release(&head);
    PyBuffer_Release(&text);
    return result;
}

/* None when it was not made by this key, or has been changed. */
static PyObject *unseal(PyObject *module, PyObject *arguments)
{
    Py_buffer key, nonce, head, sealed;
    PyObject *result = NULL;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*y*y*", &key, &nonce, &head, &sealed))
        return NULL;
    if (key.len != KEY || nonce.len != NONCE || sealed.len < MAC)
        PyErr_SetString(PyExc_ValueError, "a key has 32 bytes, a nonce 24, what is sealed 16");
    else
        result = PyBytes_FromStringAndSize(NULL, sealed.len - MAC);
    if (result != NULL) {
        const uint8_t *in = sealed.buf;

        if (crypto_aead_unlock((uint8_t *)PyBytes_AS_STRING(result), in, key.buf, nonce.buf,
                               head.buf, (size_t)head.len, in + MAC,
                               (size_t)sealed.len - MAC) != 0) {
            Py_DECREF(result);
            result = Py_NewRef(Py_None);
        }
    }
    PyBuffer_Release(&key);
    PyBuffer_Release(&nonce);
    PyBuffer_Release(&head);
    PyBuffer_Release(&sealed);
    return result;
}

static PyObject *digest(PyObject *module, PyObject *data)
{
    uint8_t hash[DIGEST];
    Py_buffer bytes;

    (void)module;
    if (PyObject_GetBuffer(data, &bytes, PyBUF_SIMPLE) != 0)
        return NULL;
    crypto_blake2b(hash, sizeof hash, bytes.buf, (size_t)bytes.len);
    PyBuffer_Release(&bytes);
    return PyBytes_FromStringAndSize((const char *)hash, sizeof hash);
}

static PyMethodDef functions[] = {
    {"argon2id", argon2id, METH_VARARGS,
     "argon2id(password, salt, kibibytes, passes) -> bytes: the 32 bytes of Argon2id, one lane."},
    {"seal", seal, METH_VARARGS,
     "seal(key, nonce, head, text) -> bytes: XChaCha20-Poly1305; `head` is authenticated too."},
    {"unseal", unseal, METH_VARARGS,
     "unseal(key, nonce, head, sealed) -> bytes | None: what was sealed; None when it was not."},
    {"digest", digest, METH_O, "digest(data) -> bytes: the 32 bytes of BLAKE2b."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_methods = functions,
    .m_name = "_fapws4_secrets",
    .m_doc = "Passwords and sealed files, by Monocypher.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__fapws4_secrets(void)
{
    return PyModule_Create(&definition);
}
