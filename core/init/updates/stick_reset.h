/* The time between a stick that orders a factory reset and the reset: it is told on every console how
 * long it is still, and to pull the stick out stops it. */
#ifndef FAPWS4_INIT_STICK_RESET_H
#define FAPWS4_INIT_STICK_RESET_H

#include "../loop.h"
#include "stick_process.h"

/* Orders the reset that `stick` (reset_file.h) wants, if `now`. Why it cannot or may not be, NULL
 * when it was or would be ordered. */
typedef const char *stick_reset_orders(void *owner, uint32_t stick, bool now);

struct stick_reset {
    struct loop *loop;
    struct timer tick;
    const char *product;
    stick_reset_orders *order;
    void *owner;
    char node[STICK_NODE];
    uint32_t stick;
    int64_t left_ms; /* 0: none is under way */
};

void stick_reset_open(struct stick_reset *reset, struct loop *loop, const char *product,
                      stick_reset_orders *order, void *owner);

/* This one wants it. Nothing happens while another one does, or when it may not. */
void stick_reset_begin(struct stick_reset *reset, const char *node, uint32_t stick);

/* This one is gone. */
void stick_reset_stop(struct stick_reset *reset, const char *node);

#endif
