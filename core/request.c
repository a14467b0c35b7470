#include "request.h"

#include "character.h"
#include "request_line.h"

enum { PHR_FAULT = -1, PHR_PARTIAL = -2 };

static enum progress refuse(struct request *request, int status)
{
    request->refusal = status;
    return REFUSED;
}

/* ---- the request line ---- */

static int judge_request_line(struct request *request)
{
    struct slice method = request->method, text = request->text;

    if (text.data != method.data + method.length + 1 || text.data[text.length + 1] != 'H')
        return 400; /* more than one space between the parts */
    if (method.length == 7 && memcmp(method.data, "CONNECT", 7) == 0)
        return 501;
    if (!target_parse(text, &request->target))
        return 400;
    if (request->target.asterisk && !(method.length == 7 && memcmp(method.data, "OPTIONS", 7) == 0))
        return 400;
    request->path = request->target.raw_path;
    if (request->target.encoded)
        request->path = target_decode(request->target.raw_path, request->decoded);
    return request->path.data == NULL ? 400 : 0;
}

/* ---- heads that are too long, or no heads at all ---- */

static bool has_line_end(const char *data, size_t length)
{
    return memchr(data, '\n', length) != NULL;
}

/* The status for a head above the limits, 0 when it is within them. `length` counts what is there.
 * */
static int judge_length(const char *data, size_t length)
{
    size_t start = 0;

    while (start < length && start < 2 && (data[start] == '\r' || data[start] == '\n'))
        start++; /* the empty line that is tolerated before a request (RFC 9112 section 2.2) */
    if (length - start > LIMIT_REQUEST_LINE && !has_line_end(data + start, LIMIT_REQUEST_LINE))
        return 414;
    return length > LIMIT_HEAD ? 431 : 0;
}

/* True for a request line whose version is well formed but not 1.x: 505 instead of 400. The parser
 * refuses it before it has seen the LF, which therefore must not count. */
static bool has_foreign_version(const struct request *request, const char *end)
{
    const char *version;

    if (request->text.data == NULL)
        return false;
    version = request->text.data + request->text.length + 1;
    return end - version >= 9 && memcmp(version, "HTTP/", 5) == 0 && version[5] != '1' &&
           character_is(version[5], CHARACTER_DIGIT) && version[6] == '.' &&
           character_is(version[7], CHARACTER_DIGIT) && version[8] == '\r';
}

/* Parses what is there; `request` gets what the parser has found. */
static int parse(struct request *request, const char *data, size_t length)
{
    request->header_count = LIMIT_HEADERS;
    return phr_parse_request(data, length, &request->method.data, &request->method.length,
                             &request->text.data, &request->text.length, &request->minor_version,
                             request->parsed, &request->header_count, 0);
}

/* The number of bytes up to the first that the parser refuses, by bisection. */
static size_t find_fault(struct request *request, const char *data, size_t length)
{
    size_t sound = 0;

    while (length - sound > 1) {
        size_t middle = sound + (length - sound) / 2;
        if (parse(request, data, middle) == PHR_FAULT)
            length = middle;
        else
            sound = middle;
    }
    return length;
}

/* The status for a head that the parser refused, 0 while the faulty line has no end: someone who
 * receives the bytes piecemeal looks again only then. Hence what stands behind that line does not
 * count, and the limits are asked first. What does not even begin like HTTP is refused at once. */
static int judge_fault(struct request *request, const struct input *input)
{
    const char *data = input->data;
    size_t fault = find_fault(request, data, input->length);
    const char *line_end = memchr(data + fault - 1, '\n', input->length - (fault - 1));
    size_t length = line_end != NULL ? (size_t)(line_end - data) + 1 : input->length;
    int status = fault > 1 ? judge_length(data, length) : 400;

    parse(request, data, length);
    if (status != 0 || (line_end == NULL && !input->ended))
        return status;
    if (request->header_count == LIMIT_HEADERS)
        return 431;
    return has_foreign_version(request, data + length) ? 505 : 400;
}

/* ---- head ---- */

/* The last field and the empty line behind it: a bare LF ends a line for some readers only. */
static bool ends_with_crlf(const char *head, size_t length)
{
    return length > 4 && head[length - 2] == '\r' && head[length - 4] == '\r';
}

static enum progress wait(struct request *request, size_t *scanned, const struct input *input)
{
    int status = judge_length(input->data, input->length);

    *scanned = input->length;
    if (status == 0)
        return WAITING;
    parse(request, input->data, input->length); /* was it HEAD? */
    return refuse(request, status);
}

/* Reads a head whose block came before on this connection, behind a request line of `line` bytes.
 * False when it has to be read the long way. */
static bool take_known(struct request *request, size_t line, const struct input *input)
{
    const struct block *block = block_memo_match(&request->memo, request->slot, input->data + line,
                                                 input->length - line);

    if (block == NULL || line + block->length > LIMIT_REQUEST_LINE)
        return false;
    request->block = block;
    request->fields = block->fields;
    request->headers = block->headers;
    request->header_count = block->header_count;
    request->head = (struct slice){input->data, line + block->length};
    return true;
}

/* What was read the long way may come again. */
static void note_block(struct request *request, size_t line)
{
    struct parsed_block parsed = {
        .bytes = {request->head.data + line, request->head.length - line},
        .fields = &request->fields,
        .headers = request->headers,
        .header_count = request->header_count,
    };

    request->block = block_memo_note(&request->memo, &parsed);
    if (request->block != NULL)
        request->slot = (unsigned char)block_memo_slot(&request->memo, request->block);
}

enum progress request_parse(struct request *request, size_t *scanned, const struct input *input)
{
    size_t line;
    int status, count;

    request->method = (struct slice){NULL, 0}; /* a refusal may come before the head is parsed */
    request->minor_version = 1;
    request->consumed = 0;
    /* Cheap answer to a head sent byte by byte: only a further line end can complete it. */
    if (*scanned > 0 && !input->ended &&
        !has_line_end(input->data + *scanned, input->length - *scanned))
        return wait(request, scanned, input);
    request->body = (struct slice){NULL, 0};
    request->spool = NULL;
    request->upload = NULL;
    line = request_line_take(request, input->data, input->length);
    if (line > 0 && take_known(request, line, input))
        return READY;
    request->block = NULL;
    request->headers = request->parsed;
    count = parse(request, input->data, input->length);
    status = count == PHR_FAULT ? judge_fault(request, input) : 0;
    if (status != 0)
        return refuse(request, status);
    if (count < 0)
        return wait(request, scanned, input);
    request->head = (struct slice){input->data, (size_t)count};
    status = count > LIMIT_REQUEST_LINE ? judge_length(input->data, (size_t)count) : 0;
    if (status != 0)
        return refuse(request, status);
    if (!ends_with_crlf(input->data, (size_t)count))
        return refuse(request, 400);
    if (request->minor_version > 1)
        request->minor_version = 1;
    status = judge_request_line(request);
    if (status == 0)
        status = request_fields_read(&request->fields, request->headers, request->header_count,
                                     request->minor_version);
    if (status == 0 && request->target.authority.data != NULL) /* RFC 9112 section 3.2.2 */
        request->fields.host = request->target.authority;
    if (status != 0)
        return refuse(request, status);
    if (line > 0)
        note_block(request, line);
    return READY;
}

void request_finish(struct request *request)
{
    block_memo_finish(&request->memo);
}
