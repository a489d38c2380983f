// SPDX-License-Identifier: MIT
#include "device_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"

enum { SECTOR_SIZE = 4096, KB = 1024, VALUES_SIZE = 64 * KB, PATH_SIZE = 512 };

static const char BOOT_KEY[] = "boot_id";

static enum status complain(char *fault, enum status status, const char *what, const char *why)
{
    (void)snprintf(fault, OPTIONS_FAULT_SIZE, "%.100s: %.140s", what, why);
    return status;
}

/// What the last system call means for whoever runs the device.
static const char *cause(void)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return "the disk is full; make room and start again";
    case EROFS:
        return "the file system is read-only; choose another data_dir or mount it writable";
    case EACCES:
    case EPERM:
        return "permission denied; give the folder to the user that runs ohm-device";
    default:
        return strerror(errno);
    }
}

enum status device_storage_claim(struct device_storage *storage, const struct options *options,
                                 char fault[OPTIONS_FAULT_SIZE])
{
    char path[PATH_SIZE];

    if (mkdir(options->data_dir, S_IRWXU) != 0 && errno != EEXIST) {
        return complain(fault, STATUS_IO, "the folder cannot be made", cause());
    }
    (void)snprintf(path, sizeof path, "%s/lock", options->data_dir);
    storage->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (storage->lock_file < 0) {
        return complain(fault, STATUS_IO, "lock", cause());
    }
    if (flock(storage->lock_file, LOCK_EX | LOCK_NB) != 0) {
        return complain(fault, STATUS_BUSY, "lock",
                        "another ohm-device uses this folder; stop it or choose another data_dir");
    }
    return STATUS_OK;
}

/// Opens one file of flash. The size of one that is there stays as it is.
static enum status open_flash(const struct options *options, const char *name, uint32_t size,
                              struct device_flash *flash, char *fault)
{
    char path[PATH_SIZE];
    char error[FLASH_FILE_ERROR_SIZE] = "";
    struct stat found;

    (void)snprintf(path, sizeof path, "%s/%s", options->data_dir, name);
    if (stat(path, &found) == 0 && found.st_size > 0 && found.st_size <= UINT32_MAX) {
        size = (uint32_t)found.st_size;
    }
    enum status status = flash_file_open(&flash->file, path, size, SECTOR_SIZE, error);
    if (status != STATUS_OK) {
        return complain(fault, status, name, error);
    }
    flash->region = flash_file_region(flash->file);
    if (options->journal_simulate_power_cut) {
        status = flash_unsynced_open(&flash->unsynced, flash->region);
        if (status != STATUS_OK) {
            return complain(fault, status, name, cause());
        }
        flash->region = flash_unsynced_region(flash->unsynced);
    }
    return STATUS_OK;
}

static void close_flash(struct device_flash *flash)
{
    flash_unsynced_close(flash->unsynced);
    flash_file_close(flash->file);
}

/// The last complaint of a flash file, or what the system says.
static const char *reason_of(const struct device_flash *flash)
{
    const char *error = flash->file == NULL ? NULL : flash_file_error(flash->file);
    return error != NULL ? error : cause();
}

static enum status get_value(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    const struct device_storage *storage = ctx;
    const struct lock *lock = &storage->values_lock;

    lock->acquire(lock->ctx);
    const enum status status =
        storage->unlocked.get(storage->unlocked.ctx, key, out, capacity, size);
    lock->release(lock->ctx);
    return status;
}

static enum status set_value(void *ctx, const char *key, const void *value, size_t size)
{
    const struct device_storage *storage = ctx;
    const struct lock *lock = &storage->values_lock;

    lock->acquire(lock->ctx);
    const enum status status = storage->unlocked.set(storage->unlocked.ctx, key, value, size);
    lock->release(lock->ctx);
    return status;
}

static enum status erase_values(void *ctx)
{
    const struct device_storage *storage = ctx;
    const struct lock *lock = &storage->values_lock;

    lock->acquire(lock->ctx);
    const enum status status = storage->unlocked.erase_all(storage->unlocked.ctx);
    lock->release(lock->ctx);
    return status;
}

static enum status lock_values(struct device_storage *storage)
{
    const enum status status = host_lock_init(&storage->values_mutex);
    storage->values_lock = host_lock_seam(&storage->values_mutex);
    storage->values = (struct key_value){
        .get = get_value, .set = set_value, .erase_all = erase_values, .ctx = storage
    };
    return status;
}

static enum status count_boot(struct device_storage *storage)
{
    const struct key_value *values = &storage->values;
    uint8_t bytes[sizeof(uint32_t)] = { 0 };
    size_t size = 0;

    const enum status status = values->get(values->ctx, BOOT_KEY, bytes, sizeof bytes, &size);
    if (status == STATUS_IO) {
        return status;
    }
    storage->boot_id =
        1 + (status == STATUS_OK && size == sizeof bytes ? bytes_load_le32(bytes) : 0);
    bytes_store_le32(bytes, storage->boot_id);
    return values->set(values->ctx, BOOT_KEY, bytes, sizeof bytes);
}

enum status device_storage_open(struct device_storage *storage, const struct options *options,
                                const struct entropy *entropy, char fault[OPTIONS_FAULT_SIZE])
{
    enum status status =
        open_flash(options, "values.flash", VALUES_SIZE, &storage->values_flash, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = record_store_open(&storage->records, storage->values_flash.region);
    if (status == STATUS_OK) {
        storage->unlocked = record_store_key_value(&storage->records);
        status = lock_values(storage);
    }
    if (status == STATUS_OK) {
        status = count_boot(storage);
    }
    if (status != STATUS_OK) {
        return complain(fault, status, "values.flash", reason_of(&storage->values_flash));
    }
    status = open_flash(options, "journal.flash", options->journal_kb * KB, &storage->journal_flash,
                        fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = journal_open(&storage->journal, storage->journal_flash.region, entropy);
    return status == STATUS_OK
               ? STATUS_OK
               : complain(fault, status, "journal.flash",
                          status == STATUS_INVALID ? "journal_kb is too small"
                                                   : reason_of(&storage->journal_flash));
}

const char *device_storage_fault(const struct device_storage *storage)
{
    const struct device_flash *values = &storage->values_flash;
    const bool values_failed = values->file != NULL && flash_file_error(values->file) != NULL;
    return reason_of(values_failed ? values : &storage->journal_flash);
}

void device_storage_name(const struct device_storage *storage, char out[2 * JOURNAL_ID_SIZE + 1])
{
    const uint8_t *id = journal_id(&storage->journal);
    for (unsigned i = 0; i < JOURNAL_ID_SIZE; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", id[i]);
    }
}

void device_storage_close(struct device_storage *storage)
{
    close_flash(&storage->journal_flash);
    close_flash(&storage->values_flash);
    if (storage->lock_file >= 0) {
        (void)close(storage->lock_file);
    }
}
