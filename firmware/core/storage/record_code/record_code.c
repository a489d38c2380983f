// SPDX-License-Identifier: MIT
#include "record_code.h"

#include <stdbool.h>

#include "reading_code.h"
#include "record_fields.h"

enum { KIND_BITS = 8, K_BITS = 4, K_COUNT = 1 << K_BITS };

/// What a row of numbers has come to: a smooth one is told by differences of differences. Modulo
/// 2^64.
struct row {
    uint64_t value;
    uint64_t difference;
};

static uint64_t fold_tail(const struct record *record, unsigned index, struct row *row)
{
    const int64_t value = record_tail_load(record, index);
    if (!record_tail_is_smooth(record->kind)) {
        return bit_code_fold(value);
    }
    const uint64_t difference = (uint64_t)value - row->value;
    const uint64_t bend = difference - row->difference;
    *row = (struct row){ .value = (uint64_t)value, .difference = difference };
    return bit_code_fold((int64_t)bend);
}

static int64_t unfold_tail(unsigned kind, uint64_t folded, struct row *row)
{
    const int64_t value = bit_code_unfold(folded);
    if (!record_tail_is_smooth(kind)) {
        return value;
    }
    row->difference += (uint64_t)value;
    row->value += row->difference;
    return (int64_t)row->value;
}

/// The number of low bits that makes the tail shortest.
static unsigned best_k(const struct record *record)
{
    uint32_t cost[K_COUNT] = { 0 };
    struct row row = { 0 };
    const unsigned count = record_tail_count(record);
    for (unsigned i = 0; i < count; i++) {
        const uint64_t folded = fold_tail(record, i, &row);
        for (unsigned k = 0; k < K_COUNT; k++) {
            cost[k] += bit_code_cost(folded, k);
        }
    }
    unsigned best = 0;
    for (unsigned k = 1; k < K_COUNT; k++) {
        best = cost[k] < cost[best] ? k : best;
    }
    return best;
}

static void put_other(struct bit_writer *writer, const struct record *record)
{
    const struct record_field_table head = record_head_fields(record->kind);
    for (unsigned i = 0; i < head.count; i++) {
        bit_code_put(writer, bit_code_fold(record_field_load(&head.field[i], record)), 0);
    }
    const unsigned count = record_tail_count(record);
    if (count == 0) {
        return;
    }
    struct row row = { 0 };
    const unsigned k = best_k(record);
    bit_code_put_bits(writer, k, K_BITS);
    for (unsigned i = 0; i < count; i++) {
        bit_code_put(writer, fold_tail(record, i, &row), k);
    }
}

static bool get_other(struct bit_reader *reader, struct record *record)
{
    const struct record_field_table head = record_head_fields(record->kind);
    uint64_t folded;
    for (unsigned i = 0; i < head.count; i++) {
        if (!bit_code_get(reader, 0, &folded) ||
            !record_field_store(&head.field[i], record, bit_code_unfold(folded))) {
            return false;
        }
    }
    struct row row = { 0 };
    const unsigned count = record_tail_count(record);
    uint64_t k = 0;
    if (count > 0 && !bit_code_get_bits(reader, K_BITS, &k)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!bit_code_get(reader, (unsigned)k, &folded) ||
            !record_tail_store(record, i, unfold_tail(record->kind, folded, &row))) {
            return false;
        }
    }
    return true;
}

enum status record_code_encode(const struct record *record, const struct reading *base,
                               uint8_t *out, size_t *size)
{
    if (!record_is_valid(record)) {
        return STATUS_INVALID;
    }
    struct bit_writer writer = { .out = out, .capacity = RECORD_CODE_SIZE_LIMIT };
    bit_code_put_bits(&writer, record->kind, KIND_BITS);
    if (record->kind == RECORD_KIND_READING) {
        reading_code_put(&writer, &record->reading, base);
    } else {
        put_other(&writer, record);
    }
    *size = (writer.bits + 7) / 8;
    return *size <= RECORD_CODE_SIZE_LIMIT ? STATUS_OK : STATUS_INVALID;
}

enum status record_code_decode(const uint8_t *data, size_t size, const struct reading *base,
                               struct record *record)
{
    struct bit_reader reader = { .data = data, .size = size };
    uint64_t kind;
    if (!bit_code_get_bits(&reader, KIND_BITS, &kind) || kind >= RECORD_KIND_COUNT) {
        return STATUS_CORRUPT;
    }
    *record = (struct record){ .kind = (uint8_t)kind };
    const bool found = record->kind == RECORD_KIND_READING
                           ? reading_code_get(&reader, base, &record->reading)
                           : get_other(&reader, record);
    return found && bit_code_is_at_end(&reader) && record_is_valid(record) ? STATUS_OK
                                                                           : STATUS_CORRUPT;
}
