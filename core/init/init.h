/* PID 1: what stands between the kernel and the app when this binary is /init of a device image.
 *
 * Everything in core/init/ is plain C on Linux system calls: no Python.h, no libuv, no shell, no
 * other program. A duty that fails is said on the consoles and the boot goes on; see duty.h for
 * the two exceptions. */
#ifndef FAPWS4_INIT_INIT_H
#define FAPWS4_INIT_INIT_H

/* When the kernel has started this program as /init of an initramfs (process 1, argv[0] exactly
 * "/init"): boots the device, starts the app as an unprivileged child, looks after both until
 * power-off or restart, and does not return while the machine runs. -1 at once otherwise: an app
 * that is process 1 of a container has another name and stays an ordinary program. */
int init_run(int argc, char **argv);

/* The same function in a program for a device, NULL in every other (appliance/freezing/link.py). */
extern int (*const init_linked)(int argc, char **argv);

#endif
