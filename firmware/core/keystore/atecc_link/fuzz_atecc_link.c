// SPDX-License-Identifier: MIT
// Any answer is judged without reading past its end, and an answer of data has its CRC.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "atecc_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t expected[] = { 0, 4, 32, 64 };
    if (size == 0) {
        return 0;
    }
    const size_t response_size = expected[data[0] % 4];
    uint8_t response[ATECC_LINK_RESPONSE_LIMIT];
    const enum atecc_answer answer = atecc_link_judge(data + 1, size - 1, response, response_size);
    if (answer == ATECC_ANSWER_DATA) {
        const uint16_t crc = atecc_link_crc(data + 1, data[1] - 2U);
        if ((data[data[1] - 1] | data[data[1]] << 8) != crc) {
            abort();
        }
    }
    return 0;
}
