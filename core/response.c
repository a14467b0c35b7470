#include "response.h"

#include "character.h"
#include "status.h"

void response_renew(struct response *response, struct terms terms)
{
    struct buffer fields = response->fields;

    memset(response, 0, sizeof(*response));
    fields.length = 0;
    fields.failed = false;
    response->fields = fields;
    response->keep_alive = terms.keep_alive;
    response->minor_version = terms.minor_version;
    response->is_head = terms.is_head;
}

void response_reset(struct response *response, const struct request *request)
{
    bool is_head =
        request->method.length == 4 && memcmp(request->method.data, "HEAD", 4) == 0;

    response_renew(response, (struct terms){request->fields.keep_alive, is_head,
                                            request->minor_version});
}

struct terms response_terms(const struct response *response)
{
    return (struct terms){response->keep_alive, response->is_head, response->minor_version};
}

/* ---- status and fields ---- */

bool response_status(struct response *response, struct slice text)
{
    const char *d = text.data;
    const char *reason;

    if (text.length < 3 || !characters_are((struct slice){d, 3}, CHARACTER_DIGIT) || d[0] < '2' ||
        (text.length > 3 && d[3] != ' ') || !characters_are(text, CHARACTER_TEXT))
        return false;
    response->status = (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
    buffer_append_slice(&response->fields, text);
    if (text.length == 3) {
        reason = status_reason(response->status);
        buffer_append(&response->fields, " ", 1);
        buffer_append(&response->fields, reason, strlen(reason));
    }
    buffer_append(&response->fields, "\r\n", 2);
    return true;
}

static bool note_length(struct response *response, struct slice value)
{
    uint64_t length = 0;

    if (response->has_length || value.length == 0 || value.length > 18)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        if (!character_is(value.data[i], CHARACTER_DIGIT))
            return false;
        length = length * 10 + (uint64_t)(value.data[i] - '0');
    }
    response->has_length = true;
    response->length = length;
    return true;
}

/* Fields of the connection, not of the message (RFC 9110 section 7.6.1). */
static bool is_hop_by_hop(struct slice name)
{
    static const char *const names[] = {"connection", "keep-alive",        "proxy-connection", "te",
                                        "trailer",    "transfer-encoding", "upgrade"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(name, slice_of(names[i])))
            return true;
    }
    return false;
}

/* Fields that the server has to know about; READY when the field is to be sent as it is. */
static enum progress note_field(struct response *response, struct slice name, struct slice value)
{
    if (slice_is(name, SLICE("content-length")))
        return note_length(response, slice_trim(value)) ? WAITING : REFUSED;
    if (slice_is(name, SLICE("content-type")))
        response->has_content_type = true;
    else if (slice_is(name, SLICE("date")))
        response->has_date = true;
    else if (slice_is(name, SLICE("server")))
        response->has_server = true;
    else if (is_hop_by_hop(name)) {
        if (slice_is(name, SLICE("connection")) && slice_is(slice_trim(value), SLICE("close")))
            response->keep_alive = false;
        return WAITING;
    }
    return READY;
}

bool response_field(struct response *response, struct slice name, struct slice value)
{
    enum progress progress;

    if (name.length == 0 || !characters_are(name, CHARACTER_TOKEN) ||
        !characters_are(value, CHARACTER_TEXT))
        return false;
    progress = note_field(response, name, value);
    if (progress != READY)
        return progress != REFUSED;
    buffer_append_slice(&response->fields, name);
    buffer_append(&response->fields, ": ", 2);
    buffer_append_slice(&response->fields, value);
    buffer_append(&response->fields, "\r\n", 2);
    return true;
}

struct spoken response_spoken(const struct response *response)
{
    return (struct spoken){
        .lines = {response->fields.data, response->fields.length},
        .length = response->length,
        .status = response->status,
        .has_date = response->has_date,
        .has_server = response->has_server,
        .has_content_type = response->has_content_type,
        .has_length = response->has_length,
    };
}

void response_repeat(struct response *response, const struct spoken *spoken)
{
    buffer_append_slice(&response->fields, spoken->lines);
    response->length = spoken->length;
    response->status = spoken->status;
    response->has_date = spoken->has_date;
    response->has_server = spoken->has_server;
    response->has_content_type = spoken->has_content_type;
    response->has_length = spoken->has_length;
}

/* ---- responses of the server itself ---- */

void response_plain(struct response *response, int status, const char *text)
{
    char code[4] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                    (char)('0' + status % 10), '\0'};

    response->fields.length = 0;
    response->has_length = response->has_date = response->has_server = false;
    response_status(response, slice_of(code));
    response_field(response, SLICE("Content-Type"), SLICE("text/plain; charset=utf-8"));
    response->body = slice_of(text != NULL ? text : status_reason(status));
    response->whole = true;
}

void response_refuse(struct response *response, int status)
{
    response_plain(response, status, status == 413 ? "input body too big" : NULL);
    response->keep_alive = false;
}

/* ---- head ---- */

/* Chooses how the body ends; a client of HTTP/1.0 knows no chunks (RFC 9112 section 6.1). */
static void choose_framing(struct response *response)
{
    struct framing *framing = &response->framing;

    if (response->whole && !response->has_length) {
        response->has_length = true;
        response->length = response->body.length;
    }
    framing->left = response->length;
    if (!status_has_body(response->status))
        framing->kind = FRAMING_NONE;
    else if (response->has_length)
        framing->kind = FRAMING_LENGTH;
    else
        framing->kind = response->minor_version > 0 ? FRAMING_CHUNKED : FRAMING_CLOSE;
    if (framing->kind == FRAMING_CLOSE)
        response->keep_alive = false;
}

/* What a head needs at most besides the fields of the handler. */
enum { HEAD_ROOM = 256 };

/* Writes without a look at the room; the place behind it. */
static char *put(char *at, const char *data, size_t length)
{
    memcpy(at, data, length);
    return at + length;
}

#define PUT(at, literal) put((at), (literal), sizeof(literal) - 1)

static char *put_banner(const struct response *response, const struct banner *banner, char *at)
{
    size_t start = response->has_server ? banner->server_length : 0;
    size_t end = response->has_date ? banner->server_length : banner->length;

    return put(at, banner->text + start, end - start);
}

static char *put_number(char *at, uint64_t number)
{
    size_t length = 1;

    for (uint64_t rest = number; rest >= 10; rest /= 10)
        length++;
    for (size_t i = length; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + length;
}

static char *put_framing(const struct response *response, char *at)
{
    if (response->framing.kind == FRAMING_LENGTH) {
        at = PUT(at, "Content-Length: ");
        at = put_number(at, response->length);
        at = PUT(at, "\r\n");
    } else if (response->framing.kind == FRAMING_CHUNKED) {
        at = PUT(at, "Transfer-Encoding: chunked\r\n");
    }
    if (!response->keep_alive)
        at = PUT(at, "Connection: close\r\n");
    else if (response->minor_version == 0)
        at = PUT(at, "Connection: keep-alive\r\n");
    return PUT(at, "\r\n");
}

static void append_head(const struct response *response, const struct banner *banner,
                        struct buffer *output)
{
    const struct buffer *fields = &response->fields;
    char *at;

    output->failed |= fields->failed;
    if (output->failed || !buffer_reserve(output, fields->length + HEAD_ROOM))
        return;
    at = PUT(output->data + output->length, "HTTP/1.1 ");
    at = put(at, fields->data, fields->length);
    at = put_banner(response, banner, at);
    at = put_framing(response, at);
    output->length = (size_t)(at - output->data);
}

/* Only closing tells the client that a whole body is shorter than announced. */
static bool is_short(const struct response *response)
{
    return response->whole && !response->is_head && response->framing.kind == FRAMING_LENGTH &&
           response->body.length < response->length;
}

static void append_whole_body(struct response *response, struct buffer *output)
{
    struct slice body = response->body;

    if (body.length > response->framing.left)
        body.length = (size_t)response->framing.left;
    if (body.length > LIMIT_COPY)
        response->tail = body;
    else
        buffer_append_slice(output, body);
}

void response_begin(struct response *response, const struct banner *banner, struct buffer *output)
{
    choose_framing(response);
    if (is_short(response))
        response->keep_alive = false;
    append_head(response, banner, output);
    response->body_at = output->length;
    if (response->is_head || response->framing.kind == FRAMING_NONE)
        return;
    if (response->whole)
        append_whole_body(response, output);
    else
        response_chunk(&response->framing, response->body, output);
}

/* ---- body in pieces ---- */

static enum writing append_owed(struct framing *framing, struct slice piece, struct buffer *output)
{
    bool fits = piece.length <= framing->left;

    if (!fits)
        piece.length = (size_t)framing->left;
    buffer_append_slice(output, piece);
    framing->left -= piece.length;
    return fits ? MORE : BROKEN;
}

enum writing response_chunk(struct framing *framing, struct slice piece, struct buffer *output)
{
    switch (framing->kind) {
    case FRAMING_NONE:
        return MORE;
    case FRAMING_LENGTH:
        return append_owed(framing, piece, output);
    case FRAMING_CHUNKED:
        if (piece.length == 0) /* an empty chunk would end the body */
            return MORE;
        buffer_append_hex(output, piece.length);
        buffer_append(output, "\r\n", 2);
        buffer_append_slice(output, piece);
        buffer_append(output, "\r\n", 2);
        return MORE;
    case FRAMING_CLOSE:
        buffer_append_slice(output, piece);
        return MORE;
    }
    return BROKEN;
}

enum writing response_end(struct framing *framing, struct buffer *output)
{
    if (framing->kind == FRAMING_CHUNKED)
        buffer_append_slice(output, SLICE("0\r\n\r\n"));
    return framing->kind == FRAMING_LENGTH && framing->left > 0 ? BROKEN : DONE;
}

void response_finish(struct response *response)
{
    buffer_finish(&response->fields);
    memset(response, 0, sizeof(*response));
}
