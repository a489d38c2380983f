// SPDX-License-Identifier: MIT
#include "identity_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int descriptor, const uint8_t *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(descriptor, data, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool write_synced(const char *path, const uint8_t *data, size_t size)
{
    const int descriptor =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (descriptor < 0) {
        return false;
    }
    const bool good = fchmod(descriptor, S_IRUSR | S_IWUSR | S_IRGRP) == 0 &&
                      write_all(descriptor, data, size) && fsync(descriptor) == 0;
    const int cause = errno;
    const bool closed = close(descriptor) == 0;
    errno = good ? errno : cause;
    return good && closed;
}

static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int size = slash == NULL ? 1 : (int)(slash - path) + 1;
    (void)snprintf(folder, sizeof folder, "%.*s", size, slash == NULL ? "." : path);
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    const bool good = fsync(descriptor) == 0;
    const int cause = errno;
    (void)close(descriptor);
    errno = cause;
    return good;
}

enum status identity_file_replace(const char *path, const uint8_t *data, size_t size)
{
    char beside[PATH_MAX];
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside) {
        errno = ENAMETOOLONG;
        return STATUS_IO;
    }
    const bool good =
        write_synced(beside, data, size) && rename(beside, path) == 0 && sync_folder(path);
    return good ? STATUS_OK : STATUS_IO;
}
