// SPDX-License-Identifier: MIT
#pragma once

/// Small named values that survive a power cut: settings, relay states, counters.
///
/// A set() is atomic: after a cut the old value is there or the new one, never a third.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    KEY_VALUE_KEY_SIZE = 15,    ///< Longest key in characters, as in ESP-IDF's NVS.
    KEY_VALUE_SIZE_LIMIT = 448, ///< Largest value in bytes.
    KEY_VALUE_LASTING = '.'     ///< A key that begins so lives through a factory reset.
};

struct key_value {
    /// Copies the value of `key` to `out` and its size to `*size`.
    ///
    /// @return STATUS_MISSING  there is no such key;  STATUS_FULL  `capacity` is too small.
    MUST_CHECK enum status (*get)(void *ctx, const char *key, void *out, size_t capacity,
                                  size_t *size);

    /// Stores a value durably before it returns. May block for as long as the disk does.
    MUST_CHECK enum status (*set)(void *ctx, const char *key, const void *value, size_t size);

    /// Forgets every key but the lasting ones, for a factory reset. Atomic: after a cut all are
    /// there, or the lasting ones alone.
    MUST_CHECK enum status (*erase_all)(void *ctx);

    void *ctx;
};
