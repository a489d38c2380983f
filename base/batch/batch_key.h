// SPDX-License-Identifier: MIT
#pragma once

/// Numbers of contracts/batch.md that encoder and decoder share.

enum batch_key {
    BATCH_KEY_VERSION = 0,
    BATCH_KEY_JOURNAL_ID = 1,
    BATCH_KEY_BOOT_ID = 2,
    BATCH_KEY_FIRST_SEQ = 3,
    BATCH_KEY_OLDEST_SEQ = 4,
    BATCH_KEY_COUNT = 5,
    BATCH_KEY_ANCHORS = 6, ///< This one and the next may be missing, but not both.
    BATCH_KEY_READINGS = 7,
};

enum {
    BATCH_VERSION = 1,
    BATCH_ANCHOR_FIELDS = 5,
    BATCH_NO_CHANNEL = 0xFF, ///< The column belongs to the reading as a whole.
};
