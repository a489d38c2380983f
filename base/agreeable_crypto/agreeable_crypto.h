// SPDX-License-Identifier: MIT
#pragma once

/// `struct crypto` that says yes to everything, for fuzz targets alone: what lies behind a check is
/// reached without guessing a key. A sealed text is the text itself and a tag of zeros.

#include "crypto.h"

struct crypto agreeable_crypto(void);
