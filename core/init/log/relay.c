#include "relay.h"

static char shown(char byte)
{
    unsigned char value = (unsigned char)byte;

    return (value < 0x20 && value != '\t') || value == 0x7f ? '?' : byte;
}

static bool complete(struct relay *relay, struct span *line)
{
    *line = (struct span){relay->line, relay->used};
    relay->used = 0;
    return true;
}

bool relay_next(struct relay *relay, struct span *input, struct span *line)
{
    while (input->length > 0) {
        char byte = input->start[0];

        if (byte != '\n' && relay->used == sizeof relay->line)
            return complete(relay, line);
        input->start++;
        input->length--;
        if (byte == '\n')
            return complete(relay, line);
        if (byte != '\r')
            relay->line[relay->used++] = shown(byte);
    }
    return false;
}

bool relay_rest(struct relay *relay, struct span *line)
{
    return relay->used > 0 && complete(relay, line);
}
