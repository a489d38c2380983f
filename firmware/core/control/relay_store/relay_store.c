// SPDX-License-Identifier: MIT
#include "relay_store.h"

// The record: version, mask, and the mask's complement.
enum { RECORD_VERSION = 1, RECORD_SIZE = 3 };

static const char KEY[] = "relays";

void relay_store_init(struct relay_store *store, const struct key_value *values)
{
    *store = (struct relay_store){ .values = values };
}

enum status relay_store_load(struct relay_store *store, uint8_t *mask)
{
    const struct key_value *values = store->values;
    uint8_t record[RECORD_SIZE] = { 0 };
    size_t size = 0;

    *mask = 0;
    store->is_kept = false;
    const enum status status = values->get(values->ctx, KEY, record, sizeof record, &size);
    if (status != STATUS_OK) {
        return status == STATUS_FULL ? STATUS_CORRUPT : status;
    }
    if (size != sizeof record || record[0] != RECORD_VERSION || (record[1] ^ record[2]) != 0xFF) {
        return STATUS_CORRUPT;
    }
    *mask = record[1];
    store->kept = *mask;
    store->is_kept = true;
    return STATUS_OK;
}

enum status relay_store_keep(struct relay_store *store, uint8_t mask)
{
    if (store->is_kept && store->kept == mask) {
        return STATUS_OK;
    }
    const struct key_value *values = store->values;
    const uint8_t record[RECORD_SIZE] = { RECORD_VERSION, mask, (uint8_t)~mask };

    // After a failure either state may be there, so nothing counts as kept.
    store->is_kept = false;
    const enum status status = values->set(values->ctx, KEY, record, sizeof record);
    if (status == STATUS_OK) {
        store->kept = mask;
        store->is_kept = true;
    }
    return status;
}
