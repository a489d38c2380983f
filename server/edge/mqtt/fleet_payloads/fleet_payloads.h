// SPDX-License-Identifier: MIT
#pragma once

/// The JSON payloads of contracts/mqtt.md that the server reads. Unknown members are ignored; a
/// member of the wrong type makes the payload malformed. Nothing here trusts the sender.

#include <stddef.h>
#include <stdint.h>

#include "command_result.h"
#include "device_link.h"
#include "device_registry.h"
#include "reading.h"

enum {
    PAYLOAD_SIZE_LIMIT = 16 * 1024, ///< Largest JSON payload that is read.
    PAYLOAD_COMMAND_SIZE = 640,     ///< Room for any command as JSON.
    PAYLOAD_ACK_SIZE = 160,
};

enum payload_verdict {
    PAYLOAD_OK,
    PAYLOAD_MALFORMED, ///< Not JSON, a member of the wrong type, or a needed one missing.
    PAYLOAD_OVERSIZED,
    PAYLOAD_WRONG_DEVICE, ///< It names another device than the topic.
};

enum payload_verdict payload_read_relay_status(const char *text, size_t size, const char *device_id,
                                               uint8_t *relay_mask);
enum payload_verdict payload_read_system_status(const char *text, size_t size,
                                                const char *device_id,
                                                struct device_status_report *report);
enum payload_verdict payload_read_command_result(const char *text, size_t size,
                                                 const char *device_id,
                                                 struct command_result *result);

/// Reads the complete packet of a meter that knows no batches. Watt-hours become millijoule.
enum payload_verdict payload_read_data(const char *text, size_t size, const char *device_id,
                                       struct reading *reading);

/// Writes a command; returns its length.
size_t payload_write_command(const char *device_id, const char *cmd_id,
                             const struct relay_command *command, int64_t issued_s,
                             int64_t expires_s, char out[PAYLOAD_COMMAND_SIZE]);

/// Writes an acknowledgement; returns its length.
size_t payload_write_ack(const uint8_t journal_id[16], uint64_t watermark, int64_t utc_ms,
                         char out[PAYLOAD_ACK_SIZE]);
