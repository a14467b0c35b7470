/* Which system calls an app may make, as a program for seccomp (BPF). Pure.
 *
 * What is not in the lists of syscall_filter.c is refused with EPERM. Calls newer than these lists,
 * clone3 and io_uring_setup are answered with ENOSYS, as by an older kernel, so that a library
 * takes its other way. Of some the arguments decide: no new namespaces, only sockets of the
 * families that talk to programs and to the network, no input put into somebody's terminal. Calls
 * of another architecture (32 bits on x86_64, x32) are refused.
 *
 * Who is root, though without root's rights, has its user id in common with PID 1, which to the
 * kernel is enough to change the other's limits: such a process may change its own only. And it has
 * sockets to programs of this machine only. */
#ifndef FAPWS4_INIT_SYSCALL_FILTER_H
#define FAPWS4_INIT_SYSCALL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As the kernel has it (struct sock_filter). */
struct filter_step {
    uint16_t code;
    uint8_t if_true;
    uint8_t if_false;
    uint32_t value;
};

enum { SYSCALL_FILTER_STEPS = 1024 };

/* Whose calls they are. */
enum syscall_user { SYSCALL_OWN_USER, SYSCALL_ROOT };

/* Writes the program; its length in steps. */
size_t syscall_filter(enum syscall_user user, struct filter_step steps[SYSCALL_FILTER_STEPS]);

/* Whether a call is answered as if there were none: nothing that a log should show. */
bool syscall_is_absent(int number);

/* The name of a call that is refused on purpose, or NULL. */
const char *syscall_refused_name(int number);

#endif
