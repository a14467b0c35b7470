#include "wire_tls.h"

#include "limits.h"

#include <stdio.h>
#include <stdlib.h>

static const char plain_refusal[] = "HTTP/1.1 400 Bad Request\r\n"
                                    "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Length: 65\r\n"
                                    "Connection: close\r\n"
                                    "\r\n"
                                    "This port speaks https: write https:// in front of the "
                                    "address.\r\n";

/* ---- memory for records ---- */

/* By TLS 1.2, OpenSSL allocates it anew for every record, which makes idle clients cheap but costs a
 * request 1,400 instructions. Who sends for the second time in one second keeps it, until a second
 * passes without. By TLS 1.3 records need none. */
static void consider_keeping(struct wire_tls *tls)
{
    struct tls_service *service = tls->service;

    if (!tls->keeps && tls->read_at == service->seconds &&
        service->keeper_count < LIMIT_TLS_KEEPERS && service->library->keep_memory(tls->session)) {
        service->keepers[service->keeper_count++] = tls;
        tls->keeps = true;
    }
    tls->read_at = service->seconds;
}

static void take_off(struct tls_service *service, int place)
{
    service->keepers[place]->keeps = false;
    service->keepers[place] = service->keepers[--service->keeper_count];
}

static void forget_keeper(const struct wire_tls *tls)
{
    for (int i = 0; tls->keeps; i++)
        if (tls->service->keepers[i] == tls)
            take_off(tls->service, i);
}

void wire_tls_tick(struct tls_service *service)
{
    for (int i = service->keeper_count - 1; i >= 0; i--) {
        if (service->keepers[i]->read_at != service->seconds) {
            service->library->give_memory(service->keepers[i]->session);
            take_off(service, i);
        }
    }
    service->seconds++;
}

/* ---- beginning and end ---- */

struct wire_tls *wire_tls_create(struct tls_service *service)
{
    struct wire_tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->service = service;
    tls->session = service->library->begin(service->context);
    if (tls->session != NULL)
        return tls;
    free(tls);
    return NULL;
}

void wire_tls_destroy(struct wire_tls *tls)
{
    if (tls == NULL)
        return;
    forget_keeper(tls);
    tls->service->library->end(tls->session);
    buffer_finish(&tls->held);
    free(tls);
}

/* ---- writing ---- */

static struct slice records_of(const struct wire_tls *tls)
{
    return (struct slice){tls->service->output.data, tls->service->output.length};
}

bool wire_tls_encrypt(struct wire_tls *tls, struct slice head, struct slice tail,
                      struct slice *records)
{
    struct tls_service *service = tls->service;
    bool done = service->library->write(tls->session, head, tail, &service->output);

    *records = records_of(tls);
    return done && !service->output.failed;
}

struct slice wire_tls_farewell(struct wire_tls *tls)
{
    tls->service->library->farewell(tls->session, &tls->service->output);
    return records_of(tls);
}

void wire_tls_settle(struct wire_tls *tls)
{
    struct buffer *output = &tls->service->output;

    output->length = 0;
    output->failed = false;
    if (output->capacity > LIMIT_GATHER)
        buffer_finish(output);
}

/* Sends what is not the owner's: parts of the handshake, alerts. A client that asks for them and
 * does not read them is gone for us. */
static void send_own(struct wire *wire)
{
    struct wire_tls *tls = wire->tls;
    enum sent sent = SENT;

    if (tls->service->output.length > 0)
        sent = wire_send_own(wire, records_of(tls));
    wire_tls_settle(tls);
    if (sent == LOST || (sent == QUEUED && wire_queued(wire) > LIMIT_AHEAD))
        wire->owner->on_failure(wire);
}

/* ---- reading ---- */

static void complain(struct wire *wire)
{
    struct wire_tls *tls = wire->tls;
    const char *why = tls->service->library->complaint(tls->session, tls->service->context);
    char text[PEER_TEXT_SIZE];

    if (why == NULL)
        return;
    peer_write(&tls->peer, text);
    fprintf(stderr, "fapws4: TLS: %s: %s (further clients like this are not logged)\n", text, why);
}

/* Decrypts what there is for the owner, until it closes or pauses. */
static enum tls_result deliver(struct wire *wire, struct slice *received)
{
    struct wire_tls *tls = wire->tls;
    struct tls_service *service = tls->service;
    enum tls_result result = TLS_DATA;

    while (result == TLS_DATA && !tls->paused && !wire_is_closing(wire)) {
        uv_buf_t room = wire->owner->room(wire);
        size_t count = 0;
        if (room.len == 0)
            return TLS_FAILED;
        result = service->library->read(tls->session, received, &service->output, room.base,
                                        room.len, &count);
        if (result != TLS_DATA)
            return result;
        wire->owner->on_data(wire, room.base, count);
        if (received->length == 0 && count < room.len)
            return TLS_WAITING; /* the last record is used up: no need to ask */
    }
    return result;
}

static void conclude(struct wire *wire, enum tls_result result)
{
    struct wire_tls *tls = wire->tls;

    if (result == TLS_FAILED)
        complain(wire);
    send_own(wire);
    if (wire_is_closing(wire))
        return;
    if (result == TLS_FAILED) {
        wire->owner->on_failure(wire);
    } else if (result == TLS_ENDED && !tls->ended) {
        tls->ended = true;
        wire->owner->on_end(wire);
    }
}

static void decrypt(struct wire *wire, struct slice received)
{
    struct wire_tls *tls = wire->tls;
    enum tls_result result;

    tls->delivering = true;
    result = deliver(wire, &received);
    tls->delivering = false;
    if (wire_is_closing(wire))
        return;
    buffer_append_slice(&tls->held, received);
    conclude(wire, tls->held.failed ? TLS_FAILED : result);
}

/* A handshake begins with 22; a letter begins a request in plain HTTP. */
static bool is_plain(const char *data)
{
    return (data[0] >= 'A' && data[0] <= 'Z') || (data[0] >= 'a' && data[0] <= 'z');
}

static void refuse_plain(struct wire *wire)
{
    wire->tls->deaf = true;
    if (wire_send_own(wire, slice_of(plain_refusal)) == LOST || wire_shutdown(wire) != 0)
        wire->owner->on_failure(wire);
}

void wire_tls_receive(struct wire *wire, const char *data, size_t length)
{
    struct wire_tls *tls = wire->tls;
    bool first = !tls->begun;

    tls->begun = true;
    consider_keeping(tls);
    if (first && is_plain(data))
        refuse_plain(wire);
    else if (!tls->deaf)
        decrypt(wire, (struct slice){data, length});
}

void wire_tls_resume(struct wire *wire)
{
    struct wire_tls *tls = wire->tls;
    struct buffer held = tls->held;

    tls->paused = false;
    if (tls->delivering)
        return;
    memset(&tls->held, 0, sizeof(tls->held));
    decrypt(wire, (struct slice){held.data, held.length});
    buffer_finish(&held);
}
