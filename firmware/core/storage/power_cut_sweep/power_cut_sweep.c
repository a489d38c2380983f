// SPDX-License-Identifier: MIT
#include "power_cut_sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/// The device before a change.
struct moment {
    struct flash_memory flash;
    struct record_store records;
    void *store;
};

static void keep(const struct power_cut_sweep *sweep, struct moment *moment)
{
    flash_memory_copy(&moment->flash, sweep->flash);
    moment->records = *sweep->records;
    memcpy(moment->store, sweep->store, sweep->store_size);
}

static void go_back(const struct power_cut_sweep *sweep, const struct moment *moment)
{
    flash_memory_copy(sweep->flash, &moment->flash);
    *sweep->records = moment->records;
    memcpy(sweep->store, moment->store, sweep->store_size);
}

static enum status change_and_boot(const struct power_cut_sweep *sweep, unsigned number,
                                   uint64_t step)
{
    flash_memory_cut_after(sweep->flash, step);
    const enum status status = sweep->change(number);
    flash_memory_power_up(sweep->flash);
    sweep->open();
    return status;
}

void power_cut_sweep(const struct power_cut_sweep *sweep, const char *name)
{
    static struct moment before;
    unsigned cuts = 0;

    before.store = malloc(sweep->store_size);
    assert_non_null(before.store);
    sweep->open();
    for (unsigned number = 1; number <= sweep->changes; number++) {
        keep(sweep, &before);
        assert_int_equal(sweep->change(number), STATUS_OK);
        const uint64_t steps = sweep->flash->steps - before.flash.steps;
        for (uint64_t step = 0; step < steps; step++, cuts++) {
            go_back(sweep, &before);
            sweep->flash->random += 2 * step;
            const enum status status = change_and_boot(sweep, number, step);
            const bool is_new = sweep->holds(number);
            // What was said to be kept is kept; what was cut short is there wholly or not at all.
            assert_true(is_new || (status != STATUS_OK && sweep->holds(number - 1)));
            // And once more, cut in the middle of what follows.
            const unsigned next = is_new ? number + 1 : number;
            const enum status again = change_and_boot(sweep, next, step * 7 % steps);
            assert_true(sweep->holds(next) || (again != STATUS_OK && sweep->holds(next - 1)));
        }
        go_back(sweep, &before);
        assert_int_equal(sweep->change(number), STATUS_OK);
    }
    free(before.store);
    assert_int_equal(sweep->flash->breaches, 0);
    print_message("%s: %u changes, %u cuts\n", name, sweep->changes, cuts);
}
