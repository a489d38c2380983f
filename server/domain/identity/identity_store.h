// SPDX-License-Identifier: MIT
#pragma once

/// Where tokens, certificates and the record of what was done with them are kept. The domain owns
/// this interface. Tokens are kept as digests, so a stolen database enrols nobody.
///
/// Times are Unix UTC: milliseconds where a name says so, else seconds. Any thread may call.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account_store.h"
#include "attestation_judge.h"
#include "certificate_authority.h"
#include "certificate_state.h"
#include "device_id.h"
#include "status.h"

enum { IDENTITY_ADDRESS_SIZE = 48, IDENTITY_DETAIL_SIZE = 96 };

struct token_record {
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char device_id[DEVICE_ID_SIZE];
    char creator[ACCOUNT_NAME_SIZE];
    int64_t created_ms;
    int64_t expires_ms;
    bool replaces; ///< May take the place of a certificate that is active.
    bool used;
    uint8_t fingerprint[CRYPTO_SHA256_SIZE]; ///< Of the certificate it was used for.
};

/// What the device said of itself when it asked for the certificate, and what that was worth.
struct attestation_note {
    int64_t time_ms; ///< When it was judged; 0: never.
    enum attestation_verdict verdict;
    enum attestation_level level; ///< As reported; of no meaning with ATTESTATION_FAILED.
};

struct certificate_record {
    struct certificate certificate;
    uint8_t key_digest[CRYPTO_SHA256_SIZE];
    char device_id[DEVICE_ID_SIZE];
    enum certificate_state state; ///< As stored: whether it is over by now, the caller looks.
    int64_t issued_ms;
    int64_t changed_ms; ///< When it came into its state.
    struct attestation_note attestation;
};

enum audit_kind {
    AUDIT_TOKEN_ISSUED = 1,
    AUDIT_ENROLLED,
    AUDIT_ENROLMENT_REFUSED,
    AUDIT_RENEWED,
    AUDIT_CONFIRMED,
    AUDIT_REVOKED,
    AUDIT_EXPIRED,
    AUDIT_RENEWAL_REFUSED,
    AUDIT_BROKER_REFUSED,  ///< Strangers can cause these, so a store keeps few of them.
    AUDIT_CASE_OPENED,     ///< A device said that somebody opened its case.
    AUDIT_CASE_CLEARED,    ///< A person asked to forget that.
    AUDIT_RENEWAL_OVERDUE, ///< A certificate ends soon, and its device has not renewed it.
    AUDIT_INTAKE_REFUSED,  ///< A request of somebody without a right to ask; kept as few, too.
};

/// Something done to an identity, for people to read later. Its text may come from a device: it is
/// data, and escaped wherever it is shown.
struct audit_record {
    int64_t time_ms;
    enum audit_kind kind;
    char device_id[DEVICE_ID_SIZE];
    char actor[ACCOUNT_NAME_SIZE]; ///< An account, or empty: the device itself.
    char address[IDENTITY_ADDRESS_SIZE];
    char detail[IDENTITY_DETAIL_SIZE];
};

/// One certificate that changes its state.
struct certificate_move {
    uint8_t fingerprint[CRYPTO_SHA256_SIZE];
    enum certificate_state state;
};

/// What is written together or not at all. Everything but the audit may be absent.
struct identity_change {
    const struct certificate_record *added; ///< NULL: none.
    const uint8_t *token_digest;            ///< NULL; else the token is used up for `added`.
    const struct certificate_move *moves;
    size_t move_count;
    const char *tokens_of; ///< NULL; else the unused tokens of this device are dropped.
    const struct audit_record *audit;
};

struct identity_store {
    /// Adds a token and drops those of the same device that were not used.
    MUST_CHECK enum status (*put_token)(void *ctx, const struct token_record *token,
                                        const struct audit_record *audit);

    /// @return STATUS_MISSING  there is no such token.
    MUST_CHECK enum status (*find_token)(void *ctx, const uint8_t digest[CRYPTO_SHA256_SIZE],
                                         struct token_record *out);

    /// Writes a change; it is on the disk when the call returns.
    ///
    /// @return STATUS_INVALID  a certificate to be moved is not there, or one to be added is:
    ///         nothing was written.
    MUST_CHECK enum status (*commit)(void *ctx, const struct identity_change *change);

    /// @return STATUS_MISSING  there is no such certificate.
    MUST_CHECK enum status (*find_certificate)(void *ctx,
                                               const uint8_t fingerprint[CRYPTO_SHA256_SIZE],
                                               struct certificate_record *out);

    /// The newest certificate of a key. @return STATUS_MISSING  there is none.
    MUST_CHECK enum status (*find_key)(void *ctx, const uint8_t key_digest[CRYPTO_SHA256_SIZE],
                                       struct certificate_record *out);

    /// Calls `visit` for each certificate of a device, or of all (NULL) in the order of their
    /// names, newest first. `visit` must not call the store.
    MUST_CHECK enum status (*list_certificates)(
        void *ctx, const char *device_id,
        void (*visit)(void *visit_ctx, const struct certificate_record *record), void *visit_ctx);

    /// Calls `visit` for each token that is neither used nor expired, the latest first.
    MUST_CHECK enum status (*list_tokens)(void *ctx, int64_t now_ms,
                                          void (*visit)(void *visit_ctx,
                                                        const struct token_record *token),
                                          void *visit_ctx);

    /// The latest record of that kind about a device. @return STATUS_MISSING  there is none.
    MUST_CHECK enum status (*find_audit)(void *ctx, enum audit_kind kind, const char *device_id,
                                         struct audit_record *out);

    /// Calls `visit` for up to `limit` records, the latest first.
    MUST_CHECK enum status (*list_audit)(void *ctx, size_t limit,
                                         void (*visit)(void *visit_ctx,
                                                       const struct audit_record *record),
                                         void *visit_ctx);

    /// Releases everything the store holds, including `ctx`.
    void (*close)(void *ctx);

    void *ctx;
};
