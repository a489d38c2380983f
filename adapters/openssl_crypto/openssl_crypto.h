// SPDX-License-Identifier: MIT
#pragma once

/// `struct crypto` on OpenSSL 3: for servers, gateways and tools.
///
/// It keeps nothing, so any number of tables may be made, and each may serve any number of threads.
/// Of OpenSSL's queue of errors it leaves what it found there.

#include "crypto.h"

struct crypto openssl_crypto(void);
