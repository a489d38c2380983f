// SPDX-License-Identifier: MIT
#pragma once

/// What every keystore must do, as cmocka tests: keystore.h, promise by promise.

#include <stdbool.h>

#include "crypto.h"
#include "keystore.h"

/// A keystore under test, which can be switched off and on again.
struct keystore_subject {
    const char *name;

    /// Makes the store as it leaves the factory, and opens it. An open one is closed.
    MUST_CHECK enum status (*renew)(void *ctx);

    /// Closes the store and opens it again, with what it has kept.
    MUST_CHECK enum status (*restart)(void *ctx);

    const struct keystore *(*table)(void *ctx); ///< Of the store that is open.
    const struct crypto *crypto;                ///< Judges signatures and derived keys.
    void *ctx;
};

/// @return as cmocka_run_group_tests_name().
int keystore_suite_run(const struct keystore_subject *subject);
