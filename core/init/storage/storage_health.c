#include "storage_health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "../file.h"

/* The numbers that the file /sys/FOLDER/NAME/ENTRY begins with, two at most; how many. */
static int read_numbers(const char *folder, const char *name, const char *entry,
                        unsigned long numbers[2])
{
    char path[128], text[64], *at = text, *end;
    int count = 0;

    snprintf(path, sizeof path, "/sys/%s/%s/%s", folder, name, entry);
    file_read(path, text, sizeof text);
    while (count < 2) {
        numbers[count] = strtoul(at, &end, 0);
        if (end == at)
            break;
        at = end;
        count++;
    }
    return count;
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void read_file_system(const struct storage *storage, struct storage_health *health)
{
    char device[DISK_PATH];
    unsigned long numbers[2];

    disk_partition(&storage->disk, storage->disk.number, device);
    if (read_numbers("fs/ext4", base(device), "errors_count", numbers) > 0)
        health->errors = numbers[0];
}

/* JESD84-B51: both kinds of memory in a chip have a life of their own, in tenths; 11 is: over. */
static void read_wear(const char *disk, struct storage_health *health)
{
    unsigned long numbers[2];
    int count = read_numbers("block", disk, "device/life_time", numbers);

    for (int i = 0; i < count; i++)
        if (numbers[i] <= 11 && (int)numbers[i] * 10 > health->used_life)
            health->used_life = (int)numbers[i] * 10;
    if (read_numbers("block", disk, "device/pre_eol_info", numbers) > 0 &&
        numbers[0] <= RESERVE_URGENT)
        health->reserve = (enum storage_reserve)numbers[0];
}

void storage_health_read(const struct storage *storage, struct storage_health *health)
{
    struct statvfs status;

    *health = (struct storage_health){0};
    if (storage->state == STORAGE_AWAITED)
        return;
    if (statvfs("/data", &status) == 0) {
        health->size = (uint64_t)status.f_blocks * status.f_frsize;
        health->available = (uint64_t)status.f_bavail * status.f_frsize;
    }
    if (storage->state == STORAGE_ON_DISK) {
        read_file_system(storage, health);
        read_wear(base(storage->disk.path), health);
    }
}
