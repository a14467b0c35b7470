#include "banner.h"

#include <stdio.h>

#define SERVER_FIELD "Server: fapws4\r\n"

void banner_update(struct banner *banner, time_t now)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    int length;

    gmtime_r(&now, &tm);
    length = snprintf(banner->text, sizeof(banner->text),
                      SERVER_FIELD "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                      tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                      tm.tm_sec);
    banner->server_length = sizeof(SERVER_FIELD) - 1;
    banner->length = (size_t)length;
}
