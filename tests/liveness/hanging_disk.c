// SPDX-License-Identifier: MIT

/// A disk that hangs on command, put before the C library with LD_PRELOAD. While the file named by
/// OHM_DISK_HANGS exists, fsync() and fdatasync() wait, as they do when a disk does not answer.
/// Each wait leaves a line "TID begin NANOSECONDS" in that name with ".log" appended, and one with
/// "end" when it is over; the times are those of CLOCK_MONOTONIC.

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { POLL_NS = 20 * 1000 * 1000, NAME_SIZE = 512 };

static void note(const char *switch_path, const char *what)
{
    char name[NAME_SIZE];
    char line[96];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(name, sizeof name, "%s.log", switch_path);
    const int size = snprintf(line, sizeof line, "%ld %s %lld%09ld\n", syscall(SYS_gettid), what,
                              (long long)now.tv_sec, now.tv_nsec);
    const int log = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0) {
        if (write(log, line, (size_t)size) != size) {
            abort();
        }
        close(log);
    }
}

static void wait_for_the_disk(void)
{
    const char *switch_path = getenv("OHM_DISK_HANGS");
    if (switch_path == NULL || access(switch_path, F_OK) != 0) {
        return;
    }
    note(switch_path, "begin");
    while (access(switch_path, F_OK) == 0) {
        nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
    }
    note(switch_path, "end");
}

static int call_next(const char *name, int file)
{
    int (*next)(int) = NULL;
    // ISO C has no cast from an object pointer to a function pointer; POSIX promises that this
    // works.
    *(void **)&next = dlsym(RTLD_NEXT, name);
    return next(file);
}

int fsync(int file)
{
    wait_for_the_disk();
    return call_next("fsync", file);
}

int fdatasync(int file)
{
    wait_for_the_disk();
    return call_next("fdatasync", file);
}
