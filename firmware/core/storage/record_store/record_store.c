// SPDX-License-Identifier: MIT
#include "record_store.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

//     half:   0       4         8            16          28    32
//             +-------+---------+------------+-----------+-----+---------
//             | OHMK  | version | generation | (zeros)   | crc | entries...
//             +-------+---------+------------+-----------+-----+---------
//     entry:  0     4            6          7     8
//             +-----+------------+----------+-----+-----+-------+------------------+
//             | crc | value_size | key_size | 'K' | key | value | 0xFF to the unit |
//             +-----+------------+----------+-----+-----+-------+------------------+
//
// Numbers are little endian. An entry's CRC goes on from its half's, over all that follows. The
// head is programmed after the entries that are copied, and makes them count.
enum {
    HEAD_SIZE = FLASH_PROGRAM_SIZE,
    HEAD_AT_VERSION = 4,
    HEAD_AT_GENERATION = 8,
    HEAD_AT_CRC = 28,
    VERSION = 1,
    AT_VALUE_SIZE = 4,
    AT_KEY_SIZE = 6,
    AT_MARK = 7,
    AT_KEY = 8,
    MARK = 'K',
    HALF_COUNT = 2,
};

_Static_assert(RECORD_STORE_ENTRY_SIZE >= AT_KEY + KEY_VALUE_KEY_SIZE + KEY_VALUE_SIZE_LIMIT &&
                   RECORD_STORE_ENTRY_SIZE % FLASH_PROGRAM_SIZE == 0,
               "every value fits an entry, and entries are whole units");

// No flash lives as long; a higher one is noise.
static const uint64_t generation_limit = UINT64_MAX / 2;

static const uint8_t magic[] = { 'O', 'H', 'M', 'K' };

static uint32_t entry_size(size_t key_size, size_t value_size)
{
    const uint32_t used = AT_KEY + (uint32_t)key_size + (uint32_t)value_size;
    return (used + FLASH_PROGRAM_SIZE - 1) / FLASH_PROGRAM_SIZE * FLASH_PROGRAM_SIZE;
}

/// The key's length, or 0 when it is empty or too long.
static size_t key_size_of(const char *key)
{
    for (size_t size = 0; size <= KEY_VALUE_KEY_SIZE; size++) {
        if (key[size] == '\0') {
            return size;
        }
    }
    return 0;
}

static struct record_store_slot *find_slot(struct record_store *store, const char *key)
{
    for (unsigned i = 0; i < store->slot_count; i++) {
        if (strcmp(store->slot[i].key, key) == 0) {
            return &store->slot[i];
        }
    }
    return NULL;
}

static uint32_t make_head(uint64_t generation, uint8_t *head)
{
    memset(head, 0, HEAD_SIZE);
    memcpy(head, magic, sizeof magic);
    bytes_store_le32(head + HEAD_AT_VERSION, VERSION);
    bytes_store_le64(head + HEAD_AT_GENERATION, generation);
    const uint32_t crc = crc32_extend(0, head, HEAD_AT_CRC);
    bytes_store_le32(head + HEAD_AT_CRC, crc);
    return crc;
}

/// Lays out an entry in the buffer. `value` may lie there already, in its place.
static uint32_t make_entry(struct record_store *store, uint32_t head_crc, const char *key,
                           const void *value, size_t value_size)
{
    uint8_t *out = store->buffer;
    const size_t key_size = key_size_of(key);
    const uint32_t size = entry_size(key_size, value_size);
    const size_t used = AT_KEY + key_size + value_size;
    bytes_store_le16(out + AT_VALUE_SIZE, (uint16_t)value_size);
    out[AT_KEY_SIZE] = (uint8_t)key_size;
    out[AT_MARK] = MARK;
    memcpy(out + AT_KEY, key, key_size);
    if (value_size > 0) {
        memmove(out + AT_KEY + key_size, value, value_size);
    }
    memset(out + used, 0xFF, size - used);
    bytes_store_le32(out, crc32_extend(head_crc, out + AT_VALUE_SIZE, used - AT_VALUE_SIZE));
    return size;
}

/// Loads the entry at `offset` of the half in use; `*size` is how many bytes of the half it takes.
///
/// @return STATUS_MISSING  there is no sound entry.
static enum status load_entry(struct record_store *store, uint32_t offset, uint32_t *size)
{
    const struct flash_region *region = store->region;
    const uint32_t at = store->half * store->half_size + offset;
    uint8_t *in = store->buffer;

    if (offset >= store->half_size) {
        return STATUS_MISSING;
    }
    enum status status = region->read(region->ctx, at, in, FLASH_PROGRAM_SIZE);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t value_size = bytes_load_le16(in + AT_VALUE_SIZE);
    const uint32_t key_size = in[AT_KEY_SIZE];
    if (in[AT_MARK] != MARK || key_size < 1 || key_size > KEY_VALUE_KEY_SIZE ||
        value_size > KEY_VALUE_SIZE_LIMIT) {
        return STATUS_MISSING;
    }
    *size = entry_size(key_size, value_size);
    if (*size > store->half_size - offset) {
        return STATUS_MISSING;
    }
    status = region->read(region->ctx, at, in, *size);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t used = AT_KEY + key_size + value_size;
    if (crc32_extend(store->head_crc, in + AT_VALUE_SIZE, used - AT_VALUE_SIZE) !=
        bytes_load_le32(in)) {
        return STATUS_MISSING;
    }
    return memchr(in + AT_KEY, '\0', key_size) == NULL ? STATUS_OK : STATUS_MISSING;
}

/// Notes that the newest value of `key` is at `offset`. Returns false when there is no slot left.
static bool note_value(struct record_store *store, const char *key, size_t key_size,
                       uint32_t offset, size_t value_size)
{
    char name[KEY_VALUE_KEY_SIZE + 1] = { 0 };
    memcpy(name, key, key_size);
    struct record_store_slot *slot = find_slot(store, name);
    if (slot == NULL && store->slot_count < RECORD_STORE_KEY_LIMIT) {
        slot = &store->slot[store->slot_count++];
        memcpy(slot->key, name, sizeof name);
    }
    if (slot != NULL) {
        slot->offset = offset;
        slot->value_size = (uint16_t)value_size;
    }
    return slot != NULL;
}

static enum status sync_region(const struct record_store *store)
{
    return store->region->sync(store->region->ctx);
}

static enum status erase_half(const struct record_store *store, unsigned half)
{
    const struct flash_region *region = store->region;
    enum status status = STATUS_OK;
    for (uint32_t at = 0; at < store->half_size && status == STATUS_OK; at += region->sector_size) {
        status = region->erase(region->ctx, half * store->half_size + at);
    }
    return status;
}

/// A half that is being filled, not yet in use.
struct rebuild {
    unsigned half;
    uint32_t end;
    uint32_t head_crc;
    uint8_t head[HEAD_SIZE];
    uint32_t offset[RECORD_STORE_KEY_LIMIT]; ///< By slot.
};

static enum status program_in(const struct record_store *store, struct rebuild *rebuild,
                              uint32_t size)
{
    const struct flash_region *region = store->region;
    const enum status status = region->program(
        region->ctx, rebuild->half * store->half_size + rebuild->end, store->buffer, size);
    rebuild->end += size;
    return status;
}

static bool is_lasting(const struct record_store_slot *slot)
{
    return slot->key[0] == KEY_VALUE_LASTING;
}

/// Copies the newest value of every key but `except`, which may be NULL, or of the lasting ones.
static enum status copy_values(struct record_store *store, struct rebuild *rebuild,
                               const struct record_store_slot *except, bool lasting_only)
{
    for (unsigned i = 0; i < store->slot_count; i++) {
        const struct record_store_slot *slot = &store->slot[i];
        uint32_t size;
        if (slot == except || (lasting_only && !is_lasting(slot))) {
            continue;
        }
        enum status status = load_entry(store, slot->offset, &size);
        if (status == STATUS_MISSING) {
            rebuild->offset[i] = store->half_size; // Decayed. It stays lost, and says so.
            continue;
        }
        if (status != STATUS_OK) {
            return status;
        }
        const uint8_t *value = store->buffer + AT_KEY + store->buffer[AT_KEY_SIZE];
        size = make_entry(store, rebuild->head_crc, slot->key, value, slot->value_size);
        rebuild->offset[i] = rebuild->end;
        status = program_in(store, rebuild, size);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static struct rebuild begin_rebuild(const struct record_store *store)
{
    struct rebuild rebuild = { .half = 1 - store->half, .end = HEAD_SIZE };
    rebuild.head_crc = make_head(store->generation + 1, rebuild.head);
    return rebuild;
}

/// Makes what was written durable, then makes it count.
static enum status commit_rebuild(struct record_store *store, const struct rebuild *rebuild)
{
    const struct flash_region *region = store->region;
    enum status status = sync_region(store);
    if (status == STATUS_OK) {
        status = region->program(region->ctx, rebuild->half * store->half_size, rebuild->head,
                                 HEAD_SIZE);
    }
    if (status == STATUS_OK) {
        status = sync_region(store);
    }
    if (status == STATUS_OK) {
        store->half = rebuild->half;
        store->generation++;
        store->end = rebuild->end;
        store->head_crc = rebuild->head_crc;
        store->must_rebuild = false;
    }
    return status;
}

/// Moves to the other half with `value` as the newest of `key`.
static enum status set_by_rebuild(struct record_store *store, const char *key, const void *value,
                                  size_t value_size)
{
    const struct record_store_slot *old = find_slot(store, key);
    uint32_t needed = HEAD_SIZE + entry_size(key_size_of(key), value_size);
    for (unsigned i = 0; i < store->slot_count; i++) {
        const struct record_store_slot *slot = &store->slot[i];
        needed += slot == old ? 0 : entry_size(key_size_of(slot->key), slot->value_size);
    }
    if (needed > store->half_size) {
        return STATUS_FULL;
    }

    struct rebuild rebuild = begin_rebuild(store);
    store->must_rebuild = true;
    enum status status = erase_half(store, rebuild.half);
    if (status == STATUS_OK) {
        status = copy_values(store, &rebuild, old, false);
    }
    const uint32_t offset = rebuild.end;
    if (status == STATUS_OK) {
        const uint32_t size = make_entry(store, rebuild.head_crc, key, value, value_size);
        status = program_in(store, &rebuild, size);
    }
    if (status == STATUS_OK) {
        status = commit_rebuild(store, &rebuild);
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (unsigned i = 0; i < store->slot_count; i++) {
        store->slot[i].offset = rebuild.offset[i];
    }
    return note_value(store, key, key_size_of(key), offset, value_size) ? STATUS_OK : STATUS_FULL;
}

static enum status set_by_append(struct record_store *store, const char *key, const void *value,
                                 size_t value_size)
{
    const struct flash_region *region = store->region;
    const uint32_t offset = store->end;
    const uint32_t size = make_entry(store, store->head_crc, key, value, value_size);
    enum status status =
        region->program(region->ctx, store->half * store->half_size + offset, store->buffer, size);
    if (status == STATUS_OK) {
        status = sync_region(store);
    }
    if (status != STATUS_OK) {
        store->must_rebuild = true;
        return status;
    }
    store->end += size;
    return note_value(store, key, key_size_of(key), offset, value_size) ? STATUS_OK : STATUS_FULL;
}

static enum status store_get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    struct record_store *store = ctx;
    const struct record_store_slot *slot = find_slot(store, key);
    uint32_t loaded;
    if (key_size_of(key) == 0) {
        return STATUS_INVALID;
    }
    if (slot == NULL) {
        return STATUS_MISSING;
    }
    *size = slot->value_size;
    if (slot->value_size > capacity) {
        return STATUS_FULL;
    }
    const enum status status = load_entry(store, slot->offset, &loaded);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_CORRUPT : status;
    }
    if (slot->value_size > 0) {
        memcpy(out, store->buffer + AT_KEY + store->buffer[AT_KEY_SIZE], slot->value_size);
    }
    return STATUS_OK;
}

static bool is_value_of(struct record_store *store, const struct record_store_slot *slot,
                        const void *value, size_t size)
{
    uint32_t loaded;
    return slot->value_size == size && load_entry(store, slot->offset, &loaded) == STATUS_OK &&
           (size == 0 ||
            memcmp(store->buffer + AT_KEY + store->buffer[AT_KEY_SIZE], value, size) == 0);
}

static enum status store_set(void *ctx, const char *key, const void *value, size_t size)
{
    struct record_store *store = ctx;
    const size_t key_size = key_size_of(key);
    if (key_size == 0 || size > KEY_VALUE_SIZE_LIMIT) {
        return STATUS_INVALID;
    }
    const struct record_store_slot *slot = find_slot(store, key);
    if (slot == NULL && store->slot_count == RECORD_STORE_KEY_LIMIT) {
        return STATUS_FULL;
    }
    if (slot != NULL && is_value_of(store, slot, value, size)) {
        return STATUS_OK;
    }
    if (store->must_rebuild || entry_size(key_size, size) > store->half_size - store->end) {
        return set_by_rebuild(store, key, value, size);
    }
    return set_by_append(store, key, value, size);
}

/// Drops all but the lasting keys from the list of where values are.
static void keep_lasting(struct record_store *store, const struct rebuild *rebuild)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < store->slot_count; i++) {
        if (is_lasting(&store->slot[i])) {
            store->slot[kept] = store->slot[i];
            store->slot[kept].offset = rebuild->offset[i];
            kept++;
        }
    }
    store->slot_count = kept;
}

/// A half with the lasting values alone takes over at once; then the old one is wiped too.
static enum status store_erase_all(void *ctx)
{
    struct record_store *store = ctx;
    const unsigned old_half = store->half;
    struct rebuild rebuild = begin_rebuild(store);
    store->must_rebuild = true;
    enum status status = erase_half(store, rebuild.half);
    if (status == STATUS_OK) {
        status = copy_values(store, &rebuild, NULL, true);
    }
    if (status == STATUS_OK) {
        status = commit_rebuild(store, &rebuild);
    }
    if (status != STATUS_OK) {
        return status;
    }
    keep_lasting(store, &rebuild);
    status = erase_half(store, old_half);
    return status == STATUS_OK ? sync_region(store) : status;
}

/// Reads the head of a half.
///
/// @return STATUS_MISSING  it has no sound one.
static enum status read_head(const struct record_store *store, unsigned half, uint64_t *generation,
                             uint32_t *crc)
{
    uint8_t head[HEAD_SIZE];
    const struct flash_region *region = store->region;
    const enum status status =
        region->read(region->ctx, half * store->half_size, head, sizeof head);
    if (status != STATUS_OK) {
        return status;
    }
    *crc = crc32_extend(0, head, HEAD_AT_CRC);
    *generation = bytes_load_le64(head + HEAD_AT_GENERATION);
    return memcmp(head, magic, sizeof magic) == 0 && *generation < generation_limit &&
                   bytes_load_le32(head + HEAD_AT_VERSION) == VERSION &&
                   *crc == bytes_load_le32(head + HEAD_AT_CRC)
               ? STATUS_OK
               : STATUS_MISSING;
}

/// Finds every entry up to the first that is not sound: the log has no holes.
static enum status walk_log(struct record_store *store)
{
    uint32_t offset = HEAD_SIZE;
    for (;;) {
        uint32_t size;
        const enum status status = load_entry(store, offset, &size);
        if (status != STATUS_OK) {
            store->end = offset;
            return status == STATUS_MISSING ? STATUS_OK : status;
        }
        const uint8_t *in = store->buffer;
        if (!note_value(store, (const char *)in + AT_KEY, in[AT_KEY_SIZE], offset,
                        bytes_load_le16(in + AT_VALUE_SIZE))) {
            return STATUS_FULL;
        }
        offset += size;
    }
}

enum status record_store_open(struct record_store *store, const struct flash_region *region)
{
    *store = (struct record_store){ .region = region };
    if (region->sector_size == 0 || region->size / region->sector_size < HALF_COUNT) {
        return STATUS_INVALID;
    }
    store->half_size = region->size / region->sector_size / HALF_COUNT * region->sector_size;

    bool found = false;
    for (unsigned half = 0; half < HALF_COUNT; half++) {
        uint64_t generation;
        uint32_t crc;
        const enum status status = read_head(store, half, &generation, &crc);
        if (status != STATUS_OK && status != STATUS_MISSING) {
            return status;
        }
        if (status == STATUS_OK && (!found || generation > store->generation)) {
            found = true;
            store->half = half;
            store->generation = generation;
            store->head_crc = crc;
        }
    }
    if (!found) {
        return store_erase_all(store);
    }
    // Behind the last entry there may be a unit that was begun without a bit that shows it, so the
    // first set() of this run moves to a half that is known to be blank.
    store->must_rebuild = true;
    const enum status status = walk_log(store);
    return status == STATUS_OK ? sync_region(store) : status;
}

struct key_value record_store_key_value(struct record_store *store)
{
    return (struct key_value){
        .get = store_get, .set = store_set, .erase_all = store_erase_all, .ctx = store
    };
}
