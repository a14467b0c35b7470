#include "journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* One request. Offsets count all bytes that are sent on the connection. */
struct record {
    struct record *next;
    uint64_t body_start, end;
    uint64_t began; /* nanoseconds */
    int status, route;
    struct buffer text; /* what the access log says before and behind status and bytes */
    size_t before;      /* bytes of the first */
};

struct account {
    uint64_t sent; /* bytes that were handed over, queued ones included */
    struct record *first, **last;
    struct record *current; /* the one that is being answered; NULL when memory was out */
};

/* ---- what is known of a request ---- */

static struct slice first_line(const struct input *input)
{
    struct slice line = {input->data, 0};
    size_t left = input->length;

    while (left > 0 && (*line.data == '\r' || *line.data == '\n'))
        line.data++, left--;
    while (line.length < left && line.data[line.length] != '\r' && line.data[line.length] != '\n')
        line.length++;
    return line;
}

static struct slice line_of(const struct request *request)
{
    const char *end = request->text.data + request->text.length + sizeof(" HTTP/1.1") - 1;

    return (struct slice){request->method.data, (size_t)(end - request->method.data)};
}

static struct slice field(const struct request *request, struct slice name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct phr_header *header = &request->headers[i];
        if (slice_is((struct slice){header->name, header->name_len}, name))
            return (struct slice){header->value, header->value_len};
    }
    return (struct slice){NULL, 0};
}

static void describe(struct record *record, const struct peer *peer,
                     const struct request *request, const struct input *input, bool is_known)
{
    struct access access = {peer, time(NULL), {NULL, 0}, {NULL, 0}, {NULL, 0}};

    access.line = is_known ? line_of(request) : first_line(input);
    if (is_known) {
        access.referer = field(request, SLICE("referer"));
        access.agent = field(request, SLICE("user-agent"));
    }
    access_log_begin(&record->text, &access);
    record->before = record->text.length;
    access_log_end(&record->text, &access);
}

static struct account *open_account(struct account **account)
{
    if (*account == NULL) {
        *account = calloc(1, sizeof(**account));
        if (*account != NULL)
            (*account)->last = &(*account)->first;
    }
    return *account;
}

void journal_begin(struct journal *journal, struct account **account, const struct peer *peer,
                   const struct request *request, const struct input *input, bool refused)
{
    bool is_known = !refused || (request != NULL && request->refusal == 413);
    struct record *record;

    if (open_account(account) == NULL)
        return;
    record = (*account)->current = calloc(1, sizeof(*record));
    if (record == NULL)
        return;
    *(*account)->last = record;
    (*account)->last = &record->next;
    record->end = UINT64_MAX;
    record->body_start = UINT64_MAX;
    record->began = uv_hrtime();
    record->route = is_known ? router_find(journal->router, request->path) : ROUTE_NONE;
    describe(record, peer, request, input, is_known);
}

void journal_head(struct account *account, int status, size_t start)
{
    if (account->current == NULL)
        return;
    account->current->status = status;
    account->current->body_start = account->sent + start;
}

void journal_end(struct account *account, size_t end)
{
    if (account->current != NULL)
        account->current->end = account->sent + end;
    account->current = NULL;
}

/* ---- a request is over ---- */

static void trace_record(const struct journal *journal, const struct record *record,
                         const struct peer *peer, uint64_t bytes, uint64_t time)
{
    const char *line = memchr(record->text.data, '"', record->before);
    struct slice route = SLICE("none");

    if (record->route != ROUTE_NONE)
        route = journal->router->prefixes[record->route].text;
    journal_trace(peer, "%.*s%d, %llu bytes, %.3f ms, route %.*s",
                  (int)(record->text.data + record->before - line), line, record->status,
                  (unsigned long long)bytes, (double)time / 1e6, (int)route.length, route.data);
}

/* Takes the first record off; of its response bytes up to `sent` are on their way. A request
 * without an answer is shown as 499, as nginx does. */
static void settle(struct journal *journal, struct account *account, const struct peer *peer,
                   uint64_t sent)
{
    struct record *record = account->first;
    uint64_t end = record->end < sent ? record->end : sent;
    uint64_t bytes = end > record->body_start ? end - record->body_start : 0;
    uint64_t time = uv_hrtime() - record->began;
    struct slice before = {record->text.data, record->before};
    struct slice behind = {record->text.data + record->before,
                           record->text.length - record->before};

    account->first = record->next;
    if (account->first == NULL)
        account->last = &account->first;
    if (account->current == record)
        account->current = NULL;
    if (record->status == 0)
        record->status = 499;
    if (journal->access_log != NULL && !record->text.failed)
        access_log_add(journal->access_log, before, record->status, bytes, behind);
    if (journal->profile != NULL)
        profile_add(journal->profile, record->route, record->status, bytes, time);
    if (journal->traces >= 2 && !record->text.failed)
        trace_record(journal, record, peer, bytes, time);
    buffer_finish(&record->text);
    free(record);
}

void journal_sent(struct journal *journal, struct account *account, const struct peer *peer,
                  size_t length, size_t queued)
{
    uint64_t sent;

    account->sent += length;
    sent = account->sent - queued;
    while (account->first != NULL && account->first->end <= sent)
        settle(journal, account, peer, sent);
}

void journal_close(struct journal *journal, struct account **account, const struct peer *peer,
                   size_t queued)
{
    uint64_t sent;

    if (*account == NULL)
        return;
    sent = (*account)->sent > queued ? (*account)->sent - queued : 0;
    while ((*account)->first != NULL)
        settle(journal, *account, peer, sent);
    free(*account);
    *account = NULL;
}

void journal_trace(const struct peer *peer, const char *format, ...)
{
    char host[PEER_TEXT_SIZE], text[512];
    va_list arguments;

    peer_write(peer, host);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "fapws4: %s:%d: %s\n", host[0] != '\0' ? host : "unix", peer->port, text);
}
