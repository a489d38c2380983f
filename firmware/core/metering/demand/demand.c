// SPDX-License-Identifier: MIT
#include "demand.h"

#include <stddef.h>

#include "demand_window.h"

static void watch(void *ctx, const struct window_report *report)
{
    struct demand *demand = ctx;
    demand_take_window(demand, report);
}

static bool is_sound(const struct demand_settings *settings)
{
    const uint32_t block = settings->block_min;
    const uint32_t sub = settings->sub_min;
    return (block == 15 || block == 30 || block == 60) &&
           (sub == 0 || (sub <= 5 && block % sub == 0));
}

enum status demand_init(struct demand *demand, const struct demand_settings *settings,
                        const struct clock *clock, const struct time_zone *zone,
                        const struct record_sink *sink, struct maximum_demand *maximum,
                        const uint8_t *rate)
{
    if (!is_sound(settings)) {
        return STATUS_INVALID;
    }
    *demand = (struct demand){ .clock = clock,
                               .zone = zone,
                               .sink = sink,
                               .maximum = maximum,
                               .rate = rate,
                               .settings = *settings };
    demand->watcher = (struct window_watcher){ .window = watch, .ctx = demand };
    return STATUS_OK;
}

const struct window_watcher *demand_watcher(const struct demand *demand)
{
    return &demand->watcher;
}

enum status demand_step(struct demand *demand)
{
    // The maximum first: a record must not show one that a power cut could take back.
    enum status status = maximum_demand_settle(demand->maximum);
    while (status == STATUS_OK && demand->pending_count > 0) {
        struct record record = { .kind = RECORD_KIND_INTERVAL, .interval = demand->pending[0] };
        record.interval.maximum_demand_mw = demand->maximum->value.demand_mw;
        record.interval.maximum_demand_at_ms = demand->maximum->value.at_ms;
        status = demand->sink->commit(demand->sink->ctx, &record);
        if (status == STATUS_OK) {
            for (uint32_t n = 1; n < demand->pending_count; n++) {
                demand->pending[n - 1] = demand->pending[n];
            }
            demand->pending_count--;
        }
    }
    return status;
}
