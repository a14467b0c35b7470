#include "syscall_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define OWN_ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv)
#define OWN_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "say which AUDIT_ARCH_ the filter is for"
#endif

/* Calls of the x32 interface have this bit (asm/unistd.h of x86_64). */
#define X32_BIT 0x40000000
/* The first number that no kernel of the headers' time knew: mseal is 462 everywhere. On x86_64
 * and ARM they are the same from 424 on. */
#define FIRST_UNKNOWN 463

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)
#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

/* What a program in C, Python, SQLite or OpenSSL needs to work with files, memory, processes of
 * its own, time and sockets. */
static const int allowed[] = {
    /* Descriptors and files. */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_close, SYS_close_range, SYS_lseek, SYS_dup, SYS_dup3, SYS_fcntl,
    SYS_flock, SYS_fsync, SYS_fdatasync, SYS_syncfs, SYS_sync, SYS_fallocate,
    SYS_truncate, SYS_ftruncate, SYS_readahead, SYS_splice, SYS_tee, SYS_vmsplice,
    SYS_sendfile, SYS_copy_file_range, SYS_pipe2, SYS_eventfd2, SYS_memfd_create, SYS_openat,
    SYS_openat2, SYS_mkdirat, SYS_mknodat, SYS_unlinkat, SYS_symlinkat, SYS_linkat, SYS_renameat2,
    SYS_readlinkat, SYS_faccessat, SYS_faccessat2, SYS_fchmod, SYS_fchmodat, SYS_fchown,
    SYS_fchownat, SYS_utimensat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_getdents64, SYS_getcwd,
    SYS_chdir, SYS_fchdir, SYS_umask, SYS_inotify_init1, SYS_inotify_add_watch,
    SYS_inotify_rm_watch, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_getxattr, SYS_lgetxattr,
    SYS_fgetxattr, SYS_listxattr, SYS_llistxattr, SYS_flistxattr, SYS_removexattr,
    SYS_lremovexattr, SYS_fremovexattr,
    /* Waiting. */
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2,
    SYS_nanosleep, SYS_restart_syscall,
    /* Memory. */
    SYS_mremap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_mincore, SYS_msync, SYS_brk, SYS_mlock,
    SYS_mlock2, SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_membarrier,
    SYS_shmget, SYS_shmat, SYS_shmdt, SYS_shmctl, SYS_semget, SYS_semop, SYS_semtimedop, SYS_semctl,
    SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink, SYS_mq_timedsend,
    SYS_mq_timedreceive, SYS_mq_notify, SYS_mq_getsetattr,
    /* Threads and processes of its own. What belongs to others is kept from it by its user id. */
    SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill, SYS_tkill,
    SYS_tgkill, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_futex, SYS_set_tid_address,
    SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_getpid, SYS_getppid, SYS_gettid,
    SYS_setpgid, SYS_getpgid, SYS_setsid, SYS_getsid, SYS_getuid, SYS_geteuid, SYS_getgid,
    SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_setuid, SYS_setgid,
    SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_capget,
    SYS_sched_yield, SYS_sched_setscheduler, SYS_sched_getscheduler, SYS_sched_setparam,
    SYS_sched_getparam, SYS_sched_setattr, SYS_sched_getattr, SYS_sched_setaffinity,
    SYS_sched_getaffinity, SYS_sched_get_priority_max, SYS_sched_get_priority_min,
    SYS_sched_rr_get_interval, SYS_getpriority, SYS_setpriority, SYS_ioprio_get, SYS_ioprio_set,
    SYS_prlimit64, SYS_getrusage, SYS_times, SYS_getcpu, SYS_seccomp,
    /* Signals, timers, time. */
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigpending, SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_rt_sigreturn,
    SYS_sigaltstack, SYS_signalfd4, SYS_timerfd_create,
    SYS_timer_create, SYS_timer_getoverrun, SYS_timer_delete,
    SYS_getitimer, SYS_setitimer,
    /* Sockets; which kinds, is decided by the arguments of socket. */
    SYS_socketpair, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_connect, SYS_getsockname,
    SYS_getpeername, SYS_sendto, SYS_recvfrom, SYS_setsockopt, SYS_getsockopt, SYS_shutdown,
    SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg,
    /* What the system says of itself. */
    SYS_uname, SYS_sysinfo, SYS_getrandom,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_fstat
    SYS_fstat,
#endif
#ifdef SYS_mmap
    SYS_mmap,
#endif
#ifdef SYS_getrlimit
    SYS_getrlimit, SYS_setrlimit,
#endif
#ifdef SYS_open /* x86_64 and ARM: what newer processors have under one newer name only */
    SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_pipe, SYS_dup2, SYS_poll,
    SYS_mkdir, SYS_rmdir, SYS_mknod, SYS_unlink, SYS_symlink, SYS_link, SYS_rename, SYS_readlink,
    SYS_chmod, SYS_chown, SYS_lchown, SYS_getdents, SYS_utimes, SYS_futimesat, SYS_epoll_create,
    SYS_epoll_wait, SYS_inotify_init, SYS_eventfd, SYS_signalfd, SYS_fork, SYS_vfork, SYS_getpgrp,
    SYS_pause,
#endif
#ifdef SYS_select
    SYS_select,
#endif
#ifdef SYS_alarm
    SYS_alarm, SYS_utime, SYS_time,
#endif
#ifdef SYS_arch_prctl
    SYS_arch_prctl,
#endif
#ifdef SYS_riscv_flush_icache
    SYS_riscv_flush_icache,
#endif
#ifdef SYS_riscv_hwprobe
    SYS_riscv_hwprobe,
#endif
#ifdef __ARM_NR_set_tls
    __ARM_NR_cacheflush, __ARM_NR_set_tls, __ARM_NR_get_tls,
#endif
#ifdef SYS_clock_gettime /* 64 bits: their times are as wide as the newer calls' of 32 bits */
    SYS_sync_file_range, SYS_fadvise64, SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep,
    SYS_gettimeofday, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_timer_settime,
    SYS_timer_gettime,
#endif
#ifdef SYS__llseek /* 32 bits */
    SYS__llseek, SYS_mmap2, SYS_fcntl64, SYS_stat64, SYS_lstat64, SYS_fstat64, SYS_fstatat64,
    SYS_statfs64, SYS_fstatfs64, SYS_truncate64, SYS_ftruncate64, SYS_sendfile64, SYS__newselect,
    SYS_ugetrlimit, SYS_sigaction, SYS_sigprocmask, SYS_sigreturn, SYS_arm_fadvise64_64,
    SYS_arm_sync_file_range, SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32,
    SYS_getresuid32, SYS_getresgid32, SYS_getgroups32, SYS_setuid32, SYS_setgid32, SYS_setreuid32,
    SYS_setregid32, SYS_setresuid32, SYS_setresgid32, SYS_setgroups32, SYS_chown32, SYS_fchown32,
    SYS_lchown32, SYS_clock_gettime64, SYS_clock_getres_time64, SYS_clock_nanosleep_time64,
    SYS_timer_gettime64, SYS_timer_settime64, SYS_timerfd_gettime64, SYS_timerfd_settime64,
    SYS_utimensat_time64, SYS_pselect6_time64, SYS_ppoll_time64, SYS_recvmmsg_time64,
    SYS_mq_timedsend_time64, SYS_mq_timedreceive_time64, SYS_semtimedop_time64,
    SYS_rt_sigtimedwait_time64, SYS_futex_time64, SYS_sched_rr_get_interval_time64, SYS_send,
    SYS_recv, SYS_nice,
#endif
};

/* Calls that libraries try first and do well without. The flags of clone3 lie in memory, out of a
 * filter's sight; libuv asks for a ring at every start. */
static const uint32_t absent[] = {SYS_clone3, SYS_io_uring_setup};

/* What belongs to the machine and not to an app, by the names that its log shows. */
static const struct {
    int number;
    const char *name;
} refused[] = {
    {SYS_ptrace, "ptrace"},
    {SYS_process_vm_readv, "process_vm_readv"},
    {SYS_process_vm_writev, "process_vm_writev"},
    {SYS_kcmp, "kcmp"},
    {SYS_bpf, "bpf"},
    {SYS_perf_event_open, "perf_event_open"},
    {SYS_userfaultfd, "userfaultfd"},
    {SYS_io_uring_enter, "io_uring_enter"},
    {SYS_io_uring_register, "io_uring_register"},
    {SYS_add_key, "add_key"},
    {SYS_request_key, "request_key"},
    {SYS_keyctl, "keyctl"},
    {SYS_init_module, "init_module"},
    {SYS_finit_module, "finit_module"},
    {SYS_delete_module, "delete_module"},
    {SYS_kexec_load, "kexec_load"},
#ifdef SYS_kexec_file_load
    {SYS_kexec_file_load, "kexec_file_load"},
#endif
    {SYS_reboot, "reboot"},
    {SYS_mount, "mount"},
    {SYS_umount2, "umount2"},
    {SYS_pivot_root, "pivot_root"},
    {SYS_chroot, "chroot"},
    {SYS_fsopen, "fsopen"},
    {SYS_fsmount, "fsmount"},
    {SYS_open_tree, "open_tree"},
    {SYS_move_mount, "move_mount"},
    {SYS_swapon, "swapon"},
    {SYS_swapoff, "swapoff"},
    {SYS_unshare, "unshare"},
    {SYS_setns, "setns"},
    {SYS_clone, "clone"},
    {SYS_socket, "socket"},
    {SYS_ioctl, "ioctl"},
    {SYS_prctl, "prctl"},
    {SYS_open_by_handle_at, "open_by_handle_at"},
    {SYS_name_to_handle_at, "name_to_handle_at"},
    {SYS_fanotify_init, "fanotify_init"},
    {SYS_pidfd_getfd, "pidfd_getfd"},
    {SYS_personality, "personality"},
    {SYS_syslog, "syslog"},
    {SYS_acct, "acct"},
    {SYS_quotactl, "quotactl"},
    {SYS_vhangup, "vhangup"},
    {SYS_prlimit64, "prlimit64"},
    {SYS_sethostname, "sethostname"},
    {SYS_setdomainname, "setdomainname"},
#ifdef SYS_clock_settime
    {SYS_clock_settime, "clock_settime"},
    {SYS_settimeofday, "settimeofday"},
#endif
    {SYS_clock_adjtime, "clock_adjtime"},
    {SYS_adjtimex, "adjtimex"},
    {SYS_capset, "capset"},
#ifdef SYS_iopl
    {SYS_iopl, "iopl"},
    {SYS_ioperm, "ioperm"},
    {SYS_modify_ldt, "modify_ldt"},
#endif
};

/* What may be asked of prctl: names, the end of the parent, its own dumps, and what only gives up
 * more. PR_SET_VMA (0x53564d41) names memory. */
static const uint32_t prctl_options[] = {
    PR_SET_NAME,        PR_GET_NAME,         PR_SET_PDEATHSIG,   PR_GET_PDEATHSIG,
    PR_SET_DUMPABLE,    PR_GET_DUMPABLE,     PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
    PR_SET_TIMERSLACK,  PR_GET_TIMERSLACK,   PR_SET_THP_DISABLE, PR_GET_THP_DISABLE,
    PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_CAPBSET_READ, 0x53564d41,
};

static const uint32_t socket_families[] = {AF_UNIX, AF_INET, AF_INET6};
/* Characters put into a terminal as if typed, and the console's own menu. */
static const uint32_t terminal_tricks[] = {TIOCSTI, TIOCLINUX};

struct program {
    struct filter_step *steps;
    size_t length;
};

static void add(struct program *program, uint16_t code, uint32_t value, uint8_t if_true,
                uint8_t if_false)
{
    program->steps[program->length++] = (struct filter_step){code, if_true, if_false, value};
}

static void load(struct program *program, size_t offset)
{
    add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The lower half: every argument looked at here is an int. */
static void load_argument(struct program *program, int which)
{
    bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

    load(program, offsetof(struct seccomp_data, args) + 8 * (size_t)which + (big_endian ? 4 : 0));
}

static void answer(struct program *program, uint32_t what)
{
    add(program, BPF_RET | BPF_K, what, 0, 0);
}

/* `what`, when the loaded value is `value`. */
static void answer_if(struct program *program, uint32_t value, uint32_t what)
{
    add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(program, what);
}

static void answer_if_any(struct program *program, const uint32_t *values, size_t count,
                          uint32_t what)
{
    for (size_t i = 0; i < count; i++)
        answer_if(program, values[i], what);
}

/* Begins what holds for call `number` only; `end` closes it. A jump reaches 255 steps. */
static size_t begin(struct program *program, int number)
{
    add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 0);
    return program->length - 1;
}

static void end(struct program *program, size_t at)
{
    program->steps[at].if_false = (uint8_t)(program->length - at - 1);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_architecture(struct program *program)
{
    load(program, offsetof(struct seccomp_data, arch));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
    answer(program, REFUSED);
    load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    add(program, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    answer(program, REFUSED);
#endif
}

static void check_clone(struct program *program)
{
    size_t at = begin(program, SYS_clone);

    load_argument(program, 0);
    add(program, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
    answer(program, REFUSED);
    answer(program, SECCOMP_RET_ALLOW);
    end(program, at);
}

/* Limits of its own only: process 0 is the caller. */
static void check_limits(struct program *program)
{
    size_t at = begin(program, SYS_prlimit64);

    load_argument(program, 0);
    answer_if(program, 0, SECCOMP_RET_ALLOW);
    answer(program, REFUSED);
    end(program, at);
}

static void check_local_socket(struct program *program)
{
    size_t at = begin(program, SYS_socket);

    load_argument(program, 0);
    answer_if(program, AF_UNIX, SECCOMP_RET_ALLOW);
    answer(program, REFUSED);
    end(program, at);
}

/* Netlink only to ask for addresses and routes, as getifaddrs does. */
static void check_socket(struct program *program)
{
    size_t at = begin(program, SYS_socket);
    size_t netlink;

    load_argument(program, 0);
    answer_if_any(program, socket_families, COUNT(socket_families), SECCOMP_RET_ALLOW);
    netlink = begin(program, AF_NETLINK);
    load_argument(program, 2);
    answer_if(program, NETLINK_ROUTE, SECCOMP_RET_ALLOW);
    end(program, netlink);
    answer(program, REFUSED);
    end(program, at);
}

static void check_ioctl(struct program *program)
{
    size_t at = begin(program, SYS_ioctl);

    load_argument(program, 1);
    answer_if_any(program, terminal_tricks, COUNT(terminal_tricks), REFUSED);
    answer(program, SECCOMP_RET_ALLOW);
    end(program, at);
}

static void check_prctl(struct program *program)
{
    size_t at = begin(program, SYS_prctl);

    load_argument(program, 0);
    answer_if_any(program, prctl_options, COUNT(prctl_options), SECCOMP_RET_ALLOW);
    answer(program, REFUSED);
    end(program, at);
}

static void refuse_the_rest(struct program *program)
{
    add(program, BPF_JMP | BPF_JGE | BPF_K, FIRST_UNKNOWN, 0, 1);
    answer(program, UNKNOWN);
    answer(program, REFUSED);
}

size_t syscall_filter(enum syscall_user user, struct filter_step steps[SYSCALL_FILTER_STEPS])
{
    struct program program = {steps, 0};

    _Static_assert(2 * COUNT(allowed) + 2 * COUNT(prctl_options) + 96 < SYSCALL_FILTER_STEPS,
                   "raise SYSCALL_FILTER_STEPS");
    check_architecture(&program);
    if (user == SYSCALL_ROOT) {
        check_limits(&program);
        check_local_socket(&program);
    }
    for (size_t i = 0; i < COUNT(allowed); i++)
        answer_if(&program, (uint32_t)allowed[i], SECCOMP_RET_ALLOW);
    check_clone(&program);
    answer_if_any(&program, absent, COUNT(absent), UNKNOWN);
    check_socket(&program);
    check_ioctl(&program);
    check_prctl(&program);
    refuse_the_rest(&program);
    return program.length;
}

bool syscall_is_absent(int number)
{
    for (size_t i = 0; i < COUNT(absent); i++)
        if ((uint32_t)number == absent[i])
            return true;
    return number >= FIRST_UNKNOWN && (number & X32_BIT) == 0;
}

const char *syscall_refused_name(int number)
{
    for (size_t i = 0; i < COUNT(refused); i++)
        if (refused[i].number == number)
            return refused[i].name;
    return NULL;
}
