#include "stub.h"

#include "../../core/channel.h"
#include "../../core/handler.h"
#include "../../core/threads.h"

#include <stdio.h>
#include <stdlib.h>

enum kind {
    WHOLE,     /* a digest of the request */
    LARGE,     /* a body that is not copied behind its head */
    PIECES,    /* no length is known */
    SIZED,     /* pieces of an announced length */
    FILED,     /* lies in a file */
    CACHED,    /* ... and is answered again without asking */
    SHORT,     /* less than announced */
    LONG,      /* more than announced */
    WRONG,     /* fails in the middle */
    WRONG_NOW, /* fails at once */
    EMPTY,     /* a status without a body */
    CLOSING,   /* the app ends the connection */
    LATER_ON,  /* a thread answers, whole */
    LATER_PIECES,
    HELD,      /* a Stream that is written to later */
};

/* Known to the cases of tests/http, where such paths are there; the first that fits is taken. */
static const struct {
    const char *prefix;
    enum kind kind;
} paths[] = {
    {"/echo", WHOLE},         {"/form/", WHOLE},       {"/str", WHOLE},
    {"/bytes", WHOLE},        {"/tuple", WHOLE},       {"/large", LARGE},
    {"/generator", PIECES},   {"/late-status", PIECES}, {"/file", FILED},
    {"/sized", SIZED},        {"/static", CACHED},
    {"/short", SHORT},        {"/long", LONG},         {"/fails-later", WRONG},
    {"/raises", WRONG_NOW},   {"/status/204", EMPTY},  {"/close", CLOSING},
    {"/later", LATER_ON},     {"/pieces-later", LATER_PIECES}, {"/held", HELD},
};

enum { PIECE_COUNT = 3, LARGE_SIZE = 40000, FILE_SIZE = 70000 };

struct handler {
    char *body; /* of the last response, until it is settled */
};

struct reply {
    enum kind kind;
    bool collected;           /* has its head */
    bool done;                /* the call that was put off */
    unsigned given;           /* pieces */
    unsigned long long digest;
    struct channel *channel;  /* of what is made later */
    char *piece;
};

static struct handler handler;
static struct reply *at_work; /* the reply that stub_work goes on with */
static int living;

void stub_fill(struct router *router)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        router_add(router, slice_of(paths[i].prefix), false);
    router_index(router);
}

int stub_living(void)
{
    return living;
}

static void *take(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        abort();
    living++;
    return memory;
}

static void give_back(void *memory)
{
    living -= memory != NULL;
    free(memory);
}

/* ---- what is answered ---- */

static unsigned long long mix(unsigned long long digest, struct slice slice)
{
    for (size_t i = 0; i < slice.length; i++)
        digest = (digest ^ (unsigned char)slice.data[i]) * 1099511628211ULL;
    return (digest ^ slice.length) * 1099511628211ULL;
}

/* Of all that a handler can see of a request. */
static unsigned long long digest_of(const struct request *request)
{
    unsigned long long digest = mix(14695981039346656037ULL, request->method);

    digest = mix(digest, request->text);
    digest = mix(digest, request->path);
    digest = mix(digest, request->target.query);
    digest = mix(digest, request->head);
    digest = mix(digest, request->fields.host);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct phr_header *field = &request->headers[i];
        digest = mix(digest, (struct slice){field->name, field->name_len});
        digest = mix(digest, (struct slice){field->value, field->value_len});
    }
    return mix(digest, request->body);
}

static struct slice text_of(char **memory, unsigned long long digest)
{
    *memory = take(32);
    snprintf(*memory, 32, "%016llx\n", digest);
    return slice_of(*memory);
}

static struct slice bulk(char **memory, size_t length)
{
    *memory = take(length);
    memset(*memory, 'x', length);
    return (struct slice){*memory, length};
}

static struct slice piece_of(struct reply *reply)
{
    give_back(reply->piece);
    reply->piece = NULL;
    reply->given++;
    if (reply->kind == SIZED)
        return bulk(&reply->piece, FILE_SIZE / PIECE_COUNT);
    return text_of(&reply->piece, reply->digest + reply->given);
}

static void announce(struct response *response, unsigned length)
{
    response->has_length = true;
    response->length = length;
}

static struct reply *begin(enum kind kind, unsigned long long digest)
{
    struct reply *reply = take(sizeof(*reply));

    reply->kind = kind;
    reply->digest = digest;
    if (kind >= LATER_ON) {
        reply->channel = channel_create();
        at_work = reply;
    }
    return reply;
}

static void answer_pieces(enum kind kind, struct response *response, struct reply *reply)
{
    response_status(response, SLICE("200"));
    response->whole = false;
    if (kind == SIZED)
        announce(response, FILE_SIZE / PIECE_COUNT * PIECE_COUNT);
    else if (kind == SHORT)
        announce(response, 1000);
    else if (kind == LONG)
        announce(response, 20);
    if (kind < LATER_ON)
        response->body = piece_of(reply);
    reply->collected = true;
}

static void answer_whole(enum kind kind, unsigned long long digest, struct response *response)
{
    response_status(response, kind == EMPTY ? SLICE("204") : SLICE("200"));
    response->whole = true;
    response->body = kind == LARGE ? bulk(&handler.body, LARGE_SIZE)
                                   : text_of(&handler.body, digest);
    if (kind == CLOSING)
        response_field(response, SLICE("Connection"), SLICE("close"));
}

/* The file stays open for ever, and the names that it depends on are none. */
static void answer_file(enum kind kind, struct response *response)
{
    static FILE *file;

    if (file == NULL) {
        file = tmpfile();
        for (int i = 0; file != NULL && i < FILE_SIZE; i++)
            putc('a' + i % 26, file);
        if (file == NULL || fflush(file) != 0)
            abort();
    }
    response_status(response, SLICE("200"));
    announce(response, FILE_SIZE);
    response->file = (struct file_part){fileno(file), 0, FILE_SIZE};
    response->offer.made = kind == CACHED;
}

bool stub_work(void)
{
    struct reply *reply = at_work;
    char *memory = NULL;

    if (reply == NULL || channel_waiting(reply->channel) > 0)
        return false;
    if (!reply->done && reply->kind != HELD) {
        reply->done = true;
        channel_tell(reply->channel);
    } else if (reply->given < PIECE_COUNT && reply->kind != LATER_ON) {
        reply->given++;
        channel_write(reply->channel, text_of(&memory, reply->digest + reply->given));
        give_back(memory);
    } else {
        at_work = NULL;
        channel_end(reply->channel, false);
    }
    return true;
}

/* ---- handler.h ---- */

void handler_settle(struct handler *ignored)
{
    (void)ignored;
    give_back(handler.body);
    handler.body = NULL;
}

bool handler_streams(const struct handler *ignored, int route, uint64_t *limit)
{
    (void)ignored;
    (void)route;
    (void)limit;
    return false;
}

void handler_call(struct handler *ignored, int route, const struct request *request,
                  const struct peer *peer, struct response *response, struct reply **reply)
{
    enum kind kind = paths[route].kind;
    unsigned long long digest = digest_of(request);

    handler_settle(ignored); /* two bodies at a time are not promised */
    (void)peer;
    if (kind == WRONG_NOW) {
        response_plain(response, 500, NULL);
    } else if (kind == LATER_ON || kind == LATER_PIECES) {
        *reply = begin(kind, digest);
        response->later = true;
    } else if (kind == FILED || kind == CACHED) {
        answer_file(kind, response);
    } else if (kind == WHOLE || kind == LARGE || kind == EMPTY || kind == CLOSING) {
        answer_whole(kind, digest, response);
    } else {
        *reply = begin(kind, digest);
        answer_pieces(kind, response, *reply);
    }
}

enum writing handler_next(struct reply *reply, struct slice *piece)
{
    if (reply->channel != NULL)
        return channel_read(reply->channel, piece);
    if (reply->given == PIECE_COUNT)
        return reply->kind == WRONG ? BROKEN : DONE;
    *piece = piece_of(reply);
    return MORE;
}

void handler_watch(struct reply *reply, void (*ready)(void *context), void *context)
{
    channel_watch(reply->channel, ready, context);
}

bool handler_collect(struct handler *ignored, struct response *response, struct reply **reply)
{
    (void)ignored;
    if (!(*reply)->done)
        return false;
    if ((*reply)->kind == LATER_PIECES) {
        answer_pieces(LATER_PIECES, response, *reply);
        return true;
    }
    answer_whole(WHOLE, (*reply)->digest, response);
    handler_drop(*reply);
    *reply = NULL;
    return true;
}

bool handler_is_held(const struct reply *reply)
{
    return reply->kind == HELD;
}

void handler_stop(struct reply *reply)
{
    if (handler_is_held(reply))
        channel_end(reply->channel, false);
}

void handler_drop(struct reply *reply)
{
    if (reply == NULL)
        return;
    if (at_work == reply)
        at_work = NULL;
    if (reply->channel != NULL) {
        channel_abandon(reply->channel);
        channel_release(reply->channel);
    }
    give_back(reply->piece);
    give_back(reply);
}

void handler_forget(const struct peer *peer)
{
    (void)peer;
}

void threads_hold(void)
{
}
