// SPDX-License-Identifier: MIT
#pragma once

/// The calibration of every input and its newest changes, kept power-safe.
///
/// A change and what it changes are one value of the key-value store, so after any power cut an
/// input has its old calibration and no word of a change, or the new one with its change. The
/// history is a second value that is brought up to date afterwards, and after a cut when it is
/// loaded. Not thread-safe: one task owns a store.
///
/// What is stored is the same for every ADC_INPUT_LIMIT. Inputs that a wider build has calibrated
/// keep their place in the flash and in the history, and are in force again when it comes back.

#include <stdint.h>

#include "calibration.h"
#include "key_value.h"
#include "status.h"

enum {
    CALIBRATION_STORE_CHANGE_COUNT = 8, ///< Changes that are remembered.
    CALIBRATION_STORE_WHO_SIZE = 16,    ///< Longest name in bytes; longer ones are cut.
};

enum calibration_method {
    CALIBRATION_METHOD_RESET,     ///< Back to the nominal scale.
    CALIBRATION_METHOD_LOAD,      ///< A load of known power.
    CALIBRATION_METHOD_REFERENCE, ///< Another meter.
    CALIBRATION_METHOD_RESISTIVE, ///< A resistive load of unknown power: phase alone.
    CALIBRATION_METHOD_ENTERED,   ///< Numbers that somebody typed.
    CALIBRATION_METHOD_COUNT
};

/// Who changed what, when and how well. Leads are those of the largest knot at 50 Hz.
struct calibration_change {
    uint32_t number; ///< Counts from 1 over the life of the device.
    int64_t utc_s;   ///< 0: the time was not known.
    uint8_t input;
    enum calibration_method method;
    char who[CALIBRATION_STORE_WHO_SIZE + 1];
    float gain_error_percent;
    float lead_error_deg;
    float old_gain; ///< Filled in by the store, as are the next three and `number`.
    float new_gain;
    float old_lead_rad;
    float new_lead_rad;
};

/// Owned by the caller. Use it only through the functions below.
struct calibration_store {
    const struct key_value *values;
    struct calibration calibration;
    uint16_t calibrated; ///< Bit n: input n has a calibration of its own.
    uint32_t newest;     ///< Number of the newest change; 0: none.
    uint32_t count;
    struct calibration_change change[CALIBRATION_STORE_CHANGE_COUNT]; ///< Oldest first.
    bool is_log_behind; ///< The stored history lacks the newest change.
};

/// Loads what is kept in `values`, which must outlive the store. Inputs without a record, or with
/// one that fails its check, are not calibrated.
///
/// @return STATUS_OK       all that was there is loaded;
///         STATUS_CORRUPT  something failed its check and counts as not there;
///         STATUS_IO       storage failed; so far nothing is calibrated.
MUST_CHECK enum status calibration_store_load(struct calibration_store *store,
                                              const struct key_value *values);

/// Inputs without a calibration of their own are late by their place in a scan, with
/// `input_spacing_s` from one to the next. Call it after calibration_store_load().
void calibration_store_place(struct calibration_store *store, double input_spacing_s);

/// What is in force. Valid until the next call.
const struct calibration *calibration_store_current(const struct calibration_store *store);

/// Keeps `input` for the input `change->input` and remembers `change`, whose other fields the
/// caller sets. May block for as long as the disk does.
///
/// @return STATUS_INVALID  there is no such input, or it fails calibration_check_input();
///         otherwise       what key_value.set() returned; what is in force has not changed then,
///                         but may show the new value after a restart.
MUST_CHECK enum status calibration_store_apply(struct calibration_store *store,
                                               const struct calibration_input *input,
                                               const struct calibration_change *change);

/// The `age`-th newest change, 0 for the newest; NULL behind the oldest that is remembered.
const struct calibration_change *calibration_store_change(const struct calibration_store *store,
                                                          uint32_t age);

/// A static name such as "reference", for JSON.
const char *calibration_method_name(enum calibration_method method);
