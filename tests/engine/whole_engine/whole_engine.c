// SPDX-License-Identifier: MIT
#include "whole_engine.h"

#include <stddef.h>

enum status whole_engine_init(struct whole_engine *engine,
                              const struct whole_engine_settings *settings)
{
    engine->settings = *settings;
    const struct whole_engine_settings *s = &engine->settings;
    enum status status = ring_init(&engine->sampled, engine->sampled_slot,
                                   sizeof engine->sampled_slot[0], SAMPLING_TASK_WINDOWS);
    if (status == STATUS_OK) {
        status = ring_init(&engine->watched, engine->watched_slot, sizeof engine->watched_slot[0],
                           SAMPLING_TASK_WINDOWS);
    }
    if (status == STATUS_OK) {
        status = sampling_task_init(&engine->sampling, s->source, s->wiring, &engine->sampled,
                                    &s->sampling);
    }
    if (status == STATUS_OK) {
        status = processing_task_init(&engine->processing, s->wiring, &engine->watched, s->readings,
                                      &s->processing, NULL);
    }
    return status;
}

static void done(const struct whole_engine *engine, enum whole_engine_part part)
{
    const struct whole_engine_watcher *watcher = &engine->settings.watcher;
    if (watcher->part != NULL) {
        watcher->part(watcher->ctx, part);
    }
}

/// Shows the windows to the watcher on their way from one ring to the other.
static void pass_windows(struct whole_engine *engine)
{
    const struct whole_engine_watcher *watcher = &engine->settings.watcher;
    const struct cycle_window *window = ring_peek(&engine->sampled);
    struct cycle_window *slot = ring_claim(&engine->watched);
    while (window != NULL && slot != NULL) {
        if (watcher->window != NULL) {
            watcher->window(watcher->ctx, window);
        }
        *slot = *window;
        ring_publish(&engine->watched);
        ring_release(&engine->sampled);
        window = ring_peek(&engine->sampled);
        slot = ring_claim(&engine->watched);
    }
}

enum status whole_engine_step(struct whole_engine *engine, uint64_t now_us)
{
    const enum status sampled = sampling_task_step(&engine->sampling, now_us);
    done(engine, WHOLE_ENGINE_SAMPLING);
    pass_windows(engine);
    const enum status processed = sampled == STATUS_MISSING
                                      ? processing_task_flush(&engine->processing)
                                      : processing_task_step(&engine->processing);
    done(engine, WHOLE_ENGINE_PROCESSING);
    return sampled == STATUS_MISSING && processed != STATUS_OK ? STATUS_BUSY : sampled;
}
