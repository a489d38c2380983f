// SPDX-License-Identifier: MIT
#include "power_cut_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// A write, or a truncation when `data` is NULL, that the disk has not seen.
struct change {
    struct change *next;
    sqlite3_int64 offset; ///< Truncation: the new size.
    int size;
    uint8_t data[];
};

/// What all handles of one path share.
struct disk_file {
    struct disk_file *next;
    char *path;
    sqlite3_int64 size; ///< As the handles see it.
    struct change *first;
    struct change **last;
    int handles;
    sqlite3_file *real; ///< Of some open handle.
};

struct handle {
    sqlite3_file base;
    struct disk_file *disk; ///< NULL: a temporary file, which passes through.
    sqlite3_file *real;
};

// SQLite registers file systems by name for the whole process, so there is one such disk.
static struct {
    pthread_mutex_t mutex;
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct disk_file *files;
    bool off;
    uint64_t writes;
    uint64_t cut_at; ///< 0: never.
    uint32_t seed;
} disk = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static uint32_t next_random(void)
{
    disk.seed = disk.seed * 1664525u + 1013904223u; // Numerical Recipes, section 7.1.
    return disk.seed >> 8;
}

static int apply(sqlite3_file *real, const struct change *change, int size)
{
    return change->size < 0 ? real->pMethods->xTruncate(real, change->offset)
                            : real->pMethods->xWrite(real, change->data, size, change->offset);
}

static void forget(struct disk_file *file)
{
    while (file->first != NULL) {
        struct change *change = file->first;
        file->first = change->next;
        free(change);
    }
    file->last = &file->first;
}

/// The mutex is held.
static void cut(uint32_t seed)
{
    disk.seed = seed;
    for (struct disk_file *file = disk.files; file != NULL; file = file->next) {
        for (struct change *change = file->first; change != NULL && file->real != NULL;
             change = change->next) {
            const uint32_t fate = next_random() % 3; // Lost, whole, or torn at a sector.
            const int torn = change->size > 512 ? change->size / 2 / 512 * 512 : 0;
            if (seed != 0 && (fate == 1 || (fate == 2 && torn > 0))) {
                (void)apply(file->real, change, fate == 1 ? change->size : torn);
            }
        }
        forget(file);
    }
    disk.off = true;
}

/// Counts an access that changes something. The mutex is held. @return false  the power is off.
static bool may_change(void)
{
    disk.writes++;
    if (disk.cut_at != 0 && disk.writes >= disk.cut_at) {
        disk.cut_at = 0;
        cut(disk.seed);
    }
    return !disk.off;
}

static int file_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;
    (void)pthread_mutex_lock(&disk.mutex);
    if (handle->disk != NULL) {
        handle->disk->handles--;
        if (handle->disk->real == handle->real) {
            handle->disk->real = NULL;
        }
    }
    const int code = handle->real->pMethods->xClose(handle->real);
    (void)pthread_mutex_unlock(&disk.mutex);
    sqlite3_free(handle->real);
    return code;
}

/// Lays a change over what was read from `offset` on.
static void lay_over(const struct change *change, uint8_t *out, int size, sqlite3_int64 offset)
{
    sqlite3_int64 start = change->offset > offset ? change->offset : offset;
    const sqlite3_int64 change_end =
        change->size < 0 ? offset + size : change->offset + change->size;
    const sqlite3_int64 end = change_end < offset + size ? change_end : offset + size;
    if (start >= end) {
        return;
    }
    if (change->size < 0) {
        memset(&out[start - offset], 0, (size_t)(end - start));
    } else {
        memcpy(&out[start - offset], &change->data[start - change->offset], (size_t)(end - start));
    }
}

static int file_read(sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    (void)pthread_mutex_lock(&disk.mutex);
    int code = disk.off && handle->disk != NULL
                   ? SQLITE_IOERR_READ
                   : handle->real->pMethods->xRead(handle->real, out, size, offset);
    const bool readable = code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
    if (readable && handle->disk != NULL && handle->disk->first != NULL) {
        for (const struct change *change = handle->disk->first; change != NULL;
             change = change->next) {
            lay_over(change, out, size, offset);
        }
        code = offset + size <= handle->disk->size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }
    (void)pthread_mutex_unlock(&disk.mutex);
    return code;
}

/// Keeps a change in memory. The mutex is held.
static int keep(const struct handle *handle, const void *data, int size, sqlite3_int64 offset)
{
    struct disk_file *file = handle->disk;
    file->real = handle->real;
    struct change *change = malloc(sizeof *change + (size > 0 ? (size_t)size : 0));
    if (change == NULL) {
        return SQLITE_IOERR_NOMEM;
    }
    change->next = NULL;
    change->offset = offset;
    change->size = size;
    if (size > 0) {
        memcpy(change->data, data, (size_t)size);
    }
    *file->last = change;
    file->last = &change->next;
    if (size < 0) {
        file->size = offset;
    } else if (offset + size > file->size) {
        file->size = offset + size;
    }
    return SQLITE_OK;
}

static int file_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    if (handle->disk == NULL) {
        return handle->real->pMethods->xWrite(handle->real, data, size, offset);
    }
    (void)pthread_mutex_lock(&disk.mutex);
    const int code = may_change() ? keep(handle, data, size, offset) : SQLITE_IOERR_WRITE;
    (void)pthread_mutex_unlock(&disk.mutex);
    return code;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;
    if (handle->disk == NULL) {
        return handle->real->pMethods->xTruncate(handle->real, size);
    }
    (void)pthread_mutex_lock(&disk.mutex);
    const int code = may_change() ? keep(handle, NULL, -1, size) : SQLITE_IOERR_TRUNCATE;
    (void)pthread_mutex_unlock(&disk.mutex);
    return code;
}

/// What the process has handed to the kernel outlives the process, which is all that is simulated;
/// waiting for the machine's own disk would only be slow.
static int file_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct handle *handle = (struct handle *)base;
    (void)pthread_mutex_lock(&disk.mutex);
    int code = handle->disk == NULL || may_change() ? SQLITE_OK : SQLITE_IOERR_FSYNC;
    for (const struct change *change = handle->disk != NULL ? handle->disk->first : NULL;
         change != NULL && code == SQLITE_OK; change = change->next) {
        code = apply(handle->real, change, change->size);
    }
    if (code == SQLITE_OK && handle->disk != NULL) {
        forget(handle->disk);
    }
    (void)pthread_mutex_unlock(&disk.mutex);
    return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct handle *handle = (struct handle *)base;
    (void)pthread_mutex_lock(&disk.mutex);
    int code = SQLITE_OK;
    if (handle->disk != NULL && handle->disk->first != NULL) {
        *size = handle->disk->size;
    } else {
        code = handle->real->pMethods->xFileSize(handle->real, size);
    }
    (void)pthread_mutex_unlock(&disk.mutex);
    return code;
}

static int file_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xUnlock(real, level);
}

static int file_check_lock(sqlite3_file *base, int *reserved)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xCheckReservedLock(real, reserved);
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE) {
        return SQLITE_OK; // Would change the disk behind our back.
    }
    return real->pMethods->xFileControl(real, operation, argument);
}

static int file_sector_size(sqlite3_file *base)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xSectorSize(real);
}

static int file_characteristics(sqlite3_file *base)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xDeviceCharacteristics(real);
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xShmMap(real, page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    real->pMethods->xShmBarrier(real);
}

static int file_shm_unmap(sqlite3_file *base, int remove)
{
    sqlite3_file *real = ((struct handle *)base)->real;
    return real->pMethods->xShmUnmap(real, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/// Finds what the handles of `path` share, or makes it. The mutex is held.
static struct disk_file *find_file(const char *path)
{
    struct disk_file *file = disk.files;
    while (file != NULL && strcmp(file->path, path) != 0) {
        file = file->next;
    }
    if (file == NULL && (file = calloc(1, sizeof *file)) != NULL) {
        file->path = strdup(path);
        file->last = &file->first;
        file->next = disk.files;
        disk.files = file;
    }
    return file;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                    int *out_flags)
{
    (void)vfs;
    struct handle *handle = (struct handle *)base;
    *handle = (struct handle){ .real = sqlite3_malloc(disk.real->szOsFile) };
    if (handle->real == NULL) {
        return SQLITE_NOMEM;
    }
    memset(handle->real, 0, (size_t)disk.real->szOsFile);
    (void)pthread_mutex_lock(&disk.mutex);
    int code = disk.real->xOpen(disk.real, path, handle->real, flags, out_flags);
    if (code == SQLITE_OK && path != NULL) {
        handle->disk = find_file(path);
        if (handle->disk != NULL) {
            handle->disk->handles++;
            handle->disk->real = handle->real;
            if (handle->disk->first == NULL) {
                code = handle->real->pMethods->xFileSize(handle->real, &handle->disk->size);
            }
        }
    }
    (void)pthread_mutex_unlock(&disk.mutex);
    if (code != SQLITE_OK) {
        sqlite3_free(handle->real);
        return code;
    }
    handle->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    (void)pthread_mutex_lock(&disk.mutex);
    int code = SQLITE_IOERR_DELETE;
    if (!disk.off) {
        struct disk_file *file = find_file(path);
        if (file != NULL) {
            forget(file);
            file->size = 0;
        }
        code = disk.real->xDelete(disk.real, path, sync_folder);
    }
    (void)pthread_mutex_unlock(&disk.mutex);
    return code;
}

enum status power_cut_vfs_register(void)
{
    if (disk.real != NULL) {
        return STATUS_OK;
    }
    disk.real = sqlite3_vfs_find(NULL);
    if (disk.real == NULL) {
        return STATUS_MISSING;
    }
    // Everything but files is the machine's own.
    disk.vfs = *disk.real;
    disk.vfs.pNext = NULL;
    disk.vfs.zName = POWER_CUT_VFS_NAME;
    disk.vfs.szOsFile = sizeof(struct handle);
    disk.vfs.xOpen = vfs_open;
    disk.vfs.xDelete = vfs_delete;
    return sqlite3_vfs_register(&disk.vfs, 0) == SQLITE_OK ? STATUS_OK : STATUS_IO;
}

void power_cut_vfs_cut(uint32_t seed)
{
    (void)pthread_mutex_lock(&disk.mutex);
    cut(seed);
    (void)pthread_mutex_unlock(&disk.mutex);
}

void power_cut_vfs_restore(void)
{
    (void)pthread_mutex_lock(&disk.mutex);
    while (disk.files != NULL) {
        struct disk_file *file = disk.files;
        disk.files = file->next;
        forget(file);
        free(file->path);
        free(file);
    }
    disk.off = false;
    disk.cut_at = 0;
    (void)pthread_mutex_unlock(&disk.mutex);
}

uint64_t power_cut_vfs_writes(void)
{
    (void)pthread_mutex_lock(&disk.mutex);
    const uint64_t writes = disk.writes;
    (void)pthread_mutex_unlock(&disk.mutex);
    return writes;
}

void power_cut_vfs_cut_after(uint64_t writes, uint32_t seed)
{
    (void)pthread_mutex_lock(&disk.mutex);
    disk.cut_at = disk.writes + writes + 1;
    disk.seed = seed;
    (void)pthread_mutex_unlock(&disk.mutex);
}
