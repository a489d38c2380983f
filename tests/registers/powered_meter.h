// SPDX-License-Identifier: MIT
#pragma once

/// A meter's processing thread on flash whose plug can be pulled: processing task, demand, tariff,
/// journal and store of values, fed with windows whose power is known.
///
/// Journal and values share one flash, so that one cut hits both at the same instant. There is one
/// powered meter in a program.

#include <stdbool.h>
#include <stdint.h>

#include "cycle_window.h"
#include "demand.h"
#include "flash_memory.h"
#include "journal.h"
#include "maximum_demand.h"
#include "powered_loads.h"
#include "processing_task.h"
#include "record_store.h"
#include "ring.h"
#include "tariff.h"

enum { POWERED_LOSS_MS = 60000 }; ///< No cut may lose more.

struct powered_pace {
    uint32_t window_ms; ///< Whole cycles of 50 Hz.
    uint32_t reading_ms;
};

/// Energy by its definition: power of the codes times time, in millijoules and millivar-seconds.
/// Never rounded, never stored: what the registers are to agree with.
struct powered_truth {
    double import_mj[READING_CHANNEL_COUNT];
    double export_mj[READING_CHANNEL_COUNT];
    double reactive_mvars[READING_CHANNEL_COUNT][READING_QUADRANT_COUNT];
    double rate_import_mj[READING_RATE_COUNT];
    double rate_export_mj[READING_RATE_COUNT];
    double total_reactive_mvars[READING_QUADRANT_COUNT];
    int64_t at_ms; ///< Unix time up to which it counts.
};

/// What somebody outside knows: everything that was acknowledged, and what was on its way.
struct powered_oracle {
    struct reading kept;
    struct reading in_flight;
    bool has_kept;
    bool has_in_flight;
    struct powered_truth kept_truth;
    uint8_t kept_value[KEY_VALUE_SIZE_LIMIT];
    uint8_t value_in_flight[KEY_VALUE_SIZE_LIMIT];
    size_t kept_value_size;      ///< 0: none.
    size_t value_in_flight_size; ///< 0: none.
    int64_t shown_maximum_mw;    ///< Highest maximum in any record since the last reset.
    unsigned fresh_maxima;       ///< Records that show a maximum of this very window.
    uint32_t resets;
    uint32_t boots;
    uint64_t lost_ms;      ///< Of energy, by all cuts.
    uint64_t most_lost_ms; ///< By one cut.
};

/// All that a power cut wipes out, and the oracle.
struct powered_body {
    struct powered_pace pace;
    struct journal journal;
    struct record_store store;
    struct key_value flash_values;
    struct key_value values;
    struct maximum_demand maximum;
    struct demand demand;
    struct tariff_clock tariff_clock;
    struct processing_task task;
    struct cycle_window slots[2];
    struct ring ring;
    uint64_t uptime_us;
    int64_t now_ms; ///< Unix time. The world's, not the meter's.
    struct powered_truth truth;
    struct powered_oracle oracle;
};

extern struct powered_body powered;
extern struct flash_memory powered_flash;

/// A new meter on blank flash, switched on.
void powered_meter_begin(enum flash_memory_cut cut, uint64_t seed, const struct powered_pace *pace);

/// A window of load number `load`; 0 to POWERED_LOADS - 1.
///
/// @return what the tasks said; anything but STATUS_OK after a cut.
enum status powered_meter_run_window(unsigned load);

/// A dip, whose waveforms fill more than a sector of the journal.
enum status powered_meter_record_event(void);

/// A person resets the maximum demand.
enum status powered_meter_reset_maximum(void);

/// Power comes back: starts the meter, and checks everything that was promised. Fails the test.
void powered_meter_restart(void);
