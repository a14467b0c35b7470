#include "profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Eight buckets for each doubling of the time, from 1 us on: an answer is at most 9 % too high. */
enum { STEPS = 8, DOUBLINGS = 32, BUCKETS = STEPS * DOUBLINGS };

struct share {
    uint64_t requests, bytes;
    uint64_t classes[6]; /* of statuses: 2 for 2xx */
    uint32_t times[BUCKETS];
};

struct profile {
    const struct router *router;
    time_t since;
    struct share *shares; /* one for each route, and one behind them */
};

struct profile *profile_create(const struct router *router)
{
    struct profile *profile = calloc(1, sizeof(*profile));

    if (profile == NULL)
        return NULL;
    profile->router = router;
    profile->since = time(NULL);
    profile->shares = calloc(router->count + 1, sizeof(struct share));
    if (profile->shares != NULL)
        return profile;
    free(profile);
    return NULL;
}

void profile_destroy(struct profile *profile)
{
    if (profile == NULL)
        return;
    free(profile->shares);
    free(profile);
}

/* ---- counting ---- */

static unsigned bucket_of(uint64_t time)
{
    uint64_t microseconds = time / 1000;
    unsigned doubling = 0, bucket;

    while (microseconds >> doubling > 1)
        doubling++;
    bucket = doubling * STEPS;
    if (doubling > 0)
        bucket += (unsigned)(((microseconds - (1ULL << doubling)) * STEPS) >> doubling);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The upper end of a bucket, milliseconds. */
static double end_of(unsigned bucket)
{
    double doubled = (double)(1ULL << (bucket / STEPS));

    return doubled * (1 + (bucket % STEPS + 1) / (double)STEPS) / 1000;
}

void profile_add(struct profile *profile, int route, int status, uint64_t bytes, uint64_t time)
{
    struct share *share =
        &profile->shares[route == ROUTE_NONE ? profile->router->count : (size_t)route];

    share->requests++;
    share->bytes += bytes;
    share->classes[status / 100 < 6 ? status / 100 : 0]++;
    share->times[bucket_of(time)]++;
}

/* ---- the table ---- */

/* The time within which `percent` of the requests were answered. */
static double quantile(const struct share *share, unsigned percent)
{
    uint64_t wanted = (share->requests * percent + 99) / 100, seen = 0;
    unsigned bucket = 0;

    while (bucket < BUCKETS - 1 && (seen += share->times[bucket]) < wanted)
        bucket++;
    return end_of(bucket);
}

static void print_share(const struct share *share, struct slice route)
{
    if (share->requests == 0)
        return;
    fprintf(stderr, "%10llu %10.3f %10.3f %14llu", (unsigned long long)share->requests,
            quantile(share, 50), quantile(share, 99), (unsigned long long)share->bytes);
    for (int i = 2; i < 6; i++)
        fprintf(stderr, " %8llu", (unsigned long long)share->classes[i]);
    fprintf(stderr, "  %.*s\n", (int)route.length, route.data);
}

void profile_print(struct profile *profile)
{
    const struct router *router = profile->router;
    time_t now = time(NULL);

    fprintf(stderr,
            "fapws4: process %d, %ld seconds\n%10s %10s %10s %14s %8s %8s %8s %8s  route\n",
            (int)getpid(), (long)(now - profile->since), "requests", "p50 ms", "p99 ms", "bytes",
            "2xx", "3xx", "4xx", "5xx");
    for (size_t i = 0; i < router->count; i++)
        print_share(&profile->shares[i], router->prefixes[i].text);
    print_share(&profile->shares[router->count], SLICE("(no route)"));
    memset(profile->shares, 0, (router->count + 1) * sizeof(struct share));
    profile->since = now;
}
