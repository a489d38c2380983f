// SPDX-License-Identifier: MIT
#include "bit_code.h"

enum {
    UNARY_LIMIT = 12, ///< So many ones: the length follows in LENGTH_BITS.
    LENGTH_BITS = 6,
};

unsigned bit_code_length(uint64_t value)
{
    unsigned length = 0;
    for (; value != 0; value >>= 1) {
        length++;
    }
    return length;
}

unsigned bit_code_cost(uint64_t value, unsigned k)
{
    const unsigned length = bit_code_length(value >> k);
    if (length == 0) {
        return 1 + k;
    }
    return (length < UNARY_LIMIT ? length + 1 : UNARY_LIMIT + LENGTH_BITS) + length - 1 + k;
}

static void put_bit(struct bit_writer *writer, unsigned bit)
{
    const size_t at = writer->bits / 8;
    const unsigned place = 7u - (unsigned)(writer->bits % 8);
    if (at < writer->capacity) {
        const unsigned before = place == 7 ? 0u : writer->out[at];
        writer->out[at] = (uint8_t)(before | (bit << place));
    }
    writer->bits++;
}

void bit_code_put_bits(struct bit_writer *writer, uint64_t value, unsigned count)
{
    while (count > 0) {
        count--;
        put_bit(writer, (unsigned)(value >> count) & 1u);
    }
}

bool bit_code_get_bits(struct bit_reader *reader, unsigned count, uint64_t *value)
{
    *value = 0;
    if (count > reader->size * 8 - reader->bits) {
        return false;
    }
    for (; count > 0; count--, reader->bits++) {
        const unsigned byte = reader->data[reader->bits / 8];
        *value = *value << 1 | (byte >> (7 - reader->bits % 8) & 1u);
    }
    return true;
}

void bit_code_put(struct bit_writer *writer, uint64_t value, unsigned k)
{
    const uint64_t rest = value >> k;
    const unsigned length = bit_code_length(rest);
    if (length < UNARY_LIMIT) {
        bit_code_put_bits(writer, (UINT64_C(2) << length) - 2, length + 1);
    } else {
        bit_code_put_bits(writer, (UINT64_C(1) << UNARY_LIMIT) - 1, UNARY_LIMIT);
        bit_code_put_bits(writer, length - 1, LENGTH_BITS);
    }
    bit_code_put_bits(writer, rest, length > 0 ? length - 1 : 0);
    bit_code_put_bits(writer, value, k);
}

/// Reads the number of bits of the rest.
static bool get_length(struct bit_reader *reader, unsigned *length)
{
    uint64_t bit = 1;
    for (*length = 0; *length < UNARY_LIMIT; (*length)++) {
        if (!bit_code_get_bits(reader, 1, &bit)) {
            return false;
        }
        if (bit == 0) {
            return true;
        }
    }
    uint64_t less_one;
    if (!bit_code_get_bits(reader, LENGTH_BITS, &less_one)) {
        return false;
    }
    *length = (unsigned)less_one + 1;
    return *length >= UNARY_LIMIT;
}

bool bit_code_get(struct bit_reader *reader, unsigned k, uint64_t *value)
{
    unsigned length;
    uint64_t rest = 0;
    uint64_t low;
    if (!get_length(reader, &length) || length + k > 64 ||
        (length > 0 && !bit_code_get_bits(reader, length - 1, &rest)) ||
        !bit_code_get_bits(reader, k, &low)) {
        return false;
    }
    rest |= length > 0 ? UINT64_C(1) << (length - 1) : 0;
    *value = length > 0 ? rest << k | low : low;
    return true;
}

bool bit_code_is_at_end(struct bit_reader *reader)
{
    const size_t left = reader->size * 8 - reader->bits;
    uint64_t padding;
    return left < 8 && bit_code_get_bits(reader, (unsigned)left, &padding) && padding == 0;
}
