// Functions that Swift's Glibc module lacks: newer system calls, variadic functions, and `fork`, which Swift marks as
// unavailable.
// Unless stated otherwise, a function returns the result of its system call: -1 and `errno` on failure.
#pragma once

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/// Calls `fork`. For single-threaded programs only.
static inline pid_t cube_fork(void) { return fork(); }

/// A flag of `posix_spawn`: the child becomes the leader of a new session and has no terminal.
static const short cube_spawn_set_session = 0x80;

int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);

/// Makes the spawned child close all descriptors from `first` on, even those that are not marked close-on-exec.
static inline int cube_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/// Closes all descriptors from `first` on.
static inline int cube_close_from(unsigned int first) { return (int)syscall(SYS_close_range, first, ~0U, 0U); }

/// Closes all descriptors from `first` to `last`.
static inline int cube_close_range(unsigned int first, unsigned int last) {
    return (int)syscall(SYS_close_range, first, last, 0U);
}

/// Creates a pipe whose ends are closed on exec. With `O_NONBLOCK` in `flags`, the ends do not block.
static inline int cube_pipe(int ends[2], int flags) {
    return (int)syscall(SYS_pipe2, ends, flags | O_CLOEXEC);
}

/// Creates an anonymous file in memory, which is closed on exec.
static inline int cube_memory_file(void) { return (int)syscall(SYS_memfd_create, "cube", 1U /* MFD_CLOEXEC */); }

/// Opens a descriptor that becomes readable when the process has ended. It is closed on exec.
static inline int cube_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }

static inline int cube_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0U);
}

/// Reaps a child that has ended, so that no zombie stays. Fails with `ECHILD` if the process is not a child of this process.
static inline int cube_pidfd_reap(int pidfd) {
    siginfo_t information;
    return waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &information, WEXITED | WNOHANG);
}

/// Returns the number of a child that has ended, without reaping it; 0 if no child has ended.
static inline pid_t cube_ended_child(void) {
    siginfo_t information = {.si_pid = 0};
    return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 ? information.si_pid : -1;
}

/// Returns the wait status of a child, as `waitpid` reports it, without reaping the child; -1 if it has not ended.
static inline int cube_child_end(pid_t child) {
    siginfo_t information = {.si_pid = 0};
    if (waitid(P_PID, (id_t)child, &information, WEXITED | WNOHANG | WNOWAIT) != 0 || information.si_pid == 0) return -1;
    return information.si_code == CLD_EXITED ? (information.si_status & 0xff) << 8 : information.si_status & 0x7f;
}

/// Prevents this process and its descendants from gaining privileges by `exec`.
static inline int cube_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

/// Makes orphaned descendants children of this process.
static inline int cube_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/// Makes the kernel send `signal` to this process when its parent ends. A change of user clears the setting.
static inline int cube_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/// Opens a new pseudo-terminal, and returns the side of whoever drives it. It is closed on exec.
static inline int cube_open_terminal(void) {
    int unlocked = 0;
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || ioctl(terminal, TIOCSPTLCK, &unlocked) == 0) return terminal;
    close(terminal);
    return -1;
}

/// Opens the side of a pseudo-terminal on which programs run. It is closed on exec.
static inline int cube_terminal_peer(int terminal) {
    return ioctl(terminal, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/// Makes a terminal that of this process, which must lead a session without one.
static inline int cube_take_terminal(int terminal) { return ioctl(terminal, TIOCSCTTY, 0); }

/// An `open` flag (`O_PATH`): the descriptor refers to a file without opening it.
static const int cube_o_path = __O_PATH;

/// Opens `path` below `directory` for reading. Fails if the path leaves `directory` or contains a symbolic link.
static inline int cube_open_beneath(int directory, const char *path, int flags) {
    struct open_how how = {
        .flags = (uint64_t)(uint32_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

/// Returns the ID of the mount that holds an open file; -1 if the kernel does not report it.
static inline int64_t cube_mount(int descriptor) {
    // The buffer is a `struct statx`: `stx_mask` comes first, and `stx_mnt_id` is at byte 144.
    uint64_t status[32];
    memset(status, 0, sizeof(status));
    if (syscall(SYS_statx, descriptor, "", 0x1000 /* AT_EMPTY_PATH */, 0x1000U /* STATX_MNT_ID */, status) != 0) return -1;
    return ((uint32_t)status[0] & 0x1000U) != 0 ? (int64_t)status[18] : -1;
}

/// Returns the magic number of the file system that holds an open file; 0 if it is unknown.
static inline uint32_t cube_file_system_type(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (uint32_t)status.f_type : 0;
}

/// Queries the SRV records of `name` from the machine's name servers or, if `port` is not 0, from the name server at
/// that port of this machine.
/// Returns the length of the response, of which `answer` holds the beginning. On failure, returns -1 and stores an
/// `h_errno` code in `problem`.
static inline int cube_query_services(
    const char *name, unsigned char *answer, int capacity, uint16_t port, int *problem) {
    struct __res_state state;
    memset(&state, 0, sizeof(state));
    if (res_ninit(&state) != 0) {
        *problem = NETDB_INTERNAL;
        return -1;
    }
    state.retrans = 2;
    state.retry = 2;
    if (port != 0) {
        struct sockaddr_in server = {
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
        state.nsaddr_list[0] = server;
        state.nscount = 1;
    }
    int length = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, capacity);
    *problem = state.res_h_errno;
    res_nclose(&state);
    return length;
}
