#include "identity.h"

#include <errno.h>
#include <string.h>

#include "console.h"
#include "duty.h"
#include "file.h"
#include "preseed.h"

enum { SETTINGS_SIZE = 4096 };

static const char folder[] = "/data/.fapws4";

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
    error = preseed_store(body, folder);
    if (try_to("keep what this device was told before its first boot", error) &&
        storage->state == STORAGE_ON_DISK &&
        try_to("erase what this device was told before its first boot", preseed_erase(device)))
        say("what this device was told before its first boot is taken over");
    explicit_bzero((void *)body.start, body.length); /* there may have been a key */
    return true;
}

static void read_kept(struct settings *settings)
{
    char text[SETTINGS_SIZE];

    if (!settings_parse(file_read("/data/.fapws4/preseed.conf", text, sizeof text), settings))
        say("/data/.fapws4/preseed.conf is damaged and is not used");
}

void identity_learn(const struct storage *storage, struct settings *settings)
{
    *settings = (struct settings){0};
    if (!take_preseed(storage, settings))
        read_kept(settings);
}
