// SPDX-License-Identifier: MIT
#include "code_density.h"

#include <stdbool.h>

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
    for (uint32_t i = 0; i < count && density->total < total_limit; i++) {
        const int64_t above = (int64_t)codes[i] - density->code_min;
        const int64_t cell = above / (int64_t)density->cell_codes;
        const bool is_inside = above >= 0 && cell < CODE_DENSITY_CELLS;
        density->total++;
        if (is_inside) {
            density->count[cell]++;
        } else {
            density->outside++;
        }
    }
}
