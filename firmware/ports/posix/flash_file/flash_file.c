// SPDX-License-Identifier: MIT
#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct flash_file {
    struct flash_region region;
    int fd;
    char *path;
    bool has_error;
    char error[FLASH_FILE_ERROR_SIZE];
    uint8_t blank[]; ///< One sector.
};

__attribute__((format(printf, 2, 3))) static void explain(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, FLASH_FILE_ERROR_SIZE, format, arguments);
    va_end(arguments);
}

static enum status fail(struct flash_file *file, enum status status, const char *doing,
                        uint32_t offset, const char *cause)
{
    explain(file->error, "%s: cannot %s at %u: %s", file->path, doing, offset, cause);
    file->has_error = true;
    return status;
}

static bool read_whole(int fd, void *out, size_t size, off_t offset)
{
    uint8_t *bytes = out;
    while (size > 0) {
        const ssize_t got = pread(fd, bytes, size, offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got == 0 ? EIO : errno; // The file has become shorter.
            return false;
        }
        bytes += got;
        size -= (size_t)got;
        offset += got;
    }
    return true;
}

static bool write_whole(int fd, const void *data, size_t size, off_t offset)
{
    const uint8_t *bytes = data;
    while (size > 0) {
        const ssize_t put = pwrite(fd, bytes, size, offset);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            errno = put == 0 ? EIO : errno;
            return false;
        }
        bytes += put;
        size -= (size_t)put;
        offset += put;
    }
    return true;
}

static bool is_inside(const struct flash_file *file, uint32_t offset, size_t size)
{
    return offset <= file->region.size && size <= file->region.size - offset;
}

static enum status file_read(void *ctx, uint32_t offset, void *out, size_t size)
{
    struct flash_file *file = ctx;
    if (!is_inside(file, offset, size)) {
        return fail(file, STATUS_INVALID, "read", offset, "outside of the region");
    }
    if (!read_whole(file->fd, out, size, offset)) {
        return fail(file, STATUS_IO, "read", offset, strerror(errno));
    }
    return STATUS_OK;
}

/// A unit that reads as blank may be programmed. Any other was, or lost an erase.
static enum status check_blank(struct flash_file *file, uint32_t offset, size_t size)
{
    for (size_t at = 0; at < size; at += FLASH_PROGRAM_SIZE) {
        uint8_t unit[FLASH_PROGRAM_SIZE];
        if (!read_whole(file->fd, unit, sizeof unit, (off_t)(offset + at))) {
            return fail(file, STATUS_IO, "read", offset, strerror(errno));
        }
        if (memcmp(unit, file->blank, sizeof unit) != 0) {
            return fail(file, STATUS_INVALID, "program", offset,
                        "it was programmed before and not erased since");
        }
    }
    return STATUS_OK;
}

static enum status file_program(void *ctx, uint32_t offset, const void *data, size_t size)
{
    struct flash_file *file = ctx;
    if (!is_inside(file, offset, size) || offset % FLASH_PROGRAM_SIZE != 0 ||
        size % FLASH_PROGRAM_SIZE != 0) {
        return fail(file, STATUS_INVALID, "program", offset, "not whole units of the region");
    }
    const enum status status = check_blank(file, offset, size);
    if (status != STATUS_OK) {
        return status;
    }
    if (!write_whole(file->fd, data, size, offset)) {
        return fail(file, STATUS_IO, "program", offset, strerror(errno));
    }
    return STATUS_OK;
}

static enum status file_erase(void *ctx, uint32_t offset)
{
    struct flash_file *file = ctx;
    if (!is_inside(file, offset, file->region.sector_size) ||
        offset % file->region.sector_size != 0) {
        return fail(file, STATUS_INVALID, "erase", offset, "not a sector of the region");
    }
    if (!write_whole(file->fd, file->blank, file->region.sector_size, offset)) {
        return fail(file, STATUS_IO, "erase", offset, strerror(errno));
    }
    return STATUS_OK;
}

static enum status file_sync(void *ctx)
{
    struct flash_file *file = ctx;
    if (fdatasync(file->fd) != 0) {
        return fail(file, STATUS_IO, "synchronise", 0, strerror(errno));
    }
    return STATUS_OK;
}

static enum status status_of_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT ? STATUS_FULL : STATUS_IO;
}

/// Makes the new name durable too: a file that nobody finds again holds nothing.
static bool sync_folder(const char *path)
{
    char *folder = strdup(path);
    if (folder == NULL) {
        return false;
    }
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    const int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    const bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/// Makes an empty file blank flash, all of it allocated.
static enum status make_blank(struct flash_file *file)
{
    const int result = posix_fallocate(file->fd, 0, file->region.size);
    errno = result;
    bool ok = result == 0 || result == EOPNOTSUPP;
    for (uint32_t at = 0; at < file->region.size && ok; at += file->region.sector_size) {
        ok = write_whole(file->fd, file->blank, file->region.sector_size, at);
    }
    if (!ok || fdatasync(file->fd) != 0 || !sync_folder(file->path)) {
        const enum status status = status_of_errno();
        explain(file->error, "%s: cannot make %u bytes of flash: %s", file->path, file->region.size,
                strerror(errno));
        // Half a flash would be taken for one of another size the next time.
        if (ftruncate(file->fd, 0) != 0) {
            file->has_error = true;
        }
        return status;
    }
    return STATUS_OK;
}

static enum status take_file(struct flash_file *file)
{
    struct stat info;
    file->fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        explain(file->error, "%s: cannot open: %s", file->path, strerror(errno));
        return status_of_errno();
    }
    if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
        const bool is_taken = errno == EWOULDBLOCK;
        explain(file->error, "%s: %s", file->path,
                is_taken ? "in use by another process" : strerror(errno));
        return is_taken ? STATUS_BUSY : STATUS_IO;
    }
    if (fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        explain(file->error, "%s: not a regular file", file->path);
        return STATUS_IO;
    }
    if (info.st_size == 0) {
        return make_blank(file);
    }
    if (info.st_size != (off_t)file->region.size) {
        explain(file->error,
                "%s: has %lld bytes where %u were expected; move it away or set its size",
                file->path, (long long)info.st_size, file->region.size);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

enum status flash_file_open(struct flash_file **opened, const char *path, uint32_t size,
                            uint32_t sector_size, char error[FLASH_FILE_ERROR_SIZE])
{
    *opened = NULL;
    if (sector_size == 0 || sector_size % FLASH_PROGRAM_SIZE != 0 || size == 0 ||
        size % sector_size != 0) {
        explain(error, "%s: %u bytes are not whole sectors of %u", path, size, sector_size);
        return STATUS_INVALID;
    }
    struct flash_file *file = calloc(1, sizeof *file + sector_size);
    char *name = strdup(path);
    if (file == NULL || name == NULL) {
        free(file);
        free(name);
        explain(error, "%s: out of memory", path);
        return STATUS_IO;
    }
    memset(file->blank, 0xFF, sector_size);
    file->path = name;
    file->region = (struct flash_region){ .size = size,
                                          .sector_size = sector_size,
                                          .read = file_read,
                                          .program = file_program,
                                          .erase = file_erase,
                                          .sync = file_sync,
                                          .ctx = file };
    const enum status status = take_file(file);
    if (status != STATUS_OK) {
        memcpy(error, file->error, FLASH_FILE_ERROR_SIZE);
        flash_file_close(file);
        return status;
    }
    *opened = file;
    return STATUS_OK;
}

const struct flash_region *flash_file_region(struct flash_file *file)
{
    return &file->region;
}

const char *flash_file_error(const struct flash_file *file)
{
    return file->has_error ? file->error : NULL;
}

void flash_file_close(struct flash_file *file)
{
    if (file != NULL) {
        if (file->fd >= 0) {
            (void)close(file->fd); // Takes the lock with it.
        }
        free(file->path);
        free(file);
    }
}
