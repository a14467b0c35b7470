#include "rtc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const char path[] = "/dev/rtc0";

int64_t rtc_read(void)
{
    struct rtc_time shown = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int64_t seconds = 0;

    if (fd < 0)
        return 0;
    if (ioctl(fd, RTC_RD_TIME, &shown) == 0) {
        struct tm parts = {.tm_sec = shown.tm_sec,
                           .tm_min = shown.tm_min,
                           .tm_hour = shown.tm_hour,
                           .tm_mday = shown.tm_mday,
                           .tm_mon = shown.tm_mon,
                           .tm_year = shown.tm_year};

        seconds = (int64_t)timegm(&parts);
    }
    close(fd);
    return seconds > 0 ? seconds : 0;
}

int rtc_write(int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct rtc_time wanted;
    struct tm parts;
    int fd, error;

    if (!gmtime_r(&time, &parts))
        return EOVERFLOW;
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    wanted = (struct rtc_time){.tm_sec = parts.tm_sec,
                               .tm_min = parts.tm_min,
                               .tm_hour = parts.tm_hour,
                               .tm_mday = parts.tm_mday,
                               .tm_mon = parts.tm_mon,
                               .tm_year = parts.tm_year};
    error = ioctl(fd, RTC_SET_TIME, &wanted) == 0 ? 0 : errno;
    close(fd);
    return error;
}
