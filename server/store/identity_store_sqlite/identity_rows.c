// SPDX-License-Identifier: MIT
#include "identity_rows.h"

#include <string.h>

static bool copy_text(sqlite3_stmt *row, int column, char *out, size_t capacity)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    const size_t size = (size_t)sqlite3_column_bytes(row, column);
    if (text == NULL || size >= capacity) {
        return false;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool copy_bytes(sqlite3_stmt *row, int column, uint8_t *out, size_t size)
{
    const void *bytes = sqlite3_column_blob(row, column);
    if (bytes == NULL || (size_t)sqlite3_column_bytes(row, column) != size) {
        return false;
    }
    memcpy(out, bytes, size);
    return true;
}

bool identity_rows_read_certificate(sqlite3_stmt *row, struct certificate_record *out)
{
    struct certificate *certificate = &out->certificate;
    const int state = sqlite3_column_int(row, 4);
    const int size = sqlite3_column_bytes(row, 9);
    if (state < 0 || state >= CERTIFICATE_STATE_COUNT || size <= 0 ||
        size > CERTIFICATE_DER_LIMIT) {
        return false;
    }
    const int verdict = sqlite3_column_int(row, 11);
    const int level = sqlite3_column_int(row, 12);
    if (verdict < 0 || verdict >= ATTESTATION_VERDICT_COUNT || level < 0 ||
        level > ATTESTATION_SECURE_ELEMENT) {
        return false;
    }
    out->attestation = (struct attestation_note){ .time_ms = sqlite3_column_int64(row, 10),
                                                  .verdict = (enum attestation_verdict)verdict,
                                                  .level = (enum attestation_level)level };
    out->state = (enum certificate_state)state;
    out->issued_ms = sqlite3_column_int64(row, 5);
    out->changed_ms = sqlite3_column_int64(row, 6);
    certificate->not_before_s = sqlite3_column_int64(row, 7);
    certificate->not_after_s = sqlite3_column_int64(row, 8);
    certificate->size = (size_t)size;
    return copy_bytes(row, 0, certificate->fingerprint, sizeof certificate->fingerprint) &&
           copy_bytes(row, 1, certificate->serial, sizeof certificate->serial) &&
           copy_bytes(row, 2, out->key_digest, sizeof out->key_digest) &&
           copy_text(row, 3, out->device_id, sizeof out->device_id) &&
           copy_bytes(row, 9, certificate->der, certificate->size);
}

bool identity_rows_read_token(sqlite3_stmt *row, struct token_record *out)
{
    out->created_ms = sqlite3_column_int64(row, 3);
    out->expires_ms = sqlite3_column_int64(row, 4);
    out->replaces = sqlite3_column_int(row, 5) != 0;
    out->used = sqlite3_column_type(row, 6) != SQLITE_NULL;
    memset(out->fingerprint, 0, sizeof out->fingerprint);
    return copy_bytes(row, 0, out->digest, sizeof out->digest) &&
           copy_text(row, 1, out->device_id, sizeof out->device_id) &&
           copy_text(row, 2, out->creator, sizeof out->creator) &&
           (!out->used || copy_bytes(row, 6, out->fingerprint, sizeof out->fingerprint));
}

bool identity_rows_read_audit(sqlite3_stmt *row, struct audit_record *out)
{
    out->time_ms = sqlite3_column_int64(row, 0);
    out->kind = (enum audit_kind)sqlite3_column_int(row, 1);
    return copy_text(row, 2, out->device_id, sizeof out->device_id) &&
           copy_text(row, 3, out->actor, sizeof out->actor) &&
           copy_text(row, 4, out->address, sizeof out->address) &&
           copy_text(row, 5, out->detail, sizeof out->detail);
}

static int bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t size)
{
    return sqlite3_bind_blob(statement, index, bytes, (int)size, SQLITE_STATIC);
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

int identity_rows_bind_certificate(sqlite3_stmt *statement, const struct certificate_record *record)
{
    const struct certificate *certificate = &record->certificate;
    int bound = bind_bytes(statement, 1, certificate->fingerprint, sizeof certificate->fingerprint);
    bound |= bind_bytes(statement, 2, certificate->serial, sizeof certificate->serial);
    bound |= bind_bytes(statement, 3, record->key_digest, sizeof record->key_digest);
    bound |= bind_text(statement, 4, record->device_id);
    bound |= sqlite3_bind_int(statement, 5, (int)record->state);
    bound |= sqlite3_bind_int64(statement, 6, record->issued_ms);
    bound |= sqlite3_bind_int64(statement, 7, record->changed_ms);
    bound |= sqlite3_bind_int64(statement, 8, certificate->not_before_s);
    bound |= sqlite3_bind_int64(statement, 9, certificate->not_after_s);
    bound |= bind_bytes(statement, 10, certificate->der, certificate->size);
    bound |= sqlite3_bind_int64(statement, 11, record->attestation.time_ms);
    bound |= sqlite3_bind_int(statement, 12, (int)record->attestation.verdict);
    bound |= sqlite3_bind_int(statement, 13, (int)record->attestation.level);
    return bound;
}

int identity_rows_bind_token(sqlite3_stmt *statement, const struct token_record *token)
{
    int bound = bind_bytes(statement, 1, token->digest, sizeof token->digest);
    bound |= bind_text(statement, 2, token->device_id);
    bound |= bind_text(statement, 3, token->creator);
    bound |= sqlite3_bind_int64(statement, 4, token->created_ms);
    bound |= sqlite3_bind_int64(statement, 5, token->expires_ms);
    bound |= sqlite3_bind_int(statement, 6, token->replaces ? 1 : 0);
    return bound;
}

int identity_rows_bind_audit(sqlite3_stmt *statement, const struct audit_record *audit)
{
    int bound = sqlite3_bind_int64(statement, 1, audit->time_ms);
    bound |= sqlite3_bind_int(statement, 2, (int)audit->kind);
    bound |= bind_text(statement, 3, audit->device_id);
    bound |= bind_text(statement, 4, audit->actor);
    bound |= bind_text(statement, 5, audit->address);
    bound |= bind_text(statement, 6, audit->detail);
    return bound;
}
