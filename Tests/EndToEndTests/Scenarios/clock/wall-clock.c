// Shifts the wall clock of a program by the number of seconds in the file that WALL_CLOCK_OFFSET names (an int64). A
// test may change the file at any time, which is a jump like one by an administrator or a time server. The monotonic
// and boot-time clocks are not affected, as in a real jump. Waits for a wall-clock deadline use the shifted clock.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *place;

__attribute__((constructor)) static void open_offset(void) {
    const char *path = getenv("WALL_CLOCK_OFFSET");
    int descriptor = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped != MAP_FAILED) place = mapped;
}

static int64_t offset(void) { return place ? *place : 0; }
static int is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && is_wall(clock)) time->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

// Converts a deadline of the shifted clock to the kernel's clock.
static struct timespec real(const struct timespec *moved) {
    struct timespec time = *moved;
    time.tv_sec -= offset();
    return time;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline) {
    static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec time = real(deadline);
    return next(condition, mutex, &time);
}

static unsigned char is_wall_timer[4096];

int timerfd_create(int clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= 0 && descriptor < 4096) is_wall_timer[descriptor] = (unsigned char)is_wall(clock);
    return descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    struct itimerspec moved = *value;
    int is_set = value->it_value.tv_sec != 0 || value->it_value.tv_nsec != 0;
    if ((flags & TFD_TIMER_ABSTIME) && is_set && descriptor < 4096 && is_wall_timer[descriptor]) {
        moved.it_value = real(&value->it_value);
        if (moved.it_value.tv_sec < 0) moved.it_value.tv_sec = 0;
        if (moved.it_value.tv_sec == 0 && moved.it_value.tv_nsec == 0) moved.it_value.tv_nsec = 1;
    }
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, &moved, old);
}
