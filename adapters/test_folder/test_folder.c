// SPDX-License-Identifier: MIT
#include "test_folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 8, PATH_SIZE = 512, FILE_LIMIT = 1 << 20 };

// nftw() has no context.
static const char *copy_from;
static const char *copy_to;
static const char *wanted;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

int test_folder_remove(const char *folder)
{
    return nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}

/// Reads a whole file; the caller frees it. @return NULL  it cannot be read.
static char *read_file(const char *path, size_t *size)
{
    char *data = malloc(FILE_LIMIT);
    FILE *file = fopen(path, "rbe");
    *size = data != NULL && file != NULL ? fread(data, 1, FILE_LIMIT, file) : 0;
    if (file == NULL) {
        free(data);
        return NULL;
    }
    (void)fclose(file);
    return data;
}

static int copy_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    char target[PATH_SIZE];
    size_t size = 0;
    (void)place;
    (void)snprintf(target, sizeof target, "%s%s", copy_to, path + strlen(copy_from));
    if (kind == FTW_D) {
        return mkdir(target, info->st_mode & 07777);
    }
    char *data = read_file(path, &size);
    const int fd =
        open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)(info->st_mode & 07777));
    const bool good = data != NULL && fd >= 0 && write(fd, data, size) == (ssize_t)size;
    free(data);
    return fd >= 0 && close(fd) == 0 && good ? 0 : -1;
}

int test_folder_copy(const char *from, const char *to)
{
    copy_from = from;
    copy_to = to;
    return nftw(from, copy_one, OPEN_FOLDERS, FTW_PHYS) == 0 ? 0 : -1;
}

static int look_into(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    size_t size = 0;
    (void)info;
    (void)place;
    if (kind != FTW_F) {
        return 0;
    }
    char *data = read_file(path, &size);
    const bool found = data != NULL && memmem(data, size, wanted, strlen(wanted)) != NULL;
    free(data);
    return found ? 1 : 0;
}

bool test_folder_holds(const char *folder, const char *text)
{
    wanted = text;
    return nftw(folder, look_into, OPEN_FOLDERS, FTW_PHYS) == 1;
}
