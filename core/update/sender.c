#include "sender.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum sent { SENT, UNREADABLE, UNSENT };

static enum sent send_bytes(int session, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = send(session, bytes, length, MSG_NOSIGNAL);

        if (count < 0 && errno != EINTR)
            return UNSENT;
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        }
    }
    return SENT;
}

static enum sent send_range(int session, int file, uint64_t at, uint64_t length)
{
    static char block[64 << 10];
    enum sent sent = SENT;

    while (length > 0 && sent == SENT) {
        size_t room = length < sizeof block ? (size_t)length : sizeof block;
        ssize_t count = pread(file, block, room, (off_t)at);

        if (count <= 0)
            return UNREADABLE;
        sent = send_bytes(session, block, (size_t)count);
        at += (uint64_t)count;
        length -= (uint64_t)count;
    }
    return sent;
}

/* The next line, without its end; false when there is none any more. */
static bool read_line(int session, char line[SENDER_ANSWER])
{
    for (size_t used = 0; used < SENDER_ANSWER; used++) {
        if (read(session, line + used, 1) != 1)
            return false;
        if (line[used] == '\n') {
            line[used] = '\0';
            return true;
        }
    }
    return false;
}

static bool is_wanted(struct span names, const char *name)
{
    struct span word;

    while (span_next_word(&names, &word))
        if (span_equals(word, name))
            return true;
    return false;
}

static enum sent send_wanted(int session, int file, const struct layout *slot, uint64_t at,
                             struct span names)
{
    enum sent sent = SENT;

    for (unsigned i = 0; i < slot->count && sent == SENT; i++) {
        if (is_wanted(names, slot->parts[i].name))
            sent = send_range(session, file, at, slot->parts[i].length);
        at += slot->parts[i].length;
    }
    return sent;
}

/* The last word is the updater's, also when it did not take everything. */
static bool read_answer(int session, char answer[SENDER_ANSWER])
{
    bool said;

    do
        said = read_line(session, answer);
    while (said && strncmp(answer, "progress ", 9) == 0);
    return said;
}

static void refuse(char answer[SENDER_ANSWER], const char *why)
{
    snprintf(answer, SENDER_ANSWER, "refused %s", why);
}

void sender_send(int file, const struct bundle *bundle, uint64_t head, int session,
                 char answer[SENDER_ANSWER])
{
    static const char greeting[] = "fapws4-update 1 parts -\n";
    enum sent sent = send_bytes(session, greeting, sizeof greeting - 1);
    bool said;

    if (sent == SENT)
        sent = send_range(session, file, 0, head);
    said = sent != UNREADABLE && read_line(session, answer);
    if (said && strncmp(answer, "want ", 5) == 0) {
        sent = send_wanted(session, file, &bundle->manifest.slot, head, span_of(answer + 5));
        said = sent != UNREADABLE && read_answer(session, answer);
    }
    if (sent == UNREADABLE)
        refuse(answer, "the bundle cannot be read to its end: was it taken away?");
    else if (!said)
        refuse(answer, "the updater of this device has ended");
}
