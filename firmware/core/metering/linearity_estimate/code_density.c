// SPDX-License-Identifier: MIT
#include "code_density.h"

static const uint32_t total_limit = 1u << 31;

enum status code_density_init(struct code_density *density, int32_t code_min, int32_t code_max)
{
    const int64_t codes = (int64_t)code_max - code_min + 1;
    *density = (struct code_density){ .code_min = code_min, .cell_codes = 1 };
    if (codes < 2 || codes > 1 << 24) {
        return STATUS_INVALID;
    }
    while ((int64_t)density->cell_codes * CODE_DENSITY_CELLS < codes) {
        density->cell_codes *= 2;
    }
    return STATUS_OK;
}

void code_density_add(struct code_density *density, const int32_t *codes, uint32_t count)
{
    unsigned bits = 0;
    while (density->cell_codes >> bits > 1u) {
        bits++;
    }
    for (uint32_t i = 0; i < count && density->total < total_limit; i++) {
        // A code below the range wraps round to a cell far above it.
        const uint32_t cell = ((uint32_t)codes[i] - (uint32_t)density->code_min) >> bits;
        density->total++;
        if (cell < CODE_DENSITY_CELLS) {
            density->count[cell]++;
        } else {
            density->outside++;
        }
    }
}
