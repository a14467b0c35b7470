#include "input.h"

enum { RUN = 32, BYTES_MOST = 300000 };

static void expand(const uint8_t *data, size_t size, struct buffer *bytes)
{
    bytes->length = 0;
    for (size_t i = 0; i < size && bytes->length < BYTES_MOST; i++) {
        if (data[i] != 0 || size - i < 3) {
            buffer_append(bytes, &data[i], 1);
            continue;
        }
        for (size_t run = data[i + 2] * RUN; run > 0; run--)
            buffer_append(bytes, &data[i + 1], 1);
        if (data[i + 2] == 0)
            buffer_append(bytes, "", 1);
        i += 2;
    }
}

void input_read(const uint8_t *data, size_t size, struct plan *plan, struct buffer *bytes)
{
    static const uint8_t single[] = {0};
    size_t count = size > 0 ? data[0] : 0;
    unsigned parting;

    if (count > size - (size > 0))
        count = size - 1;
    *plan = (struct plan){count > 0 ? data + 1 : single, count > 0 ? count : 1, 0, SAYS_END, 0};
    data += size > 0 ? 1 + count : 0;
    size -= size > 0 ? 1 + count : 0;
    parting = size > 0 ? data[0] : 0;
    expand(data + (size > 0), size - (size > 0), bytes);
    if (parting == 1)
        plan->parting = SAYS_NOTHING;
    if (parting < 2 || bytes->length == 0)
        return;
    plan->parting = BREAKS;
    plan->break_at = bytes->length * parting / 256;
}
