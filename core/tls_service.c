#include "tls_service.h"

#include "limits.h"

#include <stdio.h>
#include <stdlib.h>

bool tls_service_init(struct tls_service *service, const char *certificate, const char *key)
{
    char fault[TLS_FAULT] = "memory is out";

    service->certificate = certificate;
    service->key = key;
    service->seconds = 1; /* no client has sent in second 0 */
    service->received = malloc(LIMIT_READ);
    if (service->received != NULL)
        service->library = tls_library(fault);
    if (service->library != NULL)
        service->context = service->library->load(certificate, key, fault);
    if (service->context == NULL)
        fprintf(stderr, "fapws4: TLS: %s\n", fault);
    return service->context != NULL;
}

bool tls_service_reload(void *context)
{
    struct tls_service *service = context;
    char fault[TLS_FAULT];
    struct tls_context *fresh = service->library->load(service->certificate, service->key, fault);

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
