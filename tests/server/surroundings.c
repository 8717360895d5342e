/* A slow disk and a clock that jumps, for one process: preloaded, it stands before the C library's own functions.

   SIUO_TEST_CONTROL names a file of four 64-bit numbers, which a test changes while the process runs: microseconds that
   each operation on a file below SIUO_TEST_SLOW takes longer, seconds by which the clock is off, and what came of it:
   how many operations were slowed, how often the clock was asked. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *control;
static const char *slow;
static size_t slow_length;
static volatile char watched[65536];

#define REAL(type, name, ...)                              \
    static type (*real)(__VA_ARGS__);                      \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SIUO_TEST_CONTROL");
    int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *found = mmap(NULL, 4 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    slow = getenv("SIUO_TEST_SLOW");
    slow_length = slow ? strlen(slow) : 0;
    if (found != MAP_FAILED) control = found;
}

static void wait_for_disk(void) {
    REAL(int, nanosleep, const struct timespec *, struct timespec *)
    int64_t delay = control ? control[0] : 0;
    if (delay <= 0) return;
    struct timespec time = {delay / 1000000, (delay % 1000000) * 1000};
    __sync_fetch_and_add(&control[2], 1);
    real(&time, NULL);
}

static int below(const char *path) { return slow_length && path && strncmp(path, slow, slow_length) == 0; }

static void at(const char *path) {
    if (below(path)) wait_for_disk();
}

static void of(int descriptor) {
    if (descriptor >= 0 && descriptor < (int)sizeof watched && watched[descriptor]) wait_for_disk();
}

static int opened(int descriptor, const char *path) {
    if (descriptor >= 0 && descriptor < (int)sizeof watched) watched[descriptor] = below(path);
    return descriptor;
}

#define MODE(flags)                                                  \
    mode_t mode = 0;                                                 \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                           \
        va_list rest;                                                \
        va_start(rest, flags);                                       \
        mode = va_arg(rest, mode_t);                                 \
        va_end(rest);                                                \
    }

#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        REAL(int, name, const char *, int, ...)                      \
        MODE(flags)                                                  \
        at(path);                                                    \
        return opened(real(path, flags, mode), path);                \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                 \
    int name(int directory, const char *path, int flags, ...) {      \
        REAL(int, name, int, const char *, int, ...)                 \
        MODE(flags)                                                  \
        at(path);                                                    \
        return opened(real(directory, path, flags, mode), path);     \
    }
OPENAT(openat)
OPENAT(openat64)

#define OF(type, name, parameters, arguments, ...)                   \
    type name parameters {                                           \
        REAL(type, name, __VA_ARGS__)                                \
        of(descriptor);                                              \
        return real arguments;                                       \
    }
OF(ssize_t, read, (int descriptor, void *into, size_t size), (descriptor, into, size), int, void *, size_t)
OF(ssize_t, pread, (int descriptor, void *into, size_t size, off_t from), (descriptor, into, size, from), int, void *, size_t, off_t)
OF(ssize_t, pread64, (int descriptor, void *into, size_t size, off64_t from), (descriptor, into, size, from), int, void *, size_t, off64_t)
OF(ssize_t, write, (int descriptor, const void *from, size_t size), (descriptor, from, size), int, const void *, size_t)
OF(int, fsync, (int descriptor), (descriptor), int)

#define AT(name, parameters, arguments, ...)                         \
    int name parameters {                                            \
        REAL(int, name, __VA_ARGS__)                                 \
        at(path);                                                    \
        return real arguments;                                       \
    }
AT(rename, (const char *path, const char *target), (path, target), const char *, const char *)
AT(link, (const char *path, const char *target), (path, target), const char *, const char *)
AT(unlink, (const char *path), (path), const char *)
AT(mkdir, (const char *path, mode_t mode), (path, mode), const char *, mode_t)
AT(stat, (const char *path, struct stat *into), (path, into), const char *, struct stat *)
AT(stat64, (const char *path, struct stat64 *into), (path, into), const char *, struct stat64 *)

int clock_gettime(clockid_t which, struct timespec *into) {
    REAL(int, clock_gettime, clockid_t, struct timespec *)
    int code = real(which, into);
    if (code == 0 && control && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        into->tv_sec += control[1];
        __sync_fetch_and_add(&control[3], 1);
    }
    return code;
}

int gettimeofday(struct timeval *restrict into, void *restrict zone) {
    REAL(int, gettimeofday, struct timeval *, void *)
    int code = real(into, zone);
    if (code == 0 && control) into->tv_sec += control[1];
    return code;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}
