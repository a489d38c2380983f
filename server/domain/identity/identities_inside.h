// SPDX-License-Identifier: MIT
#pragma once

/// What the files of this module share. Private to it.

#include <pthread.h>
#include <stdatomic.h>

#include "identities.h"
#include "rate_limit.h"

enum { IDENTITY_USED_CHALLENGES = 1024, IDENTITY_DEVICE_LIMIT = 64 };

struct used_challenge {
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    int64_t expires_s;
};

struct identities {
    struct identity_parts parts;
    pthread_mutex_t lock;       ///< From the first look at the store to the end of the change.
    _Atomic uint64_t changes;   ///< How many were written to the store.
    _Atomic uint64_t published; ///< How many of them the broker knows.

    _Atomic uint64_t withdrawals; ///< Commits that revoked something.
    pthread_mutex_t list_lock;    ///< Guards the next two.
    struct revocation_list list;
    uint64_t listed; ///< How many withdrawals the list knows.

    pthread_mutex_t limit_lock; ///< Guards what follows; held for moments only.
    uint64_t limit_secret;
    struct rate_limit by_address;
    struct rate_limit by_device;

    uint8_t challenge_key[CRYPTO_SHA256_SIZE];
    struct used_challenge used[IDENTITY_USED_CHALLENGES]; ///< Guarded by `lock`.
    size_t used_next;
};

int64_t identities_now_ms(const struct identities *identities);

/// Takes a token from the bucket of an address. @return IDENTITY_LIMITED  it is empty.
enum identity_verdict identities_limit_address(struct identities *identities, const char *address);

/// The same for a device.
enum identity_verdict identities_limit_device(struct identities *identities, const char *device_id);

/// Reads a token's text. @return IDENTITY_DONE, or what is wrong with it.
enum identity_verdict identities_read_token(const struct identities *identities, const char *text,
                                            size_t size, uint8_t digest[CRYPTO_SHA256_SIZE]);

/// Checks what the device proves with its new key, and uses the challenge up. What its report is
/// worth goes to `note`. The caller holds the lock.
enum identity_verdict identities_check_proof(struct identities *identities,
                                             const struct enrolment *enrolment,
                                             const char *device_id,
                                             const struct certificate_request *request,
                                             const uint8_t token_digest[CRYPTO_SHA256_SIZE],
                                             struct attestation_note *note);

/// Checks what the device says of itself with its old key, and uses the challenge up; within the
/// grace period it has to say something. The caller holds the lock.
enum identity_verdict identities_check_renewal(struct identities *identities,
                                               const struct identity_peer *peer,
                                               const struct renewal *renewal,
                                               struct attestation_note *note);

/// Writes a change, of which identities_settle() then tells. The caller holds the lock.
enum identity_verdict identities_commit(struct identities *identities,
                                        const struct identity_change *change);

/// Tells the broker what it does not know yet. Without the lock, so that changes which come at the
/// same time are told together.
enum identity_verdict identities_settle(struct identities *identities);

/// Fills in the record of something that happens now.
void identities_audit(const struct identities *identities, struct audit_record *audit,
                      enum audit_kind kind, const char *device_id, const char *address,
                      const char *detail);

/// Notes what is overdue and was not noted before. The caller holds the lock.
MUST_CHECK enum status identities_note_overdue(struct identities *identities);

/// Writes an audit record by itself; one that cannot be written is lost.
void identities_note(struct identities *identities, const struct audit_record *audit);

/// The certificates of one device that may change their state, newest first.
struct device_certificates {
    struct certificate_record record[IDENTITY_DEVICE_LIMIT];
    size_t count;
};

/// Gathers those that are neither superseded nor revoked. The caller holds the lock.
MUST_CHECK enum status identities_gather(struct identities *identities, const char *device_id,
                                         struct device_certificates *out);
