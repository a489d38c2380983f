// SPDX-License-Identifier: MIT
#include "value_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = VALUE_FILES_FOLDER_SIZE + 64 };

static const char SUFFIX[] = ".value";

static bool is_key(const char *key)
{
    const size_t size = strlen(key);
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)key[i]) && key[i] != '_') {
            return false;
        }
    }
    return size > 0 && size <= KEY_VALUE_KEY_SIZE;
}

static void name_file(const struct value_files *files, const char *key, const char *suffix,
                      char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s/%.15s%s", files->folder, key, suffix);
}

/// Makes the names in the folder durable.
static enum status sync_folder(const struct value_files *files)
{
    const int folder = open(files->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return STATUS_IO;
    }
    const bool synced = fsync(folder) == 0;
    (void)close(folder);
    return synced ? STATUS_OK : STATUS_IO;
}

static enum status get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    char path[PATH_SIZE];
    unsigned char value[KEY_VALUE_SIZE_LIMIT + 1];

    if (!is_key(key)) {
        return STATUS_MISSING;
    }
    name_file(ctx, key, SUFFIX, path);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? STATUS_MISSING : STATUS_IO;
    }
    const ssize_t got = read(file, value, sizeof value);
    (void)close(file);
    if (got < 0) {
        return STATUS_IO;
    }
    if ((size_t)got > capacity || got > KEY_VALUE_SIZE_LIMIT) {
        return STATUS_FULL;
    }
    memcpy(out, value, (size_t)got);
    *size = (size_t)got;
    return STATUS_OK;
}

/// Writes a whole file that survives a power cut under its present name.
static enum status write_whole(const char *path, const void *value, size_t size)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return STATUS_IO;
    }
    errno = ENOSPC; // What a short write means without an error of its own.
    const bool written = write(file, value, size) == (ssize_t)size && fsync(file) == 0;
    return close(file) == 0 && written ? STATUS_OK : STATUS_IO;
}

static enum status set(void *ctx, const char *key, const void *value, size_t size)
{
    char path[PATH_SIZE];
    char draft[PATH_SIZE];

    if (!is_key(key) || size > KEY_VALUE_SIZE_LIMIT) {
        return STATUS_INVALID;
    }
    name_file(ctx, key, SUFFIX, path);
    name_file(ctx, key, ".new", draft);
    if (write_whole(draft, value, size) != STATUS_OK || rename(draft, path) != 0) {
        return STATUS_IO;
    }
    return sync_folder(ctx);
}

static enum status erase_all(void *ctx)
{
    const struct value_files *files = ctx;
    DIR *folder = opendir(files->folder);
    enum status status = STATUS_OK;

    if (folder == NULL) {
        return STATUS_IO;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const size_t size = strlen(entry->d_name);
        const size_t suffix = sizeof SUFFIX - 1;
        if (size > suffix && strcmp(entry->d_name + size - suffix, SUFFIX) == 0 &&
            unlinkat(dirfd(folder), entry->d_name, 0) != 0) {
            status = STATUS_IO;
        }
    }
    (void)closedir(folder);
    return status == STATUS_OK ? sync_folder(files) : status;
}

enum status value_files_open(struct value_files *files, const char *path)
{
    if (strlen(path) >= sizeof files->folder) {
        return STATUS_INVALID;
    }
    (void)snprintf(files->folder, sizeof files->folder, "%s", path);
    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
        return STATUS_IO;
    }
    return sync_folder(files);
}

struct key_value value_files_seam(struct value_files *files)
{
    return (struct key_value){ .get = get, .set = set, .erase_all = erase_all, .ctx = files };
}
