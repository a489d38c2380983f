// SPDX-License-Identifier: MIT
#pragma once

/// The CRC-32 of Ethernet (IEEE 802.3 clause 3.2.9): polynomial 0x04C11DB7, bits reflected, start
/// and end inverted. It finds accidents such as a torn write; it does not stop a forger.

#include <stddef.h>
#include <stdint.h>

/// Continues a checksum: `crc` is that of the bytes before, 0 when there are none.
uint32_t crc32_extend(uint32_t crc, const void *data, size_t size);
