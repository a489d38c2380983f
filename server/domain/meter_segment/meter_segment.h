// SPDX-License-Identifier: MIT
#pragma once

/// One lifetime register, made from the register of a device that may be reset, swapped or wrong.
///
///     device   100 101 102 | 0   1   2        a reset: the segment ends, a new one begins
///     lifetime 100 101 102 | 102 103 104
///     device   100 101   3 101 102            a glitch: held, and nothing happened
///     device   100 101 | 90000 90001          a jump: held, then a new segment that a person must
///     judge
///
/// The lifetime register never falls, and never rises by more than could have passed in the time.
/// A value out of place is held until METER_SEGMENT_CONFIRM readings in a row agree with it.
///
/// Energy since a reset is counted when it could have passed in the time; the energy of a jump is
/// not, since nobody knows which meter it was.

#include <stdbool.h>
#include <stdint.h>

enum { METER_SEGMENT_CONFIRM = 3 };

struct meter_segment {
    bool known;              ///< Has seen a reading.
    bool reset_expected;     ///< The next reading may begin again below.
    uint8_t held_count;      ///< Readings in a row that disagree with the segment; 0: none.
    uint32_t number;         ///< Counts segments from 0.
    int64_t lifetime_mj;     ///< Continues over segments.
    int64_t register_mj;     ///< The device's register at the last reading that was believed.
    int64_t held_first_mj;   ///< Register at the first reading held.
    int64_t held_last_mj;    ///< Register at the last reading held.
    int64_t held_allowed_mj; ///< What could have passed since the last reading that was believed.
};

enum meter_event {
    METER_EVENT_NONE,   ///< The register went on.
    METER_EVENT_HELD,   ///< A value out of place: nothing is counted yet.
    METER_EVENT_GLITCH, ///< The value out of place was one: the segment goes on.
    METER_EVENT_RESET,  ///< The register began again below: a new segment.
    METER_EVENT_SWAP, ///< The register jumped beyond belief: a new segment, for a person to judge.
};

/// Takes the next register of the device, not negative.
///
/// @param allowed_mj   the most that can have passed since the previous reading.
/// @param passed_mj    receives the energy that passed, 0 or more.
/// @return what became of it.
enum meter_event meter_segment_take(struct meter_segment *segment, int64_t register_mj,
                                    int64_t allowed_mj, int64_t *passed_mj);

/// Ends the waiting: the device says itself that its registers are new (a new journal), so a lower
/// register is a reset at once. Call it before the first reading of the new journal.
void meter_segment_expect_reset(struct meter_segment *segment);

/// The most energy that one channel can pass in `elapsed_ms`: 100 kW, and a kilowatt-hour for the
/// uncertainty of clocks.
int64_t meter_segment_allowed_mj(uint64_t elapsed_ms);
