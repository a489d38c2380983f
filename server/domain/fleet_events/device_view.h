// SPDX-License-Identifier: MIT
#pragma once

/// A device as the fleet knows it at this moment.

#include <stdbool.h>
#include <stdint.h>

#include "fleet_store.h"

enum { DEVICE_VERSION_SIZE = 32 };

enum device_profile {
    DEVICE_PROFILE_ENERGY_METER = 0, ///< "energy_meter" in REST.
};

/// The case, as the device said last.
struct device_tamper {
    bool known; ///< False: it has no switch there, or has said nothing yet.
    bool latched;
    bool case_open;
    uint32_t count; ///< How often it was opened.
};

struct device_view {
    char device_id[DEVICE_ID_SIZE];
    char name[DEVICE_NAME_SIZE]; ///< As a person named it; empty before.
    enum device_profile profile;
    bool online;
    int64_t last_seen_ms;    ///< 0: not since this server started.
    int64_t last_reading_ms; ///< Time of the newest reading; 0: none.
    bool relay_mask_known;
    uint8_t relay_mask; ///< Bit n: relay n is closed, as the device said last.
    char firmware_version[DEVICE_VERSION_SIZE]; ///< Empty: unknown.
    bool journal_depth_known;
    uint64_t journal_depth; ///< Records waiting in the device, as it said last.
    struct device_tamper tamper;
    bool unacknowledged_data; ///< See struct device_record.
    bool electrical_known;    ///< Whether the next four hold, from the newest reading.
    double active_power_w;    ///< Sum over the channels; negative means exported.
    double reference_voltage_v;
    double frequency_hz;
    uint16_t quality; ///< Bits of enum reading_quality: the reading's and those of its channels.
};
