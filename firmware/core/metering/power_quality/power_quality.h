// SPDX-License-Identifier: MIT
#pragma once

/// Urms(1/2) of every voltage, and the dips, swells and interruptions in it (IEC 61000-4-30,
/// class S).
///
/// Urms(1/2) is the root mean square over one cycle, refreshed every half cycle. An event begins
/// and ends by thresholds with hysteresis (power_state.h); its extreme is the lowest or highest
/// Urms(1/2). Its start and end are told finer than Urms(1/2) alone could: a step of the voltage
/// within a half cycle shows in how much of the half cycle's energy is missing, and the start and
/// the duration are those of the step (docs/metering.md). The converter's offset is learnt from
/// undisturbed cycles; within an event the mean of a cycle belongs to the signal.
///
/// One task owns a power_quality.

#include <stdbool.h>
#include <stdint.h>

#include "half_cycles.h"
#include "power_event.h"
#include "power_state.h"
#include "status.h"
#include "wiring.h"

enum {
    POWER_QUALITY_PAST = 5,     ///< Half cycles remembered.
    POWER_QUALITY_TOUCHED = 16, ///< Events remembered for power_quality_touched().
};

struct power_quality_settings {
    double declared_v; ///< Udin; 0: learn it, the first second is right.
    bool sliding;      ///< Thresholds refer to the voltage of about the last minute.
    struct power_thresholds thresholds;
};

/// 230 V, fixed; 90, 110, 5 and 2 %.
struct power_quality_settings power_quality_settings_default(void);

/// An event that is not over, or is being closed.
struct power_quality_open {
    struct power_event event;
    uint64_t first_us; ///< A start that is surely not too late, until the true one is known.
    bool open;
    bool starting; ///< The next half cycle tells the start.
    bool ending;   ///< The next half cycle tells the end.
    bool has_extreme;
};

struct power_quality_half {
    uint64_t ended_us;
    double mean_square; ///< Of volts.
    uint16_t quality;
};

struct power_quality_voltage {
    double volts_per_code;
    uint8_t channel; ///< The first that is measured against it.
    enum power_state state;
    double reference_v; ///< Udin or the sliding reference; 0 until learnt.
    double offset;      ///< Codes.
    double mean[2];     ///< Of the last cycles, to become the offset if nothing happens.
    bool has_offset;
    uint32_t steady; ///< Urms(1/2) in a row that hardly differed.
    double urms_v;
    struct half_cycle last;
    bool has_last;
    struct power_quality_half past[POWER_QUALITY_PAST]; ///< Newest last.
    unsigned past_count;
    double slide_square; ///< Towards the next step of the sliding reference.
    double slide_s;
    struct power_quality_open open[POWER_EVENT_KIND_COUNT];
};

struct power_quality_span {
    uint64_t from_us;
    uint64_t to_us;
};

/// Storage, owned by the caller. Use it only through the functions below.
struct power_quality {
    struct power_quality_settings settings;
    unsigned voltages;
    struct power_quality_voltage voltage[HALF_CYCLES_VOLTAGE_LIMIT];
    double rate_hz;
    uint32_t next_id;
    uint64_t known_us;                                        ///< Up to here half cycles were seen.
    struct power_quality_span touched[POWER_QUALITY_TOUCHED]; ///< A ring.
    uint32_t touched_count;
};

/// What one half cycle brought.
struct power_quality_update {
    bool has_urms; ///< False around gaps and before the mains are found.
    double urms_v; ///< Urms(1/2).
    uint8_t voltage;
    bool began; ///< An event began: for a snapshot of the waveform.
    uint32_t began_id;
    uint32_t began_frame; ///< half_cycle.ended_frame at that time.
    unsigned events;      ///< Events that are over.
    struct power_event event[POWER_EVENT_KIND_COUNT];
};

/// Binds to the voltages of `wiring` at its nominal scales. `rate_hz` is that of the frames.
///
/// @return STATUS_INVALID  the thresholds are out of order, the declared voltage is negative or no
///                         number, or no channel is measured.
MUST_CHECK enum status power_quality_init(struct power_quality *quality,
                                          const struct wiring *wiring, double rate_hz,
                                          const struct power_quality_settings *settings);

/// Sets the frames per second, more than 0, of the half cycles to come.
void power_quality_rate(struct power_quality *quality, double rate_hz);

/// Sets what a code of voltage `voltage` is worth, with its calibration.
void power_quality_scale(struct power_quality *quality, unsigned voltage, double volts_per_code);

/// Takes the next record of a voltage.
struct power_quality_update power_quality_take(struct power_quality *quality,
                                               const struct half_cycle *half);

/// Whether an event touches the uptime from `from_us` to `to_us`. Events that begin within the last
/// POWER_QUALITY_VERDICT_US before the newest half cycle may not be known yet. The newest
/// POWER_QUALITY_TOUCHED events are remembered exactly; what is older is forgotten.
bool power_quality_touched(const struct power_quality *quality, uint64_t from_us, uint64_t to_us);

enum { POWER_QUALITY_VERDICT_US = 60000 };
