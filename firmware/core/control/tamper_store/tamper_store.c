// SPDX-License-Identifier: MIT
#include "tamper_store.h"

#include "bytes.h"

// The record: version, latched, count (32 bits), and the complement of these six bytes.
enum { RECORD_VERSION = 1, HALF_SIZE = 6, RECORD_SIZE = 2 * HALF_SIZE };

// Lasting: a factory reset does not make an opened case a closed one.
static const char KEY[] = ".tamper";

void tamper_store_init(struct tamper_store *store, const struct key_value *values)
{
    *store = (struct tamper_store){ .values = values };
}

static bool is_sound(const uint8_t *bytes, size_t size)
{
    if (size != RECORD_SIZE || bytes[0] != RECORD_VERSION || bytes[1] > 1) {
        return false;
    }
    for (unsigned i = 0; i < HALF_SIZE; i++) {
        if ((bytes[i] ^ bytes[HALF_SIZE + i]) != 0xFF) {
            return false;
        }
    }
    return true;
}

enum status tamper_store_load(struct tamper_store *store, struct tamper_record *record)
{
    const struct key_value *values = store->values;
    uint8_t bytes[RECORD_SIZE] = { 0 };
    size_t size = 0;

    store->is_kept = false;
    *record = (struct tamper_record){ .latched = true };
    const enum status status = values->get(values->ctx, KEY, bytes, sizeof bytes, &size);
    if (status == STATUS_MISSING) {
        *record = (struct tamper_record){ .latched = false };
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status == STATUS_IO ? STATUS_IO : STATUS_CORRUPT;
    }
    if (!is_sound(bytes, size)) {
        return STATUS_CORRUPT;
    }
    *record =
        (struct tamper_record){ .latched = bytes[1] == 1, .count = bytes_load_le32(bytes + 2) };
    store->kept = *record;
    store->is_kept = true;
    return STATUS_OK;
}

enum status tamper_store_keep(struct tamper_store *store, struct tamper_record record)
{
    const struct key_value *values = store->values;
    uint8_t bytes[RECORD_SIZE] = { RECORD_VERSION, record.latched ? 1 : 0 };

    if (store->is_kept && store->kept.latched == record.latched &&
        store->kept.count == record.count) {
        return STATUS_OK;
    }
    bytes_store_le32(bytes + 2, record.count);
    for (unsigned i = 0; i < HALF_SIZE; i++) {
        bytes[HALF_SIZE + i] = (uint8_t)~bytes[i];
    }
    // After a failure either record may be there, so nothing counts as kept.
    store->is_kept = false;
    const enum status status = values->set(values->ctx, KEY, bytes, sizeof bytes);
    if (status == STATUS_OK) {
        store->kept = record;
        store->is_kept = true;
    }
    return status;
}
