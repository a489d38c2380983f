// SPDX-License-Identifier: MIT
#pragma once

/// What every back end of `struct crypto` must do, as cmocka tests: the examples of the standards,
/// and each refusal that crypto.h promises. tests/crypto has the thousands of further cases.

#include "crypto.h"

/// Runs all of it on one back end. @return as cmocka_run_group_tests_name().
int crypto_suite_run(const char *name, const struct crypto *crypto);
