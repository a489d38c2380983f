// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "recording_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// The first byte chooses the format and the columns, the rest is the file.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct recording_layout layout = {
        .format = (enum recording_format)(data[0] % 3),
        .input_count = (uint8_t)(1 + data[0] / 3 % 2),
        .columns = (uint8_t)(data[0] / 16),
        .column = { (uint8_t)(data[0] / 6 % 3), (uint8_t)(data[0] / 18 % 3) },
        .codes_per_unit = { 0.0, (double)(data[0] & 3) },
    };
    struct recording_frames frames;
    if (recording_file_parse(data + 1, size - 1, &layout, &frames) == STATUS_OK) {
        for (size_t n = 0; n < frames.frame_count * frames.input_count; n++) {
            if (frames.code[n] > RECORDING_CODE_LIMIT ||
                frames.code[n] < -RECORDING_CODE_LIMIT - 1) {
                abort();
            }
        }
        for (size_t n = 0; n < frames.gap_count; n++) {
            if (frames.gap[n].frame >= frames.frame_count || frames.gap[n].lost_frames == 0) {
                abort();
            }
        }
        recording_frames_free(&frames);
    }
    return 0;
}
