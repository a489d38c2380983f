// SPDX-License-Identifier: MIT

/// Reads any frame, with its CRC put right when the first byte is odd: codes stay in their range.

#include <stdlib.h>
#include <string.h>

#include "ads131m08_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[ADS131M08_FRAME_SIZE];
    struct ads131m08_frame frame;
    if (size < 1 + sizeof bytes) {
        return 0;
    }
    memcpy(bytes, data + 1, sizeof bytes);
    if ((data[0] & 1u) != 0) {
        const uint16_t crc = ads131m08_crc(bytes, 27);
        bytes[27] = (uint8_t)(crc >> 8);
        bytes[28] = (uint8_t)crc;
    }
    const enum status status = ads131m08_frame_decode(bytes, &frame);
    if ((data[0] & 1u) != 0 && status != STATUS_OK) {
        abort();
    }
    for (unsigned n = 0; status == STATUS_OK && n < ADS131M08_CHANNELS; n++) {
        if (frame.code[n] < ADS131M08_CODE_MIN || frame.code[n] > ADS131M08_CODE_MAX) {
            abort();
        }
    }
    return 0;
}
