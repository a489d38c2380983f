// SPDX-License-Identifier: MIT
#include "rate_watch.h"

void rate_watch_init(struct rate_watch *watch)
{
    *watch = (struct rate_watch){ .running = false };
}

void rate_watch_restart(struct rate_watch *watch)
{
    watch->running = false;
}

static void start(struct rate_watch *watch, uint64_t now_us)
{
    const bool drifts = watch->drifts;
    *watch = (struct rate_watch){
        .start_us = now_us, .newest_us = now_us, .running = true, .drifts = drifts
    };
}

/// Judges the stretch in progress by the one a minute before, and begins the next one.
static void close_stretch(struct rate_watch *watch, double elapsed_us)
{
    struct rate_watch_mark *oldest = &watch->mark[watch->position];
    if (watch->marks == RATE_WATCH_MARKS) {
        const double late_us = watch->least.late_us - oldest->late_us;
        const double limit_us = (watch->least.at_us - oldest->at_us) * RATE_WATCH_PPM * 1e-6;
        watch->drifts = late_us > limit_us || late_us < -limit_us;
    } else {
        watch->marks++;
    }
    *oldest = watch->least;
    watch->position = watch->position + 1u == RATE_WATCH_MARKS ? 0 : watch->position + 1u;
    watch->mark_us = elapsed_us;
}

void rate_watch_pass(struct rate_watch *watch, uint64_t frames, double rate_hz, uint64_t now_us)
{
    if (!watch->running || now_us < watch->newest_us) {
        start(watch, now_us);
        return;
    }
    watch->newest_us = now_us;
    watch->frames_us += (double)frames * 1e6 / rate_hz;
    const double elapsed_us = (double)(now_us - watch->start_us);
    const double late_us = elapsed_us - watch->frames_us;
    const bool is_first = watch->least.at_us <= watch->mark_us;
    if (is_first || late_us < watch->least.late_us) {
        watch->least = (struct rate_watch_mark){ late_us, elapsed_us };
    }
    if (elapsed_us - watch->mark_us >= RATE_WATCH_MARK_US) {
        close_stretch(watch, elapsed_us);
    }
}

bool rate_watch_drifts(const struct rate_watch *watch)
{
    return watch->drifts;
}
