// SPDX-License-Identifier: MIT
#include "linearity_store.h"

#include "bytes.h"
#include "crc32.h"

enum {
    PARTS = 3,
    PART_POINTS = (LINEARITY_POINT_LIMIT + PARTS - 1) / PARTS,
    PART_SIZE = 2 * PART_POINTS,
    VERSION = 1,
    // version, bank, swings, cell bits, cells, code_min, number, time, name, two figures.
    AT_BANK = 1,
    AT_SWINGS = 2,
    AT_CELL_BITS = 3,
    AT_CELLS = 4,
    AT_CODE_MIN = 8,
    AT_NUMBER = 12,
    AT_TIME = 16,
    AT_WHO = 24,
    AT_LARGEST = AT_WHO + LINEARITY_STORE_WHO_SIZE,
    AT_DISAGREEMENT = AT_LARGEST + 4,
    AT_POINTS_CRC = AT_DISAGREEMENT + 4,
    AT_CRC = AT_POINTS_CRC + 4,
    HEAD_SIZE = AT_CRC + 4,
    CODE_MIN_LIMIT = 1 << 24,
};

static const char head_key[] = "lin";

/// IEEE 754 numbers travel as their bits.
union bits32 {
    float value;
    uint32_t bits;
};

static void store_float(uint8_t *out, float value)
{
    const union bits32 number = { .value = value };
    bytes_store_le32(out, number.bits);
}

static float load_float(const uint8_t *in)
{
    const union bits32 number = { .bits = bytes_load_le32(in) };
    return number.value;
}

static void name_part(unsigned bank, unsigned part, char key[7])
{
    static const char start[] = "lin.";
    for (unsigned i = 0; i < 4; i++) {
        key[i] = start[i];
    }
    key[4] = (char)(bank == 0 ? 'a' : 'b');
    key[5] = (char)('0' + part);
    key[6] = '\0';
}

/// Whether linearity_table_apply() could go beyond the table or overflow.
static bool is_sound(const struct linearity_table *table)
{
    const int32_t largest = LINEARITY_LARGEST * 16;
    if (table->cells >= LINEARITY_POINT_LIMIT || table->cell_bits > 15 ||
        table->code_min < -CODE_MIN_LIMIT || table->code_min > CODE_MIN_LIMIT) {
        return false;
    }
    for (uint32_t n = 0; table->cells > 0 && n <= table->cells; n++) {
        if (table->sixteenths[n] > largest || table->sixteenths[n] < -largest) {
            return false;
        }
    }
    return true;
}

static void write_part(const struct linearity_table *table, unsigned part, uint8_t out[PART_SIZE])
{
    for (unsigned i = 0; i < PART_POINTS; i++) {
        const unsigned n = part * PART_POINTS + i;
        const bool exists = n <= table->cells && n < LINEARITY_POINT_LIMIT;
        const int point = exists ? table->sixteenths[n] : 0;
        bytes_store_le16(out + (size_t)2 * i, (uint16_t)point);
    }
}

static uint32_t points_crc(const struct linearity_table *table)
{
    uint32_t crc = 0;
    for (unsigned part = 0; part < PARTS; part++) {
        uint8_t value[PART_SIZE];
        write_part(table, part, value);
        crc = crc32_extend(crc, value, sizeof value);
    }
    return crc;
}

static enum status write_points(const struct linearity_store *store,
                                const struct linearity_table *table, unsigned bank)
{
    enum status status = STATUS_OK;
    for (unsigned part = 0; part < PARTS && status == STATUS_OK; part++) {
        uint8_t value[PART_SIZE];
        char key[7];
        write_part(table, part, value);
        name_part(bank, part, key);
        status = store->values->set(store->values->ctx, key, value, sizeof value);
    }
    return status;
}

static enum status write_head(const struct linearity_store *store,
                              const struct linearity_table *table,
                              const struct linearity_note *note, unsigned bank)
{
    uint8_t head[HEAD_SIZE] = { VERSION };
    head[AT_BANK] = (uint8_t)bank;
    head[AT_SWINGS] = note->swings;
    head[AT_CELL_BITS] = (uint8_t)table->cell_bits;
    bytes_store_le32(head + AT_CELLS, table->cells);
    bytes_store_le32(head + AT_CODE_MIN, (uint32_t)table->code_min);
    bytes_store_le32(head + AT_NUMBER, note->number);
    bytes_store_le64(head + AT_TIME, (uint64_t)note->utc_s);
    for (unsigned i = 0; i < LINEARITY_STORE_WHO_SIZE; i++) {
        head[AT_WHO + i] = (uint8_t)note->who[i];
    }
    store_float(head + AT_LARGEST, note->largest_codes);
    store_float(head + AT_DISAGREEMENT, note->disagreement_codes);
    bytes_store_le32(head + AT_POINTS_CRC, points_crc(table));
    bytes_store_le32(head + AT_CRC, crc32_extend(0, head, AT_CRC));
    return store->values->set(store->values->ctx, head_key, head, sizeof head);
}

static bool read_head(const uint8_t head[HEAD_SIZE], struct linearity_store *store,
                      struct linearity_table *table)
{
    const uint64_t utc_s = bytes_load_le64(head + AT_TIME);
    if (head[0] != VERSION || bytes_load_le32(head + AT_CRC) != crc32_extend(0, head, AT_CRC) ||
        head[AT_BANK] > 1 || utc_s > INT64_MAX / 1000) {
        return false;
    }
    store->bank = head[AT_BANK];
    store->note = (struct linearity_note){
        .number = bytes_load_le32(head + AT_NUMBER),
        .utc_s = (int64_t)utc_s,
        .swings = head[AT_SWINGS],
        .largest_codes = load_float(head + AT_LARGEST),
        .disagreement_codes = load_float(head + AT_DISAGREEMENT),
    };
    for (unsigned i = 0; i < LINEARITY_STORE_WHO_SIZE; i++) {
        store->note.who[i] = (char)head[AT_WHO + i];
    }
    table->cells = bytes_load_le32(head + AT_CELLS);
    table->cell_bits = head[AT_CELL_BITS];
    table->code_min = (int32_t)bytes_load_le32(head + AT_CODE_MIN);
    return table->cells < LINEARITY_POINT_LIMIT;
}

static enum status read_points(const struct linearity_store *store, struct linearity_table *table,
                               uint32_t wanted_crc)
{
    uint32_t crc = 0;
    for (unsigned part = 0; part < PARTS; part++) {
        uint8_t value[PART_SIZE];
        size_t size = 0;
        char key[7];
        name_part(store->bank, part, key);
        const enum status status =
            store->values->get(store->values->ctx, key, value, sizeof value, &size);
        if (status == STATUS_IO) {
            return STATUS_IO;
        }
        if (status != STATUS_OK || size != sizeof value) {
            return STATUS_CORRUPT;
        }
        crc = crc32_extend(crc, value, sizeof value);
        for (unsigned i = 0; i < PART_POINTS; i++) {
            const unsigned n = part * PART_POINTS + i;
            if (n < LINEARITY_POINT_LIMIT) {
                table->sixteenths[n] = (int16_t)bytes_load_le16(value + (size_t)2 * i);
            }
        }
    }
    return crc == wanted_crc && is_sound(table) ? STATUS_OK : STATUS_CORRUPT;
}

static enum status load(struct linearity_store *store, struct linearity_table *table)
{
    uint8_t head[HEAD_SIZE];
    size_t size = 0;
    const enum status status =
        store->values->get(store->values->ctx, head_key, head, sizeof head, &size);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING || status == STATUS_IO ? status : STATUS_CORRUPT;
    }
    if (size != sizeof head || !read_head(head, store, table)) {
        return STATUS_CORRUPT;
    }
    return table->cells == 0 ? STATUS_OK
                             : read_points(store, table, bytes_load_le32(head + AT_POINTS_CRC));
}

enum status linearity_store_load(struct linearity_store *store, const struct key_value *values,
                                 struct linearity_table *table)
{
    *store = (struct linearity_store){ .values = values };
    *table = (struct linearity_table){ .cells = 0 };
    const enum status status = load(store, table);
    if (status != STATUS_OK) {
        *table = (struct linearity_table){ .cells = 0 };
        store->note = (struct linearity_note){ .number = 0 };
    }
    store->newest = store->note.number;
    return status == STATUS_MISSING ? STATUS_OK : status;
}

enum status linearity_store_keep(struct linearity_store *store, const struct linearity_table *table,
                                 const struct linearity_note *note)
{
    if (!is_sound(table)) {
        return STATUS_INVALID;
    }
    // What fails may show after a restart, so its number is not given out again.
    struct linearity_note entry = *note;
    entry.number = ++store->newest;
    entry.who[LINEARITY_STORE_WHO_SIZE] = '\0';
    unsigned bank = store->bank;
    enum status status = STATUS_OK;
    if (table->cells > 0) {
        bank ^= 1u;
        status = write_points(store, table, bank);
    }
    if (status == STATUS_OK) {
        status = write_head(store, table, &entry, bank);
    }
    if (status == STATUS_OK) {
        store->note = entry;
        store->bank = bank;
    }
    return status;
}

const struct linearity_note *linearity_store_note(const struct linearity_store *store)
{
    return &store->note;
}
