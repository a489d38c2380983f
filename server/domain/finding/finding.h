// SPDX-License-Identifier: MIT
#pragma once

/// What a meter finds out besides its readings: events with their waveforms, spectra, intervals.
///
/// A finding is a record like any other, known by (device, journal_id, seq) and kept in its batch.
/// The store also keeps each one by itself, so that it can be asked for by kind and time.

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "device_id.h"

struct stored_finding {
    char device_id[DEVICE_ID_SIZE];
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t seq;
    uint32_t boot_id;
    int64_t time_ms;     ///< UTC of finding_uptime_ms().
    uint8_t time_source; ///< enum anchor_source; NONE means guessed from the time of arrival.
    bool has_waveform;   ///< Of an event: parts of its waveform have come.
    struct record record;
};

/// Tells whether records of `kind` are findings.
bool finding_is_kind(unsigned kind);

/// The uptime that places a finding in time: at the start of an event, at the first sample of a
/// waveform, at the end of anything else.
uint64_t finding_uptime_ms(const struct record *record);

/// What tells findings of one kind apart: the event's number within its boot, for events and
/// waveforms alike; finding_spectrum_subject(); the kind of an interval.
int64_t finding_subject(const struct record *record);

int64_t finding_spectrum_subject(unsigned channel, unsigned signal);

enum { FINDING_SPECTRUM_SUBJECTS = READING_CHANNEL_COUNT * SIGNAL_KIND_COUNT };
