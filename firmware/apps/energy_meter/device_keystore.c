// SPDX-License-Identifier: MIT
#include "device_keystore.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore_pkcs11.h"
#include "seal_key.h"
#include "secret_file.h"

enum { PATH_SIZE = 512, PIN_SIZE = 256 };

static enum status complain(char *fault, enum status status, const char *what, const char *why)
{
    (void)snprintf(fault, OPTIONS_FAULT_SIZE, "%.100s: %.150s", what, why);
    return status;
}

// The sealed file

static enum status open_file(struct device_keystore *store,
                             const struct device_keystore_parts *parts, char *fault)
{
    const struct options *options = parts->options;
    uint8_t seal_key[SEAL_KEY_SIZE];
    char seal_fault[SEAL_KEY_FAULT_SIZE] = "";
    char path[PATH_SIZE];
    char seal_path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/keystore", options->data_dir);
    (void)snprintf(seal_path, sizeof seal_path, "%s/seal.key", options->data_dir);
    const char *key_file = options->seal_key_file[0] != '\0' ? options->seal_key_file : seal_path;
    // A new key opens no old store.
    const bool may_make = access(path, F_OK) != 0 && errno == ENOENT;
    enum status status = seal_key_load(key_file, may_make, parts->entropy, seal_key, seal_fault);
    if (status != STATUS_OK) {
        return complain(fault, status, key_file, seal_fault);
    }
    const struct keystore_file_parts file = {
        .path = path, .seal_key = seal_key, .crypto = parts->crypto, .entropy = parts->entropy
    };
    status = keystore_file_open(&store->file, &file);
    explicit_bzero(seal_key, sizeof seal_key);
    if (status != STATUS_OK) {
        return complain(fault, status, path,
                        status == STATUS_CORRUPT ? "damaged, or sealed with another key"
                                                 : "the keystore cannot be opened");
    }
    store->table = keystore_file_table(store->file);
    return STATUS_OK;
}

// The token

/// Reads the PIN, one line of a file that nobody else may read.
static enum status read_pin(const char *path, char pin[PIN_SIZE], char *fault)
{
    size_t size = 0;

    if (secret_file_is_open_to_others(path)) {
        return complain(fault, STATUS_INVALID, path,
                        "others than its owner may read the PIN; chmod 600 the file");
    }
    const enum status status = secret_file_read(path, pin, PIN_SIZE, &size);
    if (status != STATUS_OK) {
        return complain(fault, status, path,
                        status == STATUS_MISSING
                            ? "there is no such file; write the PIN of the token's user there"
                        : status == STATUS_FULL ? "too long for a PIN"
                                                : "the PIN cannot be read");
    }
    pin[strcspn(pin, "\r\n")] = '\0';
    return pin[0] != '\0' ? STATUS_OK
                          : complain(fault, STATUS_INVALID, path,
                                     "empty; write the PIN of the token's user there");
}

static enum status open_token(struct device_keystore *store,
                              const struct device_keystore_parts *parts, char *fault)
{
    const struct options *options = parts->options;
    char pin[PIN_SIZE] = "";
    char token_fault[PKCS11_TOKEN_FAULT_SIZE] = "";

    enum status status = read_pin(options->pkcs11_pin_file, pin, fault);
    if (status == STATUS_OK) {
        const struct pkcs11_token_options token = { .module = options->pkcs11_module,
                                                    .label = options->pkcs11_token,
                                                    .pin = pin };
        status = keystore_pkcs11_open(&store->token, &token, parts->crypto, token_fault);
        if (status != STATUS_OK) {
            (void)complain(fault, status, "keystore", token_fault);
        }
    }
    explicit_bzero(pin, sizeof pin);
    if (status == STATUS_OK) {
        store->table = keystore_pkcs11_table(store->token);
    }
    return status;
}

// The chip

/// A socket in place of the bus is a simulated one.
static bool is_simulated(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISSOCK(found.st_mode);
}

static enum status open_bus(struct device_keystore *store, const char *path, char *fault)
{
    if (is_simulated(path)) {
        const enum status status = i2c_socket_open(path, &store->simulated_bus);
        if (status != STATUS_OK) {
            return complain(fault, status, path, "no simulated bus answers there; start it first");
        }
        store->i2c = i2c_socket_seam(store->simulated_bus);
        return STATUS_OK;
    }
    const enum status status = i2c_device_open(path, NULL, &store->bus);
    if (status == STATUS_MISSING) {
        return complain(fault, status, path,
                        "there is no such I2C bus; set i2c_bus, switch the bus on, and load the "
                        "kernel's module i2c-dev");
    }
    if (status != STATUS_OK) {
        return complain(fault, status, path,
                        status == STATUS_INVALID ? "no I2C bus that carries plain messages"
                        : errno == EACCES ? "permission denied; give the bus to the user that runs "
                                            "ohm-device, as the group i2c may do"
                                          : "the I2C bus cannot be opened");
    }
    store->i2c = i2c_device_seam(store->bus);
    return STATUS_OK;
}

/// A chip that has lost a key, or is another one, is noticed now and not at the broker.
static enum status check_keys(const struct keystore *table, const char *name, char *fault)
{
    uint8_t key[KEYSTORE_PUBLIC_SIZE];

    for (int slot = 0; slot < KEYSTORE_SLOT_COUNT; slot++) {
        const enum status status = table->public_key(table->ctx, (enum keystore_slot)slot, key);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return complain(fault, status, name,
                            status == STATUS_CORRUPT
                                ? "its keys are not those that this device made; bring back its "
                                  "own chip, or begin with an empty data_dir"
                                : "the chip stopped answering; see to its power and wires");
        }
    }
    return STATUS_OK;
}

static enum status open_chip(struct device_keystore *store,
                             const struct device_keystore_parts *parts, char *fault)
{
    const struct options *options = parts->options;
    char name[64];

    // A TNGTLS chip has no room for secrets of ours.
    enum status status = open_file(store, parts, fault);
    if (status == STATUS_OK) {
        status = open_bus(store, options->i2c_bus, fault);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct keystore_atecc_parts chip = { .i2c = &store->i2c,
                                               .address = (uint8_t)options->i2c_address,
                                               .values = parts->values,
                                               .secrets = keystore_file_table(store->file) };
    status = keystore_atecc_open(&store->chip, &chip);
    if (status != STATUS_OK) {
        (void)snprintf(name, sizeof name, "ATECC608A at address 0x%02x", options->i2c_address);
        return complain(fault, status, name,
                        status == STATUS_INVALID
                            ? "this is no locked ATECC608A-TNGTLS, whose slots 2 to 4 can be used"
                            : "no chip answers; see to its power and wires, i2c_bus and "
                              "i2c_address, and that the bus runs at 100 kHz");
    }
    store->table = keystore_atecc_table(&store->chip);
    return check_keys(store->table, name, fault);
}

enum status device_keystore_open(struct device_keystore *store,
                                 const struct device_keystore_parts *parts,
                                 char fault[OPTIONS_FAULT_SIZE])
{
    *store = (struct device_keystore){ .table = NULL };
    switch (options_keystore(parts->options)) {
    case OPTIONS_KEYSTORE_FILE:
        return open_file(store, parts, fault);
    case OPTIONS_KEYSTORE_PKCS11:
        return open_token(store, parts, fault);
    case OPTIONS_KEYSTORE_ATECC:
        return open_chip(store, parts, fault);
    case OPTIONS_KEYSTORE_COUNT:
        break;
    }
    return complain(fault, STATUS_INVALID, "keystore", "there is no such kind");
}

const char *device_keystore_kind(const struct device_keystore *store)
{
    return store->token != NULL           ? "pkcs11"
           : store->bus != NULL           ? "atecc608a"
           : store->simulated_bus != NULL ? "simulated_atecc608a"
                                          : "sealed_file";
}

void device_keystore_close(struct device_keystore *store)
{
    keystore_pkcs11_close(store->token);
    i2c_device_close(store->bus);
    i2c_socket_close(store->simulated_bus);
    keystore_file_close(store->file);
    *store = (struct device_keystore){ .table = NULL };
}
