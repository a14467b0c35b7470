"""The pure C files under AddressSanitizer, called from Python through cffi."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.build import pure_core

DECLARATIONS = """
void *malloc(size_t size);
void free(void *memory);

struct slice { const char *data; size_t length; };
struct buffer { char *data; size_t length; size_t capacity; bool failed; };
bool slice_is(struct slice slice, struct slice lower_case);
struct slice slice_trim(struct slice slice);
void buffer_append_hex(struct buffer *buffer, unsigned long long number);
void buffer_append_slice(struct buffer *buffer, struct slice slice);
void buffer_consume(struct buffer *buffer, size_t count);
void buffer_finish(struct buffer *buffer);

const char *status_reason(int code);
bool status_has_body(int code);

struct address { bool is_unix; bool is_v6; bool is_secure; char host[108]; int port; };
extern struct address address_default;
bool address_parse(const char *text, const struct address *defaults, struct address *address);
void address_text(const struct address *address, char *text);

struct banner { size_t server_length; size_t length; char text[80]; ...; };
void banner_update(struct banner *banner, long now);

struct options {
    const char *app, *module, *server, *access_log, *user, *chroot, *certificate, *key; int workers, umask;
    bool reload, import_time, check, help, version; int word_count; char **words; const char *fault, *why;
};
bool options_parse(int argc, char **argv, bool frozen, struct options *options);

struct target { struct slice authority, raw_path, query; bool encoded, asterisk; };
bool target_parse(struct slice text, struct target *target);
struct slice target_decode(struct slice path, char *decoded);
bool host_is_valid(struct slice host);

struct router { size_t count; ...; };
bool router_add(struct router *router, struct slice prefix, bool segments);
bool router_index(struct router *router);
int router_find(const struct router *router, struct slice path);
bool router_names(const struct router *router, struct slice prefix);
void router_finish(struct router *router);

struct request_fields { struct slice host; bool keep_alive, chunked; ...; };
enum progress { WAITING, READY, REFUSED };
struct input { char *data; size_t length; bool ended; };
struct intake { bool owes_continue; size_t scanned; ...; };
struct phr_header { const char *name; size_t name_len; const char *value; size_t value_len; };
struct request {
    struct slice method, text, path, head, body; struct target target; struct request_fields fields; int minor_version;
    size_t consumed; int refusal; size_t header_count; const struct phr_header *headers; const struct block *block; ...;
};
enum progress intake_head(struct request *request, struct intake *intake, struct input *input);
enum progress intake_body(struct request *request, struct intake *intake, struct input *input, uint64_t limit);

enum writing { MORE, LATER, DONE, BROKEN };
struct framing { uint64_t left; ...; };
struct response {
    int status; struct buffer fields; struct slice body, tail; bool whole, keep_alive, is_text, has_length;
    uint64_t length; struct framing framing; ...;
};
void response_reset(struct response *response, const struct request *request);
bool response_status(struct response *response, struct slice text);
bool response_field(struct response *response, struct slice name, struct slice value);
void response_plain(struct response *response, int status, const char *text);
void response_refuse(struct response *response, int status);
void response_begin(struct response *response, const struct banner *banner, struct buffer *output);
enum writing response_chunk(struct framing *framing, struct slice piece, struct buffer *output);
enum writing response_end(struct framing *framing, struct buffer *output);
void response_finish(struct response *response);
"""


@pytest.fixture(scope="session", autouse=True)
def sanitizer() -> None:
    """AddressSanitizer is in this process, and is not handed on: gpgv, which apt starts, hangs with it."""
    os.environ.pop("LD_PRELOAD", None)
    if "libasan" not in Path("/proc/self/maps").read_text():
        pytest.fail(
            "tests/core needs AddressSanitizer in the interpreter; run: LD_PRELOAD=$(gcc -print-file-name=libasan.so) "
            "ASAN_OPTIONS=detect_leaks=0 pytest tests/core",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def core() -> ModuleType:
    """The compiled module: `core.lib` has the functions, `core.ffi` makes C values."""
    return pure_core(DECLARATIONS)
