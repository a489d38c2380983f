// SPDX-License-Identifier: MIT
#include "secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may_go_on(const struct secret_file_probe *probe)
{
    return probe == NULL || probe->may_go_on(probe->ctx);
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool sync_folder(const char *path)
{
    char folder[SECRET_FILE_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    const size_t size = slash != NULL ? (size_t)(slash - path) : 0;
    // Without a slash it is the folder we are in; with none but the first it is the root.
    memcpy(folder, slash != NULL ? path : ".", size > 0 ? size : 1);
    folder[size > 0 ? size : 1] = '\0';
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

enum status secret_file_write(const char *path, const void *data, size_t size, mode_t mode,
                              const struct secret_file_probe *probe)
{
    char fresh[SECRET_FILE_PATH_SIZE];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
        return STATUS_IO;
    }
    if (!may_go_on(probe)) {
        return STATUS_IO;
    }
    (void)unlink(fresh); // Of an attempt that was cut short, perhaps with other rights.
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        return STATUS_IO;
    }
    bool good = may_go_on(probe) && fchmod(fd, mode) == 0 && write_all(fd, data, size) &&
                may_go_on(probe) && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    good = good && may_go_on(probe) && rename(fresh, path) == 0;
    return good && may_go_on(probe) && sync_folder(path) ? STATUS_OK : STATUS_IO;
}

enum status secret_file_read(const char *path, char *out, size_t capacity, size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_MISSING : STATUS_IO;
    }
    size_t held = 0;
    ssize_t got = 0;
    do {
        held += got > 0 ? (size_t)got : 0;
        got = read(fd, out + held, capacity - held);
    } while (got > 0 || (got < 0 && errno == EINTR));
    (void)close(fd);
    if (got < 0) {
        return STATUS_IO;
    }
    if (held == capacity) {
        return STATUS_FULL;
    }
    out[held] = '\0';
    *size = held;
    return STATUS_OK;
}

bool secret_file_is_open_to_others(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}
