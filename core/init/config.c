#include "config.h"

#include <stdio.h>
#include <string.h>

static const char letters_and_digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool consists_of(struct span value, const char *further)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.start[i] == '\0' ||
            (!strchr(letters_and_digits, value.start[i]) && !strchr(further, value.start[i])))
            return false;
    return value.length > 0;
}

static void set(char *field, size_t size, struct span value, const char *further)
{
    if (consists_of(value, further) && value.length < size)
        span_copy(value, field, size);
}

static void set_number(char *field, size_t size, struct span value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.start[i] < '0' || value.start[i] > '9')
            return;
    set(field, size, value, "");
}

static void parse_line(struct span line, struct config *config)
{
    if (span_skip(&line, "name="))
        set(config->name, sizeof config->name, line, "-_.");
    else if (span_skip(&line, "version="))
        set(config->version, sizeof config->version, line, "-_.+~:");
    else if (span_skip(&line, "board="))
        set(config->board, sizeof config->board, line, "-_.");
    else if (span_skip(&line, "data="))
        set(config->data, sizeof config->data, line, "-_.");
    else if (span_skip(&line, "hostname="))
        set(config->hostname, sizeof config->hostname, line, "-");
    else if (span_skip(&line, "counter="))
        set_number(config->counter, sizeof config->counter, line);
    else if (span_skip(&line, "usb_update="))
        set(config->usb_update, sizeof config->usb_update, line, "");
    else if (span_skip(&line, "settings="))
        set(config->settings, sizeof config->settings, line, "-_./");
    else if (span_skip(&line, "data_version="))
        set_number(config->data_version, sizeof config->data_version, line);
    else if (span_skip(&line, "update_from="))
        set(config->update_from, sizeof config->update_from, line, "-_.:/[]");
    else if (span_skip(&line, "update_every="))
        set_number(config->update_every, sizeof config->update_every, line);
    else if (span_skip(&line, "log_size="))
        set_number(config->log_size, sizeof config->log_size, line);
    else if (span_skip(&line, "built="))
        set_number(config->built, sizeof config->built, line);
    else if (span_skip(&line, "ntp="))
        set(config->ntp, sizeof config->ntp, line, ".,");
    else if (span_skip(&line, "devices="))
        set(config->devices, sizeof config->devices, line, "-_.:+*?/ ");
    else if (span_skip(&line, "tls="))
        set(config->tls, sizeof config->tls, line, "");
    else if (span_skip(&line, "health=") && line.length > 0 && line.start[0] == '/')
        set(config->health, sizeof config->health, line, "-_.~/%");
}

void config_parse(struct span text, struct config *config)
{
    struct span line;

    memset(config, 0, sizeof *config);
    snprintf(config->name, sizeof config->name, "app");
    snprintf(config->hostname, sizeof config->hostname, "fapws4");
    snprintf(config->built, sizeof config->built, "1700000000");
    while (span_next_line(&text, &line))
        parse_line(line, config);
}
