/* The request target (RFC 9112 section 3.2) and the Host field (RFC 9110 section 7.2). */
#ifndef FAPWS4_TARGET_H
#define FAPWS4_TARGET_H

#include "buffer.h"

struct target {
    struct slice authority; /* of an absolute-form target; data is NULL for the others */
    struct slice raw_path;  /* as sent, never empty */
    struct slice query;     /* behind the first '?'; data is NULL when there is none */
    bool encoded;           /* raw_path contains '%' */
    bool asterisk;          /* the target is "*" */
};

/* Splits a target in origin-form, absolute-form (http, https) or asterisk-form into `target`; its
 * slices point into `text`. False for any other form, for a '#', for bytes above 127, and for an
 * absolute-form whose authority is empty or malformed. */
bool target_parse(struct slice text, struct target *target);

/* Splits what begins `text`, a path and a query, into a zeroed `target`: the number of bytes up to the
 * first that can stand in neither. */
size_t target_take_path(struct slice text, struct target *target);

/* Undoes percent-encoding (RFC 3986 section 2.1) into `decoded`, which has room for path.length
 * bytes; a '%' without two hexadecimal digits stays as it is, '+' is not touched. Returns the slice
 * of `decoded` that was filled; its data is NULL when the path contains %00. */
struct slice target_decode(struct slice path, char *decoded);

/* True for `uri-host [ ":" port ]`. An empty host is legal here: clients send it when their URI has
 * no authority (RFC 9112 section 3.2). */
bool host_is_valid(struct slice host);

#endif
