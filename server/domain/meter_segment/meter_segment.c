// SPDX-License-Identifier: MIT
#include "meter_segment.h"

enum {
    POWER_LIMIT_MJ_PER_MS = 100000, // 100 kW = 100 J/ms.
};

static const int64_t slack_mj = 3600000000; // 1 kWh.

static int64_t add_saturated(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

int64_t meter_segment_allowed_mj(uint64_t elapsed_ms)
{
    const uint64_t limit_ms = (uint64_t)(INT64_MAX - slack_mj) / POWER_LIMIT_MJ_PER_MS;
    return elapsed_ms >= limit_ms ? INT64_MAX
                                  : (int64_t)(elapsed_ms * POWER_LIMIT_MJ_PER_MS) + slack_mj;
}

static bool follows(int64_t from_mj, int64_t to_mj, int64_t allowed_mj)
{
    return to_mj >= from_mj && to_mj - from_mj <= allowed_mj;
}

/// Ends the segment and begins the next with the readings held so far.
static enum meter_event begin_segment(struct meter_segment *segment, int64_t *passed_mj)
{
    const bool fell = segment->held_first_mj < segment->register_mj;
    int64_t passed = segment->held_last_mj - segment->held_first_mj;
    if (fell && segment->held_first_mj <= segment->held_allowed_mj) {
        passed = segment->held_last_mj; // Began at zero, so all of it passed since.
    }
    segment->lifetime_mj = add_saturated(segment->lifetime_mj, passed);
    segment->register_mj = segment->held_last_mj;
    segment->held_count = 0;
    segment->number++;
    *passed_mj = passed;
    return fell ? METER_EVENT_RESET : METER_EVENT_SWAP;
}

enum meter_event meter_segment_take(struct meter_segment *segment, int64_t register_mj,
                                    int64_t allowed_mj, int64_t *passed_mj)
{
    *passed_mj = 0;
    if (!segment->known) {
        *segment = (struct meter_segment){ .known = true,
                                           .lifetime_mj = register_mj,
                                           .register_mj = register_mj };
        return METER_EVENT_NONE;
    }

    const bool reset_expected = segment->reset_expected;
    segment->reset_expected = false;
    const bool holding = segment->held_count > 0;
    const int64_t allowed_since_mj =
        holding ? add_saturated(segment->held_allowed_mj, allowed_mj) : allowed_mj;
    if (follows(segment->register_mj, register_mj, allowed_since_mj)) {
        *passed_mj = register_mj - segment->register_mj;
        segment->lifetime_mj = add_saturated(segment->lifetime_mj, *passed_mj);
        segment->register_mj = register_mj;
        segment->held_count = 0;
        return holding ? METER_EVENT_GLITCH : METER_EVENT_NONE;
    }

    if (reset_expected && register_mj < segment->register_mj) {
        segment->held_first_mj = register_mj;
        segment->held_last_mj = register_mj;
        segment->held_allowed_mj = allowed_since_mj;
        return begin_segment(segment, passed_mj);
    }
    if (holding && follows(segment->held_last_mj, register_mj, allowed_mj)) {
        segment->held_count++;
    } else {
        segment->held_first_mj = register_mj;
        segment->held_count = 1;
    }
    segment->held_last_mj = register_mj;
    segment->held_allowed_mj = allowed_since_mj;
    return segment->held_count >= METER_SEGMENT_CONFIRM ? begin_segment(segment, passed_mj)
                                                        : METER_EVENT_HELD;
}

void meter_segment_expect_reset(struct meter_segment *segment)
{
    segment->reset_expected = segment->known;
}
