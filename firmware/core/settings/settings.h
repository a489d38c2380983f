// SPDX-License-Identifier: MIT
#pragma once

/// What can be set on a device, as one table of name, kind, range and default.
///
/// Whoever brings a value (a file, a command line, later the fleet) brings it as text; the table
/// says whether it is good. Names of times end in their unit.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"
#include "tariff.h"
#include "time_zone.h"

enum {
    SETTINGS_DEVICE_ID_SIZE = 32, ///< Letters, digits, '-' and '_'.
    SETTINGS_ROOT_SIZE = 63,
    SETTINGS_KEY_SIZE = 87, ///< 65 bytes in base64url.
};

struct settings {
    char device_id[SETTINGS_DEVICE_ID_SIZE + 1];
    char root_topic[SETTINGS_ROOT_SIZE + 1];
    uint32_t reading_ms;         ///< Length of a reading's window.
    uint32_t upload_ms;          ///< Shortest time between uploads; 1000 is live.
    uint32_t resend_ms;          ///< Wait for an acknowledgement before starting again.
    uint32_t batch_records;      ///< Most records in one batch, where the task holds so many.
    uint32_t data_ms;            ///< Cadence of `data`; 0 sends none.
    uint32_t realtime_ms;        ///< Cadence of `realtime`; 0 sends it only while a lease runs.
    uint32_t relay_status_ms;    ///< Cadence of `relay_status` besides changes.
    uint32_t system_status_ms;   ///< Cadence of `system_status`.
    uint32_t keepalive_s;        ///< Of the MQTT session.
    uint32_t reconnect_ms;       ///< First wait before connecting again.
    uint32_t reconnect_limit_ms; ///< Longest wait.
    uint32_t dwell_ms;           ///< Shortest time between two changes of one relay.
    uint32_t relays;             ///< That the device has, from relay 0 on.
    uint32_t channels;           ///< That it measures at most, from channel 0 on.
    uint32_t restore_relays;     ///< 1: after a power cut relays are as before; 0: all open.
    uint32_t tamper_switch;      ///< 1: the case has a switch that notices when it is opened.
    uint32_t demand_min;         ///< Length of a block of demand: 15, 30 or 60 minutes.
    uint32_t demand_sub_min;     ///< Minutes by which demand slides; 0: it does not (demand.h).
    uint32_t spectrum_ms;        ///< Length of a recorded spectrum; 0 records none.
    uint32_t declared_v;         ///< Voltage that events are shares of; 0: learned at each start.
    uint32_t snapshots_per_hour; ///< Most waveforms of events in an hour.
    uint32_t creep_va;           ///< Power below which a channel does not count (creep.h).
    uint32_t total_channels;     ///< Bit n: channel n belongs to the meter's total.
    uint32_t require_signed_commands; ///< 1: no order is obeyed that the fleet has not signed.
    char command_key[SETTINGS_KEY_SIZE + 1]; ///< Of the fleet, base64url; empty: none is known.
    char time_zone[TIME_ZONE_TEXT_SIZE + 1]; ///< See time_zone.h.
    char tariff[TARIFF_TEXT_SIZE + 1];       ///< See tariff.h; empty: rate 0 for ever.
};

/// Every setting at its default, except `device_id`, which has none.
void settings_init(struct settings *settings);

/// Sets one value from text.
///
/// @return STATUS_MISSING  there is no such setting;
///         STATUS_INVALID  the text is no value for it; nothing changed. settings_rule() says what
///         is.
MUST_CHECK enum status settings_set(struct settings *settings, const char *name, const char *text);

/// The key of `command_key`, in bytes.
///
/// @return whether one is set; else what is in `key` is of no use.
bool settings_command_key(const struct settings *settings, uint8_t key[CRYPTO_P256_PUBLIC_SIZE]);

/// The cadence of the older meters: `data` every 7 s, `realtime` and `relay_status` every second.
void settings_use_seed_profile(struct settings *settings);

/// A plug: one channel, and one relay that is open after each start, whatever it was before.
void settings_use_plug_profile(struct settings *settings);

/// What the setting may be.
struct settings_rule {
    const char *name;
    const char *meaning; ///< A few words for help texts.
    bool is_text;
    uint32_t low; ///< Of a number, or of a text's length.
    uint32_t high;
    uint32_t initial;         ///< Of a number.
    const char *initial_text; ///< Of a text.
};

/// The `index`-th rule, or NULL behind the last.
const struct settings_rule *settings_rule_at(size_t index);

/// The rule of `name`, or NULL.
const struct settings_rule *settings_rule(const char *name);
