// SPDX-License-Identifier: MIT
#pragma once

/// Numbers as bits, small ones in few: the code of Elias' gamma kind that record_code is made of.
/// Belongs to record_code alone.
///
/// A number is cut into `k` low bits and the rest. The rest has n bits, which is written as n ones
/// and a zero, or from twelve ones on in six bits; then come the rest but for its first bit, and
/// the low bits. So 0 takes 1 + k bits, and a number of b bits never more than b + 17.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bit_writer {
    uint8_t *out;
    size_t capacity; ///< Bytes.
    size_t bits;     ///< Written so far; goes on counting when the room has run out.
};

struct bit_reader {
    const uint8_t *data;
    size_t size;
    size_t bits; ///< Read so far.
};

/// Bits that put() takes for `value`.
unsigned bit_code_cost(uint64_t value, unsigned k);

/// Writes `value` with `k` low bits, 0 to 15.
void bit_code_put(struct bit_writer *writer, uint64_t value, unsigned k);

/// @return false  the bytes end, or are no number.
bool bit_code_get(struct bit_reader *reader, unsigned k, uint64_t *value);

/// Writes and reads `count` bits, 0 to 64, as they are.
void bit_code_put_bits(struct bit_writer *writer, uint64_t value, unsigned count);
bool bit_code_get_bits(struct bit_reader *reader, unsigned count, uint64_t *value);

/// Tells whether nothing follows but the rest of a byte, all zeros.
bool bit_code_is_at_end(struct bit_reader *reader);

/// The number of bits of `value`; 0 for 0.
unsigned bit_code_length(uint64_t value);

/// Small numbers of either sign become small numbers: 0, -1, 1, -2 as 0, 1, 2, 3.
static inline uint64_t bit_code_fold(int64_t value)
{
    return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static inline int64_t bit_code_unfold(uint64_t value)
{
    return (int64_t)((value & 1u) != 0 ? ~(value >> 1) : value >> 1);
}
