// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <stdint.h>

#include "fleet_payloads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// The first byte chooses the reader, the rest is its payload.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    uint8_t relay_mask;
    struct device_status_report report;
    struct command_result result;
    struct reading reading;
    switch (data[0] % 4) {
    case 0:
        (void)payload_read_relay_status(text, size - 1, "meter-1", &relay_mask);
        break;
    case 1:
        (void)payload_read_system_status(text, size - 1, "meter-1", &report);
        break;
    case 2:
        (void)payload_read_command_result(text, size - 1, "meter-1", &result);
        break;
    default:
        (void)payload_read_data(text, size - 1, "meter-1", &reading);
        break;
    }
    return 0;
}
