// SPDX-License-Identifier: MIT
#pragma once

/// Random bytes: the generator of mbedTLS, seeded from the chip's noise.
///
/// Sources: ESP-IDF v5.5 and v5.3, bootloader_random.h and the Programming Guide's "Random Number
/// Generation": the chip's generator is a true one only while the radio is on or the SAR ADC's
/// noise is fed to it, which is what chip_entropy_open() does for the moment of seeding.

#include "crypto.h"
#include "entropy.h"
#include "status.h"

/// Opens the cryptography, with a good seed. Before the converter and the radio are used.
///
/// @return STATUS_IO  the library has no memory.
MUST_CHECK enum status chip_entropy_open(struct crypto *crypto);

struct entropy chip_entropy(void);
