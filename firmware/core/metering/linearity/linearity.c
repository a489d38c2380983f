// SPDX-License-Identifier: MIT
#include "linearity.h"

#include <stdbool.h>

enum { LIMIT_CODES = 1 << 24, FINE_BITS = 4, FINE = 1 << FINE_BITS };

static int16_t to_sixteenths(float codes)
{
    const float fine = codes * (float)FINE;
    return (int16_t)(fine < 0.0f ? fine - 0.5f : fine + 0.5f);
}

static bool is_sound(const float *correction, uint32_t points)
{
    const float largest = (float)LINEARITY_LARGEST;
    for (uint32_t n = 0; n < points; n++) {
        if (!(correction[n] >= -largest && correction[n] <= largest)) {
            return false;
        }
    }
    return true;
}

enum status linearity_table_init(struct linearity_table *table, int32_t code_min,
                                 uint32_t cell_codes, const float *correction, uint32_t points)
{
    *table = (struct linearity_table){ .cells = 0 };
    if (points < 2 || points > LINEARITY_POINT_LIMIT || cell_codes == 0 ||
        code_min < -LIMIT_CODES || code_min > LIMIT_CODES ||
        (uint64_t)(points - 1u) * cell_codes > LIMIT_CODES || !is_sound(correction, points)) {
        return STATUS_INVALID;
    }
    const uint32_t range = (points - 1u) * cell_codes;
    uint32_t bits = 0;
    while (((LINEARITY_POINT_LIMIT - 1u) << bits) < range) {
        bits++;
    }
    const uint32_t cells = (range + (1u << bits) - 1u) >> bits;
    for (uint32_t n = 0; n <= cells; n++) {
        const uint32_t wanted = n << bits;
        const uint32_t code = wanted < range ? wanted : range;
        const uint32_t point = code / cell_codes < points - 1u ? code / cell_codes : points - 2u;
        const float share = (float)(code - point * cell_codes) / (float)cell_codes;
        const float slope = correction[point + 1u] - correction[point];
        table->sixteenths[n] = to_sixteenths(correction[point] + share * slope);
    }
    table->code_min = code_min;
    table->cell_bits = bits;
    table->cells = cells;
    return STATUS_OK;
}

void linearity_table_apply(const struct linearity_table *table, int32_t *codes, uint32_t count)
{
    if (table->cells == 0) {
        return;
    }
    // All in 32 bits: the sum of both shares is at most 2^15 sixteenths times 2^15 of a cell.
    // Copies, because the compiler cannot know that no code lies within the table.
    const uint32_t bits = table->cell_bits;
    const uint32_t shift = bits + FINE_BITS;
    const int16_t *sixteenths = table->sixteenths;
    const uint32_t within = (UINT32_C(1) << bits) - 1u;
    const uint32_t first = (uint32_t)table->code_min;
    const uint32_t end = table->cells << bits;
    // The largest correction on top keeps what is rounded positive.
    const uint32_t largest = (uint32_t)(LINEARITY_LARGEST + 1) * FINE;
    const uint32_t lift = (largest + (uint32_t)FINE / 2u) << bits;
    for (uint32_t n = 0; n < count; n++) {
        const int32_t code = codes[n];
        uint32_t from = (uint32_t)code - first;
        if (from >= end) {
            from = code < table->code_min ? 0 : end - 1u;
        }
        const int16_t *point = sixteenths + (from >> bits);
        const int32_t low = point[0];
        const int32_t rise = point[1] - low;
        const uint32_t fine = ((uint32_t)low << bits) + (uint32_t)rise * (from & within) + lift;
        codes[n] = code + (int32_t)(fine >> shift) - (LINEARITY_LARGEST + 1);
    }
}
