// SPDX-License-Identifier: MIT
#pragma once

/// The suite that every store of the fleet must pass: a fleet is fed through the domain's ingest,
/// and what the store answers is compared with what was fed.

#include <stdbool.h>
#include <stdint.h>

#include "fleet_store.h"
#include "fleet_writer.h"

/// A store to be tried. Every open() after a close() finds what was committed before.
struct store_under_test {
    /// Opens the store; `fresh` begins with an empty one.
    void (*open)(void *ctx, bool fresh, const struct fleet_store **queries,
                 const struct fleet_writer **writer);
    void (*close)(void *ctx);

    /// Lets the n-th statement of the writing side from now on fail, counted from 1; 0: none.
    void (*fail_statement)(void *ctx, uint64_t n);

    /// Tells whether that has happened since fail_statement().
    bool (*has_failed)(void *ctx);
    void *ctx;
};

/// Runs the suite. @return the number of tests that failed.
int fleet_store_suite_run(const char *name, const struct store_under_test *store);
