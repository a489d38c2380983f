// SPDX-License-Identifier: MIT
#pragma once

/// Makes keys for keystore_values, by PSA with the chip's accelerators behind it.

#include "keystore_values.h"

/// psa_crypto_open() comes first.
struct keystore_values_maker chip_keys(void);
