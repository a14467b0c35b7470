#include "visitor.h"

enum { VISITORS = 1024 };

/* Direct-mapped: connections are numbered as they come, so that as many can take turns. */
static struct visitor visitors[VISITORS];

static struct visitor *place_of(const struct peer *peer)
{
    return &visitors[peer->number % VISITORS];
}

static void empty(struct visitor *visitor)
{
    visitor->number = 0;
    Py_CLEAR(visitor->address);
    Py_CLEAR(visitor->port);
    Py_CLEAR(visitor->port_text);
}

static int fill(struct visitor *visitor, const struct peer *peer)
{
    char text[PEER_TEXT_SIZE];

    peer_write(peer, text);
    visitor->address = PyUnicode_FromString(text);
    visitor->port = PyLong_FromLong(peer->port);
    visitor->port_text = PyUnicode_FromFormat("%d", peer->port);
    if (visitor->address == NULL || visitor->port == NULL || visitor->port_text == NULL)
        return -1;
    visitor->number = peer->number;
    visitor->returns = false;
    return 0;
}

const struct visitor *visitor_find(const struct peer *peer)
{
    struct visitor *visitor = place_of(peer);

    if (visitor->number == peer->number) {
        visitor->returns = true;
        return visitor;
    }
    empty(visitor);
    if (fill(visitor, peer) == 0)
        return visitor;
    empty(visitor);
    return NULL;
}

void visitor_forget(const struct peer *peer)
{
    if (place_of(peer)->number == peer->number)
        empty(place_of(peer));
}

void visitors_finish(void)
{
    for (size_t i = 0; i < VISITORS; i++)
        empty(&visitors[i]);
}
