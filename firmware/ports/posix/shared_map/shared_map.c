// SPDX-License-Identifier: MIT
#include "shared_map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static enum status check_file(int file)
{
    struct statfs system;
    struct stat stat;
    if (fstatfs(file, &system) != 0 || fstat(file, &stat) != 0) {
        return STATUS_IO;
    }
    return system.f_type == TMPFS_MAGIC && S_ISREG(stat.st_mode) ? STATUS_OK : STATUS_INVALID;
}

static enum status map(int file, size_t size, void **memory)
{
    // Reserves the pages too, so that a full tmpfs is found here and not by SIGBUS later.
    const int error = posix_fallocate(file, 0, (off_t)size);
    if (error != 0) {
        errno = error;
        return STATUS_IO;
    }
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (mapped == MAP_FAILED) {
        return STATUS_IO;
    }
    // Without the right to lock, the pages stay put as long as the machine does not swap.
    (void)mlock(mapped, size);
    *memory = mapped;
    return STATUS_OK;
}

enum status shared_map_open(const char *path, size_t size, void **memory)
{
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return STATUS_IO;
    }
    enum status status = check_file(file);
    if (status == STATUS_OK) {
        status = map(file, size, memory);
    }
    const int error = errno;
    close(file);
    errno = error;
    return status;
}

void shared_map_close(void *memory, size_t size)
{
    if (memory != NULL) {
        munmap(memory, size);
    }
}
