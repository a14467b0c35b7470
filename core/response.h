/* One HTTP/1.1 response as bytes (RFC 9112 section 6). The handler says status, fields and body;
 * how the message is framed and whether the connection is kept is decided here. */
#ifndef FAPWS4_RESPONSE_H
#define FAPWS4_RESPONSE_H

#include "banner.h"
#include "request.h"

/* The answers of every stage that writes. */
enum writing {
    MORE,  /* there is more to come */
    LATER, /* there is more to come, but not now */
    DONE,  /* the message is complete */
    BROKEN /* it cannot be completed: the connection must be closed for the client to notice */
};

/* How the client finds the end of the body, and what of it is still to come. */
struct framing {
    enum { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE } kind;
    uint64_t left; /* FRAMING_LENGTH: bytes still owed */
};

/* A part of an open regular file; the descriptor's own position is neither used nor changed. */
struct file_part {
    int descriptor;
    uint64_t offset, left; /* bytes; none left: there is no file */
};

/* What an answer with a file depends on, so that it can be given again: see file_cache.h. */
enum { OFFER_NAMES = 3 };

struct offer {
    bool made;
    unsigned count;
    struct slice names[OFFER_NAMES]; /* paths, valid until the handler is settled */
};

/* What a request asks of the form of its response. */
struct terms {
    bool keep_alive;
    bool is_head;
    int minor_version;
};

/* What the server has understood of a handler's status and fields. */
struct spoken {
    struct slice lines; /* "200 OK\r\nName: value\r\n..." */
    uint64_t length;
    int status;
    bool has_date, has_server, has_content_type, has_length;
};

struct response {
    int status;
    struct buffer fields;        /* "200 OK\r\nName: value\r\n...", as the handler gave them */
    struct slice body;           /* the first piece, valid until the handler is called again */
    struct file_part file;       /* where the body lies instead */
    struct offer offer;
    bool whole;                  /* nothing follows `body` */
    bool later;                  /* the handler has not answered yet */
    int excuse;                  /* the status when the handler fails because its client did; or 0 */
    bool keep_alive;             /* starts as what the client wants */
    bool is_text;                /* the body was str: it gets a Content-Type if it has none */
    bool has_date, has_server, has_content_type;
    bool has_length;
    uint64_t length;             /* Content-Length as the handler gave it */
    bool is_head;                /* the request was HEAD: fields only */
    int minor_version;           /* of the request */
    struct framing framing;      /* set by response_begin */
    struct slice tail;           /* set by response_begin: to be written behind its output */
    size_t body_at;              /* set by response_begin: where in its output the body begins */
};

/* Ready for the answer to `request`; keeps the memory of `fields`. */
void response_reset(struct response *response, const struct request *request);

/* The same for a request that is gone but for its terms. */
void response_renew(struct response *response, struct terms terms);

/* The terms that response_reset has found. */
struct terms response_terms(const struct response *response);

/* The status line: code, a space and a reason; both come from one text like "404 Not Found", whose
 * reason may be missing. Call it first. False when the text is no status of 200 to 999 or has
 * control bytes. */
bool response_status(struct response *response, struct slice text);

/* One field, the name a token, the value without CR, LF and NUL; false otherwise, or when it is a
 * Content-Length that is no number or a second one. Fields that belong to the connection
 * (Connection, Keep-Alive, Transfer-Encoding, Upgrade, ...) are the server's: "Connection: close"
 * is obeyed, the rest of them is dropped. */
bool response_field(struct response *response, struct slice name, struct slice value);

/* What was made of status and fields so far; `lines` is valid until more is said. */
struct spoken response_spoken(const struct response *response);

/* Says the same again, instead of status and fields. The caller sees to it that `spoken` did not end the
 * connection. */
void response_repeat(struct response *response, const struct spoken *spoken);

/* A complete small response of the server's own; `text` NULL: the reason phrase. Keeps the
 * connection. */
void response_plain(struct response *response, int status, const char *text);

/* As response_plain, and the connection ends: what follows on it cannot be trusted. */
void response_refuse(struct response *response, int status);

/* Appends the head and a small body; a large body is left in response->tail. */
void response_begin(struct response *response, const struct banner *banner, struct buffer *output);

/* Appends one more piece: MORE, or BROKEN when it exceeds the announced length (it is cut there).
 * */
enum writing response_chunk(struct framing *framing, struct slice piece, struct buffer *output);

/* Appends what ends the body: DONE, or BROKEN when less was sent than announced. */
enum writing response_end(struct framing *framing, struct buffer *output);

/* Frees the memory. */
void response_finish(struct response *response);

#endif
