#include "tls_service.h"

#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char of_device[] = "the device's certificate";

/* ---- texts ---- */

/* Other processes may read from the same descriptor. */
static bool read_all(int descriptor, struct buffer *text)
{
    ssize_t count = 1;

    while (count > 0 && text->length < LIMIT_TLS_TEXT && buffer_reserve(text, LIMIT_TLS_READ)) {
        count = pread(descriptor, text->data + text->length, LIMIT_TLS_READ, (off_t)text->length);
        text->length += count > 0 ? (size_t)count : 0;
    }
    if (count > 0)
        errno = text->failed ? ENOMEM : EFBIG;
    return count == 0;
}

/* False with the reason in errno. */
static bool read_file(const char *name, struct buffer *text)
{
    int descriptor = open(name, O_RDONLY | O_CLOEXEC), kept;
    bool read = descriptor >= 0 && read_all(descriptor, text);

    kept = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = kept;
    return read;
}

static bool blame(const char *name, char fault[TLS_FAULT])
{
    snprintf(fault, TLS_FAULT, "%s: %s", name, strerror(errno));
    return false;
}

/* ---- the service ---- */

/* A certificate and its key from the files, or both from the descriptor. */
static bool read_source(const struct tls_source *source, struct buffer *certificate,
                        struct buffer *key, char fault[TLS_FAULT])
{
    if (source->certificate == NULL)
        return read_all(source->descriptor, certificate) || blame(of_device, fault);
    return (read_file(source->certificate, certificate) || blame(source->certificate, fault)) &&
           (read_file(source->key, key) || blame(source->key, fault));
}

/* NULL with the reason in `fault`. */
static struct tls_context *load(const struct tls_service *service, char fault[TLS_FAULT])
{
    const struct tls_source *source = &service->source;
    bool is_filed = source->certificate != NULL;
    struct buffer certificate = {0}, key = {0};
    struct tls_context *context = NULL;

    if (read_source(source, &certificate, &key, fault)) {
        const struct buffer *key_text = is_filed ? &key : &certificate;
        context = service->library->load(
            &(struct tls_pair){
                .certificate_name = is_filed ? source->certificate : of_device,
                .key_name = is_filed ? source->key : of_device,
                .certificate = {certificate.data, certificate.length},
                .key = {key_text->data, key_text->length},
            },
            fault);
    }
    buffer_finish(&certificate);
    buffer_finish(&key);
    return context;
}

bool tls_service_init(struct tls_service *service, const struct tls_source *source)
{
    char fault[TLS_FAULT] = "memory is out";

    service->source = *source;
    service->seconds = 1; /* no client has sent in second 0 */
    service->received = malloc(LIMIT_READ);
    if (service->received != NULL)
        service->library = tls_library(fault);
    if (service->library != NULL)
        service->context = load(service, fault);
    if (service->context == NULL)
        fprintf(stderr, "fapws4: TLS: %s\n", fault);
    return service->context != NULL;
}

bool tls_service_reload(void *context)
{
    struct tls_service *service = context;
    char fault[TLS_FAULT];
    struct tls_context *fresh = load(service, fault);

    if (fresh == NULL) {
        fprintf(stderr, "fapws4: TLS: %s; the old certificate stays in force\n", fault);
        return false;
    }
    service->library->unload(service->context);
    service->context = fresh;
    return true;
}

void tls_service_finish(struct tls_service *service)
{
    if (service->library != NULL)
        service->library->unload(service->context);
    buffer_finish(&service->output);
    free(service->received);
    memset(service, 0, sizeof(*service));
}
