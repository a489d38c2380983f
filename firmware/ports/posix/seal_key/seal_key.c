// SPDX-License-Identifier: MIT
#include "seal_key.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "constant_time.h"
#include "secret_file.h"

static enum status complain(enum status status, char *fault, const char *path, const char *sentence)
{
    (void)snprintf(fault, SEAL_KEY_FAULT_SIZE, "seal key %s: %s", path, sentence);
    return status;
}

static enum status make(const char *path, const struct entropy *entropy, uint8_t key[SEAL_KEY_SIZE],
                        char *fault)
{
    if (entropy->fill(entropy->ctx, key, SEAL_KEY_SIZE) != STATUS_OK) {
        return complain(STATUS_IO, fault, path, "this machine gave no random bytes; try again");
    }
    return secret_file_write(path, key, SEAL_KEY_SIZE, S_IRUSR | S_IWUSR, NULL) == STATUS_OK
               ? STATUS_OK
               : complain(STATUS_IO, fault, path,
                          "cannot be written; make its folder, and room on the disk");
}

static enum status read_key(const char *path, uint8_t key[SEAL_KEY_SIZE], char *fault)
{
    char text[SEAL_KEY_SIZE + 1];
    size_t size = 0;
    enum status status = secret_file_read(path, text, sizeof text, &size);

    if (status == STATUS_OK && size == SEAL_KEY_SIZE) {
        memcpy(key, text, SEAL_KEY_SIZE);
    } else if (status == STATUS_OK || status == STATUS_FULL) {
        status = complain(STATUS_CORRUPT, fault, path,
                          "is not of 32 bytes; bring back the file that it was");
    } else if (status != STATUS_MISSING) {
        status = complain(status, fault, path, "cannot be read; let the device's user own it");
    }
    constant_time_wipe(text, sizeof text);
    return status;
}

enum status seal_key_load(const char *path, bool may_make, const struct entropy *entropy,
                          uint8_t key[SEAL_KEY_SIZE], char fault[SEAL_KEY_FAULT_SIZE])
{
    enum status status = STATUS_OK;

    if (secret_file_is_open_to_others(path)) {
        status = complain(STATUS_INVALID, fault, path,
                          "others may read or write it; take their rights away (chmod 600)");
    } else {
        status = read_key(path, key, fault);
        if (status == STATUS_MISSING) {
            status = may_make ? make(path, entropy, key, fault)
                              : complain(status, fault, path,
                                         "is missing, and no new one opens the keystore that there "
                                         "is; bring the file back");
        }
    }
    if (status != STATUS_OK) {
        constant_time_wipe(key, SEAL_KEY_SIZE);
    }
    return status;
}
