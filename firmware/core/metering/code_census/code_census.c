// SPDX-License-Identifier: MIT
#include "code_census.h"

#include <stddef.h>

// A release store publishes what was written before it; the acquire load on the other side sees it.

static const struct linearity_table straight = { .cells = 0 };

void code_census_init(struct code_census *census, const struct linearity_table *table)
{
    *census = (struct code_census){ .table = table != NULL ? *table : straight };
}

const struct linearity_table *code_census_table(const struct code_census *census)
{
    return &census->table;
}

bool code_census_is_free(const struct code_census *census)
{
    return atomic_load_explicit(&census->done, memory_order_acquire) ==
           atomic_load_explicit(&census->posted, memory_order_relaxed);
}

enum status code_census_post(struct code_census *census, const struct code_census_order *order)
{
    if (!code_census_is_free(census)) {
        return STATUS_BUSY;
    }
    census->order = *order;
    if (order->inputs > CODE_CENSUS_INPUT_LIMIT) {
        census->order.inputs = CODE_CENSUS_INPUT_LIMIT;
    }
    const uint32_t posted = atomic_load_explicit(&census->posted, memory_order_relaxed);
    atomic_store_explicit(&census->posted, posted + 1u, memory_order_release);
    return STATUS_OK;
}

static void carry_out(struct code_census *census, const struct code_census_order *order)
{
    switch (order->action) {
    case CODE_CENSUS_REST:
        census->counting.inputs = 0;
        break;
    case CODE_CENSUS_COUNT:
        census->counting = *order;
        break;
    case CODE_CENSUS_STRAIGHTEN:
        census->table = order->table != NULL ? *order->table : straight;
        break;
    }
}

void code_census_take(struct code_census *census, const struct adc_block *block)
{
    const uint32_t posted = atomic_load_explicit(&census->posted, memory_order_acquire);
    if (posted != atomic_load_explicit(&census->done, memory_order_relaxed)) {
        carry_out(census, &census->order);
        atomic_store_explicit(&census->done, posted, memory_order_release);
    }
    for (unsigned n = 0; n < census->counting.inputs; n++) {
        code_density_add(census->counting.density[n], block->code[census->counting.input[n]],
                         block->frame_count);
    }
}

static void take(void *ctx, const struct adc_block *block)
{
    code_census_take(ctx, block);
}

struct code_tap code_census_tap(struct code_census *census)
{
    return (struct code_tap){ .codes = take, .ctx = census };
}
