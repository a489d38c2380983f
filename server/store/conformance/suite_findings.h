// SPDX-License-Identifier: MIT
#pragma once

/// The part of the suite that tries findings and presets.

#include "fleet_store_suite.h"

/// @return the number of tests that failed.
int suite_findings_run(const char *name, const struct store_under_test *store);
