// SPDX-License-Identifier: MIT
#pragma once

/// The domain's identity_store in SQLite, in a file of its own: enrolment neither waits for
/// readings nor holds them up. Its functions may be called from several threads.

#include "identity_store.h"

enum {
    IDENTITY_AUDIT_LIMIT = 100000, ///< Records of what was done; some 64 more before old ones go.
    IDENTITY_REFUSAL_LIMIT =
        2000, ///< Of these, of AUDIT_BROKER_REFUSED, and as many of AUDIT_INTAKE_REFUSED.
};

/// Opens `path` and brings its tables up to date.
///
/// @param vfs  name of the SQLite VFS; NULL: the default one.
/// @return STATUS_IO       the file cannot be opened or written;
///         STATUS_CORRUPT  it is no database, or one of a newer version.
MUST_CHECK enum status identity_store_sqlite_open(const char *path, const char *vfs,
                                                  struct identity_store *out);
