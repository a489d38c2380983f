// SPDX-License-Identifier: MIT
#include "ssid_text.h"

/// The size of the UTF-8 sequence at `in`, 0 when there is none: RFC 3629 section 4.
static size_t sequence_size(const uint8_t *in, size_t size)
{
    const uint8_t first = in[0];
    if (first < 0x80) {
        return first != 0 ? 1 : 0;
    }
    const size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || count > size) {
        return 0;
    }
    // The second byte's range keeps out overlong forms, surrogates, and what is above U+10FFFF.
    const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (in[1] < low || in[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < count; i++) {
        if ((in[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return count;
}

void ssid_text(const uint8_t *ssid, size_t size, char text[SSID_TEXT_SIZE])
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t written = 0;

    size = size > WIFI_SSID_LIMIT ? WIFI_SSID_LIMIT : size;
    for (size_t i = 0; i < size;) {
        const size_t count = sequence_size(ssid + i, size - i);
        for (size_t k = 0; k < (count != 0 ? count : 3); k++) {
            if (count != 0) {
                text[written++] = (char)ssid[i + k];
            } else {
                text[written++] = replacement[k];
            }
        }
        i += count != 0 ? count : 1;
    }
    text[written] = '\0';
}
