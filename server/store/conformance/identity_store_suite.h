// SPDX-License-Identifier: MIT
#pragma once

/// What every identity_store promises, as cmocka tests.

#include <stddef.h>

#include "identity_store.h"

/// How the suite gets a store. All functions return 0, or -1 when the test cannot go on.
struct identity_store_maker {
    int (*open)(void *ctx, struct identity_store *store);   ///< An empty one.
    int (*reopen)(void *ctx, struct identity_store *store); ///< The same, after a restart.
    int (*drop)(void *ctx, struct identity_store *store);
    void *ctx;
};

/// Runs the suite. @return how many tests failed.
int identity_store_suite_run(const struct identity_store_maker *maker);

/// A certificate record made of `tag`, with a fingerprint, serial and key of its own.
struct certificate_record identity_suite_certificate(unsigned char tag, const char *device_id);

struct token_record identity_suite_token(unsigned char tag, const char *device_id);

struct audit_record identity_suite_audit(const char *device_id, const char *detail);
