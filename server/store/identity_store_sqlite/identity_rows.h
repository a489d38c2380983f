// SPDX-License-Identifier: MIT
#pragma once

/// Rows to records and back. Private to this module.

#include <sqlite3.h>

#include "identity_store.h"

/// The columns of a certificate, in the order that read_certificate() and bind_certificate() use.
#define CERTIFICATE_COLUMNS                                                                        \
    "fingerprint, serial, key_digest, device_id, state, issued_ms, changed_ms, not_before_s,"      \
    " not_after_s, der, attested_ms, verdict, level"

#define TOKEN_COLUMNS "digest, device_id, creator, created_ms, expires_ms, replaces, fingerprint"

#define AUDIT_COLUMNS "time_ms, kind, device_id, actor, address, detail"

/// @return false  the row is not one that we wrote.
bool identity_rows_read_certificate(sqlite3_stmt *row, struct certificate_record *out);
bool identity_rows_read_token(sqlite3_stmt *row, struct token_record *out);
bool identity_rows_read_audit(sqlite3_stmt *row, struct audit_record *out);

/// Bind from parameter 1 on. @return an SQLite result.
int identity_rows_bind_certificate(sqlite3_stmt *statement,
                                   const struct certificate_record *record);
int identity_rows_bind_token(sqlite3_stmt *statement, const struct token_record *token);
int identity_rows_bind_audit(sqlite3_stmt *statement, const struct audit_record *audit);
