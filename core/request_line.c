#include "request_line.h"

#include "character.h"

#define VERSION " HTTP/1.1\r\n"

enum { VERSION_LENGTH = sizeof(VERSION) - 1 };

/* The length of the method when a space follows it; CONNECT has targets of its own. */
static size_t method_length(const char *data, size_t length)
{
    size_t i = 0;

    if (length >= 4 && memcmp(data, "GET ", 4) == 0)
        return 3;
    while (i < length && character_is(data[i], CHARACTER_TOKEN))
        i++;
    if (i == length || data[i] != ' ' || (i == 7 && memcmp(data, "CONNECT", 7) == 0))
        return 0;
    return i;
}

size_t request_line_take(struct request *request, const char *data, size_t length)
{
    size_t start = method_length(data, length) + 1;
    size_t end;

    if (start == 1 || start >= length || data[start] != '/')
        return 0;
    memset(&request->target, 0, sizeof(request->target));
    end = start + target_take_path((struct slice){data + start, length - start}, &request->target);
    if (end + VERSION_LENGTH > LIMIT_REQUEST_LINE) /* request->decoded has no room for more */
        return 0;
    if (length - end < VERSION_LENGTH || memcmp(data + end, VERSION, VERSION_LENGTH) != 0)
        return 0;
    request->path = request->target.raw_path;
    if (request->target.encoded)
        request->path = target_decode(request->target.raw_path, request->decoded);
    if (request->path.data == NULL)
        return 0;
    request->method = (struct slice){data, start - 1};
    request->text = (struct slice){data + start, end - start};
    request->minor_version = 1;
    return end + VERSION_LENGTH;
}
