// SPDX-License-Identifier: MIT
#pragma once

/// The JSON payloads that a meter publishes, with the member names of contracts/mqtt.md.
///
/// Each function writes one document with a final NUL to `out` and its size without it to `*size`.
/// PAYLOADS_SIZE_LIMIT bytes are enough for any of them.
///
/// @return STATUS_FULL  `capacity` is too small.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reading.h"
#include "status.h"

enum { PAYLOADS_SIZE_LIMIT = 4096 };

/// `uptime_us` is the time of sending, on the device's monotonic clock since boot.
struct data_payload {
    const char *device_id;
    const struct reading *reading;
    uint64_t uptime_us;
    uint32_t packet_id;
};

struct realtime_payload {
    const char *device_id;
    const struct reading *reading;
    uint64_t uptime_us;
    uint8_t relay_mask;
};

struct relay_status_payload {
    const char *device_id;
    uint64_t uptime_us;
    uint64_t changed_us; ///< When the mask last changed, since boot.
    uint8_t relay_mask;
};

struct system_status_payload {
    const char *device_id;
    const char *version;
    const char *journal_id; ///< 32 hexadecimal digits.
    uint64_t uptime_us;
    uint64_t journal_depth; ///< Records waiting.
    uint64_t free_memory;   ///< Bytes.
    uint64_t least_free_memory;
    uint32_t boot_id;
    uint32_t packet_counter;
    uint32_t reference_voltage_10mv;
    uint8_t relay_mask;
    bool network_up;
    bool provisioning;
    bool sampling_running;
    bool processing_running;
    bool communication_running;
    bool button_running;
    bool has_tamper_switch; ///< Without one, nothing is said of the case.
    bool tampered;          ///< The case was opened, and nobody has cleared that.
    bool case_open;
    uint32_t tamper_count; ///< How often it was opened.
};

struct command_result_payload {
    const char *cmd_id;
    const char *status;
    const char *reason;
    uint8_t relay_mask;
    const char *detail; ///< A JSON object, or NULL.
};

MUST_CHECK enum status payloads_data(const struct data_payload *data, char *out, size_t capacity,
                                     size_t *size);
MUST_CHECK enum status payloads_realtime(const struct realtime_payload *realtime, char *out,
                                         size_t capacity, size_t *size);
MUST_CHECK enum status payloads_relay_status(const struct relay_status_payload *status, char *out,
                                             size_t capacity, size_t *size);
MUST_CHECK enum status payloads_system_status(const struct system_status_payload *status, char *out,
                                              size_t capacity, size_t *size);
MUST_CHECK enum status payloads_command_result(const struct command_result_payload *result,
                                               char *out, size_t capacity, size_t *size);

/// What the broker publishes for a device that vanished, and what a device says when it leaves.
const char *payloads_offline(void);

/// The reference voltage of a reading: that of its first measured channel, 0 without one.
uint32_t payloads_reference_voltage_10mv(const struct reading *reading);
