// SPDX-License-Identifier: MIT
#pragma once

/// Who a device is: the rules by which certificates are asked for, given, renewed and withdrawn.
///
///   - A token of 32 random bytes lets one device, and no other, fetch one certificate. It is kept
///     as its digest, ends after a time, and used twice with the same key gives the same
///     certificate again, since the first answer may have been lost.
///   - A key belongs to one device for ever; a key that was withdrawn is never certified again.
///   - A new certificate is pending until the device has used it; then the one before is
///     superseded. So a renewal that goes wrong half way leaves the device with what it had.
///   - A certificate that is over may fetch its successor for the grace period and nothing else,
///   and
///     only with a fresh report of the device on itself, signed with the key that is over.
///   - Whatever changes is on the disk, and told to the broker, before it is answered.
///
/// Thread-safe. Times as in identity_store.h.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certificate_authority.h"
#include "crypto.h"
#include "enrolment_proof.h"
#include "fleet_host.h"
#include "identity_store.h"
#include "status.h"

enum {
    IDENTITY_TOKEN_SIZE = 44, ///< 43 signs of base64url and a terminator.
    IDENTITY_CHALLENGE_SIZE = ENROLMENT_CHALLENGE_SIZE,
    IDENTITY_CHALLENGE_LIFE_S = 300,
    IDENTITY_LIFE_LEAST_S = 10, ///< For rehearsals; a fleet that lives on it does little else.
    IDENTITY_LIFE_MOST_S = 398 * 86400,
    IDENTITY_ONBOARDING_S = 300, ///< What the first app was told, and so relies on.
    IDENTITY_TOKEN_MOST_S = 86400,
};

/// What came of a request. The names are the words of contracts/rest.md.
enum identity_verdict {
    IDENTITY_DONE,
    IDENTITY_TOKEN_MISSING,
    IDENTITY_TOKEN_FORMAT, ///< Not 43 signs of base64url.
    IDENTITY_TOKEN_TYPE,   ///< A token of another kind: a session, or a JSON web token.
    IDENTITY_TOKEN_UNKNOWN,
    IDENTITY_TOKEN_EXPIRED,
    IDENTITY_TOKEN_USED, ///< For another key.
    IDENTITY_TOKEN_DEVICE,
    IDENTITY_BAD_DEVICE_ID,
    IDENTITY_BAD_REQUEST,      ///< Not a certificate request that can be signed.
    IDENTITY_BAD_REQUEST_NAME, ///< It asks for the name of somebody else.
    IDENTITY_BAD_KEY_TYPE,
    IDENTITY_KEY_KNOWN,       ///< A published key.
    IDENTITY_KEY_IN_USE,      ///< Of another device, or withdrawn.
    IDENTITY_HAS_ACTIVE,      ///< The device has a certificate that is active.
    IDENTITY_BAD_PROOF,       ///< Of the challenge: not signed with the device's key.
    IDENTITY_NO_ATTESTATION,  ///< A report of the device on itself is needed here.
    IDENTITY_BAD_ATTESTATION, ///< The report is none, of another key, or of another challenge.
    IDENTITY_BAD_CHALLENGE,   ///< Not one of ours, of another device, over, or used.
    IDENTITY_NO_CERTIFICATE,  ///< None was shown, or not one of ours.
    IDENTITY_REVOKED_PEER,
    IDENTITY_SUPERSEDED_PEER,
    IDENTITY_EXPIRED_PEER, ///< And not within the grace period, or not for this call.
    IDENTITY_UNKNOWN,      ///< There is no such device or certificate.
    IDENTITY_LIMITED,      ///< Too many requests: come back later.
    IDENTITY_UNAVAILABLE,  ///< Store, library or authority cannot do it now.
    IDENTITY_VERDICT_COUNT,
};

/// How the broker is told who may speak. The domain owns this seam.
struct identity_herald {
    /// Returns when the broker's list holds all that was in the store when the call began. Called
    /// after every change, from any thread.
    MUST_CHECK enum status (*publish)(void *ctx);
    void *ctx;
};

struct identity_rules {
    int64_t life_s;             ///< Of a certificate.
    int64_t token_s;            ///< Of a token, unless its maker says otherwise.
    uint32_t address_burst;     ///< Requests that one address may send at once; 0: 300.
    uint32_t address_refill_ms; ///< Time for one more; 0: 100 ms.
    int64_t grace_s; ///< How long after its end a certificate may be renewed; 0: not at all.
};

/// Everything must outlive the identities.
struct identity_parts {
    const struct identity_store *store;
    const struct certificate_authority *authority;
    const struct crypto *crypto;
    const struct fleet_host *host;
    const struct identity_herald *herald;
    enum status (*random)(void *ctx, uint8_t *out, size_t size); ///< Fit for keys.
    void *random_ctx;
    struct identity_rules rules;
};

struct identities;

/// Publishes who may speak.
///
/// @return STATUS_INVALID  the rules are out of range;  STATUS_IO  anything else that failed.
MUST_CHECK enum status identities_open(const struct identity_parts *parts, struct identities **out);

/// Frees everything. NULL is fine.
void identities_close(struct identities *identities);

/// What an operator wants a token for.
struct token_order {
    const char *device_id;
    const char *creator; ///< The account.
    const char *address;
    int64_t life_s; ///< 0: as the rules say; at most IDENTITY_TOKEN_MOST_S.
    bool replaces;  ///< Also when the device has a certificate that is active.
};

/// Makes a token; the text is its only copy.
enum identity_verdict identities_make_token(struct identities *identities,
                                            const struct token_order *order,
                                            char token[IDENTITY_TOKEN_SIZE], int64_t *expires_ms);

struct enrolment {
    const char *token; ///< NULL: none was sent. Need not be terminated.
    size_t token_size;
    const char *device_id; ///< NULL: that of the token. Need not be terminated.
    size_t device_id_size;
    enum request_form form;
    const char *request;
    size_t request_size;
    const uint8_t *challenge;   ///< IDENTITY_CHALLENGE_SIZE bytes; NULL: the first protocol.
    const uint8_t *proof;       ///< CRYPTO_P256_SIGNATURE_SIZE bytes, with the challenge.
    const uint8_t *attestation; ///< A report that answers it, with the request's key; NULL: none.
    size_t attestation_size;
    const char *address;
};

/// Signs the first certificate of a device.
enum identity_verdict identities_enrol(struct identities *identities,
                                       const struct enrolment *enrolment,
                                       struct certificate_record *out);

/// Makes a challenge for one use by one device within IDENTITY_CHALLENGE_LIFE_S.
enum identity_verdict identities_challenge(struct identities *identities, const char *device_id,
                                           const char *address,
                                           uint8_t challenge[IDENTITY_CHALLENGE_SIZE],
                                           int64_t *expires_s);

/// Whom a TLS client has proven to be.
struct identity_peer {
    struct certificate_record record;
    bool grace; ///< Its certificate is over: it may renew, and nothing else.
};

/// Finds the device behind a client certificate, whose key TLS has seen in use.
enum identity_verdict identities_recognise(struct identities *identities, const void *der,
                                           size_t size, struct identity_peer *out);

struct renewal {
    enum request_form form;
    const char *request;
    size_t request_size;
    const uint8_t *challenge;   ///< IDENTITY_CHALLENGE_SIZE bytes; NULL: the first protocol.
    const uint8_t *attestation; ///< A report that answers it, signed with the peer's key.
    size_t attestation_size;
    const char *address;
};

/// Signs the next certificate of a device, pending until it is confirmed. Within the grace period a
/// report is needed.
enum identity_verdict identities_renew(struct identities *identities,
                                       const struct identity_peer *peer,
                                       const struct renewal *renewal,
                                       struct certificate_record *out);

/// Makes the peer's certificate the active one and supersedes all others of the device.
enum identity_verdict identities_confirm(struct identities *identities,
                                         const struct identity_peer *peer, const char *address);

/// Notes that a certificate was used at the broker: if it is pending, it is confirmed thereby.
enum identity_verdict identities_heard(struct identities *identities,
                                       const uint8_t fingerprint[CRYPTO_SHA256_SIZE]);

/// Withdraws every certificate and token of a device.
///
/// @return IDENTITY_UNKNOWN  it has, and had, no certificate, and no token to fetch one.
enum identity_verdict identities_revoke(struct identities *identities, const char *device_id,
                                        const char *account, const char *address,
                                        const char *reason, unsigned *count);

/// The certificate that counts for a device: the active one, else the newest; its state as of now.
enum identity_verdict identities_find(struct identities *identities, const char *device_id,
                                      struct certificate_record *out);

/// Finds by fingerprint; the state as of now.
enum identity_verdict identities_find_certificate(struct identities *identities,
                                                  const uint8_t fingerprint[CRYPTO_SHA256_SIZE],
                                                  struct certificate_record *out);

/// The signed list of the withdrawn (RFC 5280 section 5), for whoever asks.
struct revocation_list {
    uint8_t *der; ///< From malloc().
    size_t size;
    uint64_t number; ///< Grows with every list, also over a restart while the clock goes forward.
    int64_t made_s;
    int64_t next_s; ///< Until when it may be believed.
};

enum {
    IDENTITY_LIST_LIFE_S = 7 * 86400,
    IDENTITY_LIST_EVERY_S = 6 * 3600, ///< Made anew so often even when nothing was withdrawn.
};

/// Copies the list; it holds whatever was revoked before the call. It is made when there is
/// something new or the last one is old, so asking often costs little. Expired certificates leave
/// it one life of a list after their end (RFC 5280 section 3.3).
///
/// @return IDENTITY_DONE  the caller frees `out->der`;  IDENTITY_UNAVAILABLE  there is none.
enum identity_verdict identities_revocations(struct identities *identities,
                                             struct revocation_list *out);

/// The state of a record as of now.
enum certificate_state identities_state_of(const struct identities *identities,
                                           const struct certificate_record *record);

/// When the device should fetch its next certificate: after two thirds of its life.
int64_t identities_renew_after_s(const struct certificate *certificate);

/// Whether the certificate is in its last sixth and its device, which should have renewed it after
/// two thirds, has not: it is ACTIVE or PENDING as of now. Of a device, only the newest counts.
bool identities_is_overdue(const struct identities *identities,
                           const struct certificate_record *record);

/// Writes down something that others have seen; what cannot be written is lost.
void identities_record(struct identities *identities, enum audit_kind kind, const char *device_id,
                       const char *account, const char *address, const char *detail);

/// Writes down that a device's case was opened so often by now; nothing if that was written last.
void identities_case_opened(struct identities *identities, const char *device_id, uint32_t count);

/// Notes what is over, and once for each certificate that its renewal is overdue. Call about once a
/// minute.
MUST_CHECK enum status identities_tick(struct identities *identities);

/// Whether a name is kept for the server's own certificates.
bool identities_is_reserved(const char *device_id);

/// The parts, for those who only list.
const struct identity_parts *identities_parts(const struct identities *identities);

/// The verdict as the word of `X-Error-Code`, such as "TOKEN_EXPIRED".
const char *identity_verdict_name(enum identity_verdict verdict);
