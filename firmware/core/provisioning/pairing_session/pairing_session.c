// SPDX-License-Identifier: MIT
#include "pairing_session.h"

#include <string.h>

#include "constant_time.h"

static const char failures_key[] = "pair_failures";

static enum status keep_failures(struct pairing_session *session, uint8_t failures)
{
    const struct key_value *store = session->needs.key_value;
    const enum status status = store->set(store->ctx, failures_key, &failures, sizeof failures);
    if (status == STATUS_OK) {
        session->failures = failures;
    }
    return status;
}

static void forget(struct pairing_exchange *exchange)
{
    constant_time_wipe(exchange, sizeof *exchange);
}

static bool is_over(const struct pairing_exchange *exchange, uint64_t now_ms)
{
    return !exchange->is_alive ||
           now_ms - exchange->started_ms >= (uint64_t)PAIRING_SESSION_TTL_S * 1000u;
}

void pairing_session_init(struct pairing_session *session,
                          const struct pairing_session_needs *needs)
{
    uint8_t failures = 0;
    size_t size = 0;
    const struct key_value *store = needs->key_value;

    *session = (struct pairing_session){ .needs = *needs };
    const enum status status =
        store->get(store->ctx, failures_key, &failures, sizeof failures, &size);
    if (status == STATUS_OK && size == sizeof failures) {
        session->failures = failures;
    } else if (status != STATUS_MISSING) {
        session->failures = PAIRING_SESSION_FAILURE_LIMIT;
    }
}

bool pairing_session_is_locked(const struct pairing_session *session)
{
    return session->failures >= PAIRING_SESSION_FAILURE_LIMIT;
}

enum status pairing_session_unlock(struct pairing_session *session)
{
    return keep_failures(session, 0);
}

static void mind(struct pairing_exchange *exchange, uint64_t now_ms)
{
    if (exchange->is_alive && is_over(exchange, now_ms)) {
        forget(exchange);
    }
}

void pairing_session_mind(struct pairing_session *session, uint64_t now_ms)
{
    mind(&session->handshake, now_ms);
    mind(&session->session, now_ms);
}

/// Fills the handshake's digest and keys and the welcome's public part, all but the confirm.
static enum status agree(struct pairing_session *session, const struct pairing_hello *hello,
                         struct pairing_welcome *welcome, uint8_t private_key[CRYPTO_X25519_SIZE],
                         uint8_t shared[CRYPTO_X25519_SIZE])
{
    const struct pairing_session_needs *needs = &session->needs;
    const struct crypto *crypto = needs->crypto;
    struct pairing_exchange *handshake = &session->handshake;
    uint8_t label[PAIRING_LABEL_SIZE];
    const struct pairing_transcript transcript = { needs->device_id, hello->public_key,
                                                   welcome->public_key, hello->nonce,
                                                   welcome->nonce };

    enum status status = needs->entropy->fill(needs->entropy->ctx, private_key, CRYPTO_X25519_SIZE);
    if (status == STATUS_OK) {
        status = needs->entropy->fill(needs->entropy->ctx, welcome->nonce, sizeof welcome->nonce);
    }
    if (status == STATUS_OK) {
        status = crypto->x25519_public(crypto->ctx, private_key, welcome->public_key);
    }
    if (status == STATUS_OK) {
        status = crypto->x25519(crypto->ctx, private_key, hello->public_key, shared);
    }
    if (status == STATUS_OK) {
        status = pairing_hash(crypto, &transcript, handshake->digest);
    }
    if (status == STATUS_OK) {
        pairing_label(handshake->digest, label);
        status = needs->keystore->derive_salted(
            needs->keystore->ctx, KEYSTORE_SECRET_POSSESSION, shared, CRYPTO_X25519_SIZE, label,
            sizeof label, (uint8_t *)&handshake->keys, sizeof handshake->keys);
    }
    return status;
}

enum status pairing_session_start(struct pairing_session *session, uint64_t now_ms,
                                  const struct pairing_hello *hello,
                                  struct pairing_welcome *welcome)
{
    uint8_t private_key[CRYPTO_X25519_SIZE];
    uint8_t shared[CRYPTO_X25519_SIZE];
    struct pairing_exchange *handshake = &session->handshake;

    if (pairing_session_is_locked(session) ||
        (session->has_started && now_ms - session->last_start_ms < PAIRING_SESSION_START_MS)) {
        return STATUS_BUSY;
    }
    session->has_started = true;
    session->last_start_ms = now_ms;
    forget(handshake);
    enum status status = agree(session, hello, welcome, private_key, shared);
    constant_time_wipe(private_key, sizeof private_key);
    constant_time_wipe(shared, sizeof shared);
    if (status == STATUS_OK) {
        status = pairing_confirm_device(session->needs.crypto, &handshake->keys, handshake->digest,
                                        welcome->confirm);
    }
    handshake->is_alive = status == STATUS_OK;
    handshake->started_ms = now_ms;
    if (status != STATUS_OK) {
        forget(handshake);
    }
    return status;
}

/// Compares, and makes the handshake the session.
static enum status conclude(struct pairing_session *session,
                            const uint8_t confirm[PAIRING_CONFIRM_SIZE],
                            uint8_t session_id[PAIRING_SESSION_ID_SIZE])
{
    const struct pairing_session_needs *needs = &session->needs;
    struct pairing_exchange *handshake = &session->handshake;
    uint8_t expected[PAIRING_CONFIRM_SIZE];

    enum status status =
        pairing_confirm_client(needs->crypto, &handshake->keys, handshake->digest, expected);
    if (status == STATUS_OK &&
        !constant_time_equal(expected, sizeof expected, confirm, PAIRING_CONFIRM_SIZE)) {
        status = STATUS_CORRUPT;
    }
    constant_time_wipe(expected, sizeof expected);
    if (status == STATUS_OK) {
        status = needs->entropy->fill(needs->entropy->ctx, handshake->place.session_id,
                                      sizeof handshake->place.session_id);
    }
    if (status == STATUS_OK) {
        status = keep_failures(session, 0);
    }
    if (status == STATUS_OK) {
        // What only the handshake needed is not carried along.
        constant_time_wipe(handshake->keys.client, sizeof handshake->keys.client);
        constant_time_wipe(handshake->keys.device, sizeof handshake->keys.device);
        session->session = *handshake;
        memcpy(session_id, handshake->place.session_id, PAIRING_SESSION_ID_SIZE);
    }
    return status;
}

enum status pairing_session_finish(struct pairing_session *session, uint64_t now_ms,
                                   const uint8_t confirm[PAIRING_CONFIRM_SIZE],
                                   uint8_t session_id[PAIRING_SESSION_ID_SIZE])
{
    enum status status = STATUS_MISSING;
    if (pairing_session_is_locked(session)) {
        status = STATUS_BUSY;
    } else if (!is_over(&session->handshake, now_ms)) {
        // Counted first: a power cut right after a wrong guess does not make it free.
        status = keep_failures(session, (uint8_t)(session->failures + 1));
        status = status == STATUS_OK ? conclude(session, confirm, session_id) : STATUS_IO;
    }
    forget(&session->handshake);
    return status;
}

enum status pairing_session_open(struct pairing_session *session, uint64_t now_ms,
                                 const struct pairing_place *place, struct crypto_part sealed,
                                 uint8_t *text)
{
    struct pairing_exchange *live = &session->session;
    if (is_over(live, now_ms)) {
        forget(live);
        return STATUS_MISSING;
    }
    if (!constant_time_equal(live->place.session_id, PAIRING_SESSION_ID_SIZE, place->session_id,
                             PAIRING_SESSION_ID_SIZE)) {
        return STATUS_MISSING;
    }
    if (place->n % 2 == 0 || place->n <= live->place.n || place->n == UINT64_MAX) {
        return STATUS_INVALID;
    }
    const enum status status =
        pairing_open(session->needs.crypto, live->keys.session, place, sealed, text, sealed.size);
    if (status == STATUS_OK) {
        live->place.n = place->n;
    }
    return status;
}

enum status pairing_session_seal(struct pairing_session *session, struct crypto_part text,
                                 uint64_t *n, uint8_t *sealed, size_t capacity)
{
    struct pairing_exchange *live = &session->session;
    if (!live->is_alive || live->place.n % 2 == 0) {
        return STATUS_MISSING;
    }
    live->place.n++; // Used up, also when sealing fails: no number is ever used twice.
    *n = live->place.n;
    return pairing_seal(session->needs.crypto, live->keys.session, &live->place, text, sealed,
                        capacity);
}
