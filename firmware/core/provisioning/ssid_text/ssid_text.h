// SPDX-License-Identifier: MIT
#pragma once

/// The name of a network as text that may stand in JSON: what is not UTF-8 (RFC 3629), and NUL,
/// reads U+FFFD. Two names can read the same; whoever must tell them apart compares bytes.

#include <stddef.h>
#include <stdint.h>

#include "wifi.h"

enum { SSID_TEXT_SIZE = 3 * WIFI_SSID_LIMIT + 1 };

/// `size` is at most WIFI_SSID_LIMIT; more is cut off. `text` ends with NUL.
void ssid_text(const uint8_t *ssid, size_t size, char text[SSID_TEXT_SIZE]);
