/* The kernel's own switches and names. */
#ifndef FAPWS4_INIT_KERNEL_H
#define FAPWS4_INIT_KERNEL_H

/* Sets what a device wants otherwise than the kernel's defaults. 0, or the errno value of the
 * first that failed; all are tried. */
int kernel_set_switches(void);

/* The host's name, and /etc/hosts with it and localhost. 0 or an errno value. */
int kernel_set_name(const char *hostname);

#endif
