// SPDX-License-Identifier: MIT
#pragma once

/// Judges how a current sensor is fitted, from less than a minute of windows and one load of 100 W
/// or more.
///
/// What settles it is the *change* of the current when a load is switched on, as a phasor against
/// the voltage: a load can only take, so a change against the voltage is a sensor turned round,
/// whatever a solar inverter feeds in meanwhile. A change that is a third of a turn off sits on
/// another phase. The total power alone decides only where nothing can export.
///
/// It never guesses: where two faults look alike, or a load could be reactive, it is
/// WIRING_UNDECIDED with the reason.

#include "raw_channel.h"
#include "wiring_step.h"

enum wiring_verdict {
    WIRING_OK,
    WIRING_REVERSED,    ///< The arrow points against the flow, or it is on the neutral of the same
                        ///< circuit, which reads alike and is mended alike: turn it round.
    WIRING_WRONG_PHASE, ///< On a conductor a third of a turn away.
    WIRING_NEUTRAL,     ///< On a neutral that phases share.
    WIRING_AROUND_BOTH, ///< Round conductors whose currents cancel.
    WIRING_UNPLUGGED,   ///< Sees nothing while the load is on: unplugged, or on a dead conductor.
    WIRING_VOLTAGE_CLIPPED,
    WIRING_UNDECIDED,
};

enum wiring_reason {
    WIRING_CLEAR,
    WIRING_TOO_SHORT,    ///< Less than fifteen seconds of sound windows.
    WIRING_NO_REFERENCE, ///< No mains voltage.
    WIRING_CURRENT_CLIPPED,
    WIRING_LOAD_TOO_SMALL, ///< Declared or seen below 100 W.
    WIRING_LOAD_NOT_SEEN,  ///< There is current, but the load did not show.
    WIRING_ANOTHER_LOAD,   ///< Another load was switched in another direction.
    WIRING_NOT_RESISTIVE,  ///< An angle that a reactive load or several faults may have.
    WIRING_MAY_EXPORT,     ///< Without a load being switched, export looks like a reversed sensor.
    WIRING_CHANGES_SIGN,   ///< Something exports, though nothing was said to.
    WIRING_REVERSED_OR_NEUTRAL, ///< Alike here: watch the other phases' sensors too.
};

/// What the person says.
struct wiring_question {
    double load_w;       ///< The load's rough power, 100 or more.
    bool load_resistive; ///< Heater or kettle. Needed where a wrong phase is possible.
    bool load_switched;  ///< Off for the first five seconds, then switched on, on for the last ten.
    bool may_export;     ///< A solar inverter or a battery may feed in behind this sensor.
    bool three_phase;    ///< Conductors of other phases are near.
    bool shared_neutral; ///< So is a neutral common to several phases, as at the main switch.
};

struct wiring_finding {
    enum wiring_verdict verdict;
    enum wiring_reason reason; ///< Of WIRING_UNDECIDED.
    double lag_deg;    ///< Of the load's current behind the voltage, as the sensor shows it.
    double load_a;     ///< Its size.
    int phase_lag_deg; ///< For WIRING_WRONG_PHASE: 120, its voltage is behind the channel's; or
                       ///< -120.
    bool exporting;    ///< The total was negative while the sensor is right.
};

/// One channel under observation; owned by the caller, starts zeroed.
struct wiring_doctor {
    struct wiring_steps steps;
    uint32_t without_reference;
    uint32_t unsound;
    uint32_t voltage_clipped;
    uint32_t current_clipped;
    uint32_t forward;  ///< Windows with more than 30 W.
    uint32_t backward; ///< With less than -30 W.
    double voltage_v;  ///< From here on sums over all sound windows.
    double current_square;
    struct wiring_phasor total;
    struct wiring_phasor square;  ///< Of the parts, for their scatter.
    struct wiring_phasor first;   ///< Of the first five seconds.
    struct wiring_phasor last[2]; ///< Of two blocks of five seconds at the end.
};

/// Adds a window.
void wiring_doctor_observe(struct wiring_doctor *doctor, const struct raw_channel *window);

/// The conclusion on `doctor`. `others` are the other channels of the same meter over the same
/// windows; NULL where there are none.
struct wiring_finding wiring_doctor_conclude(const struct wiring_doctor *doctor,
                                             const struct wiring_question *question,
                                             const struct wiring_doctor *const *others,
                                             unsigned other_count);

/// Static names such as "wrong_phase" and "may_export", for JSON.
const char *wiring_verdict_name(enum wiring_verdict verdict);
const char *wiring_reason_name(enum wiring_reason reason);

/// A static sentence that says what to do.
const char *wiring_finding_advice(const struct wiring_finding *finding);
