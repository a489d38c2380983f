// SPDX-License-Identifier: MIT
#pragma once

/// All lifetime registers of a meter: of each channel, and of the total by tariff rate.
///
///   - A register only grows. What is left over below its unit is carried on exactly, in integers,
///     so that ten million small additions are worth as much as one large one.
///   - 2^63 mJ are 2.5 thousand million kWh; a register that reaches it stays there.
///   - Import and export are told apart once per window, by the sign of the window's power.
///   - The total is a Ferraris sum, as a three-phase meter forms it: per window the powers of the
///     channels that belong to it are added with their signs, and only the net goes to import or
///     export. A phase that exports while another imports as much counts nothing in the total. The
///     net is formed from the same whole nanojoules that the channels count, so import less export
///     of the total is that of its channels, to the last of them.
///   - The net goes to the tariff rate in force. No register but those of the rates is kept: the
///     total is their sum by definition.
///   - Quadrants follow the signs of P and of the fundamental's Q1: I P>=0 Q>=0, II P<0 Q>=0,
///     III P<0 Q<0, IV P>=0 Q<0 (IEC 62053-23); those of the total the signs of its net powers.
///
/// Plain integers and IEEE double operations: the same windows give the same registers everywhere.

#include <stdint.h>

#include "reading.h"
#include "status.h"

/// One register: millijoules or millivar-seconds, and what is left over.
struct meter_counter {
    int64_t whole_milli;
    int64_t rest_nano; ///< 0 to 999999.
};

/// A channel's registers, or those of the total.
struct meter_registers_channel {
    struct meter_counter import;
    struct meter_counter export;
    struct meter_counter reactive[READING_QUADRANT_COUNT];
};

/// Power of a channel during one window. What must not count (creep, no reference) is 0 here.
struct meter_power {
    double active_w;
    double reactive_var; ///< Q1; positive means inductive.
};

/// Storage for a meter's registers, owned by the caller. Use it only through the functions below.
struct meter_registers {
    struct meter_registers_channel channel[READING_CHANNEL_COUNT];
    struct meter_counter import[READING_RATE_COUNT];
    struct meter_counter export[READING_RATE_COUNT];
    struct meter_counter reactive[READING_QUADRANT_COUNT];
    uint8_t total_channels;
};

/// Every register at 0. Bit n of `total_channels`: channel n belongs to the total.
void meter_registers_init(struct meter_registers *registers, uint8_t total_channels);

/// As meter_registers_init(), and goes on from the newest reading that was kept. What was left over
/// below a unit starts at 0.
///
/// @return STATUS_INVALID  a register of `last` is negative; every register is at 0.
MUST_CHECK enum status meter_registers_restore(struct meter_registers *registers,
                                               uint8_t total_channels, const struct reading *last);

/// Adds one window: `power` of all READING_CHANNEL_COUNT channels over `seconds`, at tariff `rate`.
///
/// A power that is not finite, or that would be more than 300 kWh in the window, adds nothing, and
/// neither do `seconds` that are not positive. A rate that does not exist counts as rate 0.
void meter_registers_add(struct meter_registers *registers,
                         const struct meter_power power[READING_CHANNEL_COUNT], double seconds,
                         unsigned rate);

/// Writes the registers of every channel in `reading->channels`, and those of the total.
/// A channel that is not measured shows 0, and so begins at 0 should it be measured after a
/// restart.
void meter_registers_report(const struct meter_registers *registers, struct reading *reading);

/// The total over all rates; saturated.
int64_t meter_registers_total_import_mj(const struct reading_total *total);
int64_t meter_registers_total_export_mj(const struct reading_total *total);
