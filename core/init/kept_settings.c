#include "kept_settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log/console.h"
#include "duty.h"
#include "file.h"
#include "storage/preseed.h"

enum { SETTINGS_SIZE = 4096 };

/* True when there was one: *settings are those that it tells. */
static bool take_preseed(const struct storage *storage, struct settings *settings)
{
    char device[DISK_PATH];
    struct span body;
    int error;

    if (!storage_state_device(storage, device))
        return false;
    error = preseed_read(device, &body);
    if (error == EILSEQ)
        say("what this device was to be told before its first boot is damaged and is not used");
    else
        try_to("read what this device was told before its first boot", error);
    if (error || body.length == 0)
        return false;
    if (!settings_parse(body, settings))
        say("a setting that this device was told makes no sense; none of them is used");
    /* What was ordered before it does not hold any more. */
    error = file_forget(KEPT_NETWORK);
    if (!error)
        error = file_forget(KEPT_TIMEZONE);
    if (!error)
        error = preseed_store(body, RECORD_FOLDER);
    if (try_to("keep what this device was told before its first boot", error) &&
        storage->state == STORAGE_ON_DISK &&
        try_to("erase what this device was told before its first boot", preseed_erase(device)))
        say("what this device was told before its first boot is taken over");
    explicit_bzero((void *)body.start, body.length); /* there may have been a key */
    return true;
}

static bool read_kept(const char *path, struct settings *settings)
{
    char text[SETTINGS_SIZE];
    bool whole = settings_parse(file_read(path, text, sizeof text), settings);

    if (!whole)
        say("%s is damaged and is not used", path);
    return whole;
}

void kept_settings_learn(const struct storage *storage, struct settings *settings)
{
    struct settings ordered;

    *settings = (struct settings){0};
    if (take_preseed(storage, settings))
        return;
    read_kept(RECORD_FOLDER "/preseed.conf", settings);
    if (access(KEPT_NETWORK, F_OK) == 0 && read_kept(KEPT_NETWORK, &ordered))
        settings->network = ordered.network;
    if (access(KEPT_TIMEZONE, F_OK) == 0 && read_kept(KEPT_TIMEZONE, &ordered)) {
        memcpy(settings->zone, ordered.zone, sizeof settings->zone);
        memcpy(settings->timezone, ordered.timezone, sizeof settings->timezone);
    }
}
