// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openssl_crypto.h"
#include "pairing_rig.h"

enum { ROOM = 128 };

struct fixture {
    struct crypto crypto;
    struct pairing_rig rig;
    struct pairing_session session;
    uint64_t now_ms;
};

/// The other side, played straight from the promises of pairing.h.
struct client {
    uint8_t private_key[CRYPTO_X25519_SIZE];
    struct pairing_hello hello;
    struct pairing_welcome welcome;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct pairing_keys keys;
    struct pairing_place place;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .crypto = openssl_crypto(), .now_ms = 5000 };
    pairing_rig_init(&f.rig, &f.crypto);
    pairing_session_init(&f.session, &f.rig.needs);
    *state = &f;
    return 0;
}

static enum status start(struct fixture *f, struct client *client)
{
    *client = (struct client){ .place = { .n = 1 } };
    f->now_ms += PAIRING_SESSION_START_MS;
    memset(client->private_key, 0x33, sizeof client->private_key);
    memset(client->hello.nonce, 0x44, sizeof client->hello.nonce);
    assert_int_equal(
        f->crypto.x25519_public(f->crypto.ctx, client->private_key, client->hello.public_key),
        STATUS_OK);
    return pairing_session_start(&f->session, f->now_ms, &client->hello, &client->welcome);
}

/// What the client makes of the welcome, and its own confirm.
static void agree(struct fixture *f, struct client *client, const char *device_id,
                  uint8_t confirm[PAIRING_CONFIRM_SIZE])
{
    uint8_t shared[CRYPTO_X25519_SIZE];
    const struct pairing_transcript transcript = { device_id, client->hello.public_key,
                                                   client->welcome.public_key, client->hello.nonce,
                                                   client->welcome.nonce };
    assert_int_equal(
        f->crypto.x25519(f->crypto.ctx, client->private_key, client->welcome.public_key, shared),
        STATUS_OK);
    assert_int_equal(pairing_hash(&f->crypto, &transcript, client->digest), STATUS_OK);
    assert_int_equal(
        pairing_derive(&f->crypto, f->rig.secret, shared, client->digest, &client->keys),
        STATUS_OK);
    assert_int_equal(pairing_confirm_client(&f->crypto, &client->keys, client->digest, confirm),
                     STATUS_OK);
}

static enum status finish(struct fixture *f, struct client *client)
{
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
    agree(f, client, "meter-1", confirm);
    return pairing_session_finish(&f->session, f->now_ms, confirm, client->place.session_id);
}

static void pair(struct fixture *f, struct client *client)
{
    assert_int_equal(start(f, client), STATUS_OK);
    assert_int_equal(finish(f, client), STATUS_OK);
}

static enum status fail_once(struct fixture *f)
{
    struct client client;
    uint8_t wrong[PAIRING_CONFIRM_SIZE] = { 0 };
    assert_int_equal(start(f, &client), STATUS_OK);
    return pairing_session_finish(&f->session, f->now_ms, wrong, client.place.session_id);
}

/// Seals `text` as the client does, and lets the device open it.
static enum status deliver(struct fixture *f, const struct client *client, const char *text,
                           char opened[ROOM])
{
    uint8_t sealed[ROOM];
    const size_t size = strlen(text);
    assert_int_equal(pairing_seal(&f->crypto, client->keys.session, &client->place,
                                  (struct crypto_part){ text, size }, sealed, sizeof sealed),
                     STATUS_OK);
    memset(opened, 0, ROOM);
    return pairing_session_open(&f->session, f->now_ms, &client->place,
                                (struct crypto_part){ sealed, size + CRYPTO_TAG_SIZE },
                                (uint8_t *)opened);
}

static void proves_itself_first_and_opens_what_was_sealed_for_it(void **state)
{
    struct fixture *f = *state;
    struct client client;
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
    char opened[ROOM];
    uint8_t sealed[ROOM];
    uint64_t n = 0;

    assert_int_equal(start(f, &client), STATUS_OK);
    agree(f, &client, "meter-1", confirm);
    assert_int_equal(pairing_confirm_device(&f->crypto, &client.keys, client.digest, confirm),
                     STATUS_OK);
    assert_memory_equal(client.welcome.confirm, confirm, sizeof confirm);
    assert_int_equal(finish(f, &client), STATUS_OK);
    assert_int_equal(deliver(f, &client, "hello", opened), STATUS_OK);
    assert_string_equal(opened, "hello");

    assert_int_equal(pairing_session_seal(&f->session, (struct crypto_part){ "ok", 2 }, &n, sealed,
                                          sizeof sealed),
                     STATUS_OK);
    assert_int_equal(n, 2);
    client.place.n = n;
    assert_int_equal(pairing_open(&f->crypto, client.keys.session, &client.place,
                                  (struct crypto_part){ sealed, 2 + CRYPTO_TAG_SIZE },
                                  (uint8_t *)opened, sizeof opened),
                     STATUS_OK);
    assert_memory_equal(opened, "ok", 2);
}

static void opens_each_number_once_and_only_upwards(void **state)
{
    struct fixture *f = *state;
    struct client client;
    char opened[ROOM];
    uint8_t sealed[ROOM];
    uint64_t n = 0;
    pair(f, &client);
    const struct {
        uint64_t n;
        enum status status;
    } cases[] = { { 0, STATUS_INVALID },         { 2, STATUS_INVALID }, { 1, STATUS_OK },
                  { 1, STATUS_INVALID },         { 7, STATUS_OK },      { 3, STATUS_INVALID },
                  { 7, STATUS_INVALID },         { 8, STATUS_INVALID }, { 9, STATUS_OK },
                  { UINT64_MAX, STATUS_INVALID } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        client.place.n = cases[i].n;
        assert_int_equal(deliver(f, &client, "text", opened), cases[i].status);
        assert_string_equal(opened, cases[i].status == STATUS_OK ? "text" : "");
    }
    // One answer to each, and none before the first.
    assert_int_equal(
        pairing_session_seal(&f->session, (struct crypto_part){ "a", 1 }, &n, sealed, ROOM),
        STATUS_OK);
    assert_int_equal(n, 10);
    assert_int_equal(
        pairing_session_seal(&f->session, (struct crypto_part){ "b", 1 }, &n, sealed, ROOM),
        STATUS_MISSING);
    pair(f, &client);
    assert_int_equal(
        pairing_session_seal(&f->session, (struct crypto_part){ "a", 1 }, &n, sealed, ROOM),
        STATUS_MISSING);
}

static void leaves_the_number_free_when_the_text_was_changed(void **state)
{
    struct fixture *f = *state;
    struct client client;
    uint8_t sealed[ROOM];
    uint8_t changed[ROOM];
    uint8_t text[ROOM];
    const size_t size = 4 + CRYPTO_TAG_SIZE;
    pair(f, &client);
    assert_int_equal(pairing_seal(&f->crypto, client.keys.session, &client.place,
                                  (struct crypto_part){ "text", 4 }, sealed, sizeof sealed),
                     STATUS_OK);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        memcpy(changed, sealed, size);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(pairing_session_open(&f->session, f->now_ms, &client.place,
                                              (struct crypto_part){ changed, size }, text),
                         STATUS_CORRUPT);
    }
    assert_int_equal(pairing_session_open(&f->session, f->now_ms, &client.place,
                                          (struct crypto_part){ sealed, size }, text),
                     STATUS_OK);
}

static void refuses_a_handshake_in_which_anything_was_changed(void **state)
{
    struct fixture *f = *state;
    struct client client;
    // The man in the middle changes one bit of what the device hears or of what the client hears.
    uint8_t *const fields[] = { client.hello.public_key, client.hello.nonce,
                                client.welcome.public_key, client.welcome.nonce };
    const size_t sizes[] = { CRYPTO_X25519_SIZE, PAIRING_NONCE_SIZE, CRYPTO_X25519_SIZE,
                             PAIRING_NONCE_SIZE };
    for (size_t i = 0; i < 4; i++) {
        for (size_t byte = 0; byte < sizes[i]; byte++) {
            uint8_t confirm[PAIRING_CONFIRM_SIZE];
            uint8_t device[PAIRING_CONFIRM_SIZE];
            assert_int_equal(pairing_session_unlock(&f->session), STATUS_OK);
            assert_int_equal(start(f, &client), STATUS_OK);
            fields[i][byte] ^= 0x04;
            agree(f, &client, "meter-1", confirm);
            assert_int_equal(
                pairing_confirm_device(&f->crypto, &client.keys, client.digest, device), STATUS_OK);
            assert_memory_not_equal(device, client.welcome.confirm, sizeof device);
            assert_int_equal(
                pairing_session_finish(&f->session, f->now_ms, confirm, client.place.session_id),
                STATUS_CORRUPT);
        }
    }
    uint8_t confirm[PAIRING_CONFIRM_SIZE];
    assert_int_equal(pairing_session_unlock(&f->session), STATUS_OK);
    assert_int_equal(start(f, &client), STATUS_OK);
    agree(f, &client, "meter-2", confirm);
    assert_int_equal(
        pairing_session_finish(&f->session, f->now_ms, confirm, client.place.session_id),
        STATUS_CORRUPT);
}

static void aborts_at_a_key_of_small_order(void **state)
{
    struct fixture *f = *state;
    struct pairing_hello hello = { .nonce = { 1 } };
    struct pairing_welcome welcome;
    uint8_t confirm[PAIRING_CONFIRM_SIZE] = { 0 };
    uint8_t id[PAIRING_SESSION_ID_SIZE];
    assert_int_equal(pairing_session_start(&f->session, f->now_ms, &hello, &welcome),
                     STATUS_INVALID);
    assert_int_equal(pairing_session_finish(&f->session, f->now_ms, confirm, id), STATUS_MISSING);
}

static void takes_one_handshake_a_second(void **state)
{
    struct fixture *f = *state;
    struct client client;
    assert_int_equal(start(f, &client), STATUS_OK);
    assert_int_equal(
        pairing_session_start(&f->session, f->now_ms + 999, &client.hello, &client.welcome),
        STATUS_BUSY);
    // The first is not disturbed by that.
    assert_int_equal(finish(f, &client), STATUS_OK);
    assert_int_equal(
        pairing_session_start(&f->session, f->now_ms + 1000, &client.hello, &client.welcome),
        STATUS_OK);
}

static void ends_handshake_and_session_after_two_minutes(void **state)
{
    struct fixture *f = *state;
    struct client client;
    char opened[ROOM];
    assert_int_equal(start(f, &client), STATUS_OK);
    f->now_ms += 119999;
    assert_int_equal(finish(f, &client), STATUS_OK);
    assert_int_equal(deliver(f, &client, "text", opened), STATUS_OK);
    f->now_ms += 1;
    client.place.n = 3;
    assert_int_equal(deliver(f, &client, "text", opened), STATUS_MISSING);
    assert_int_equal(start(f, &client), STATUS_OK);
    f->now_ms += 120000;
    assert_int_equal(finish(f, &client), STATUS_MISSING);
}

static void lets_nobody_without_the_code_end_a_session(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct client other;
    char opened[ROOM];
    pair(f, &client);
    assert_int_equal(fail_once(f), STATUS_CORRUPT);
    assert_int_equal(start(f, &other), STATUS_OK);
    assert_int_equal(deliver(f, &client, "text", opened), STATUS_OK);
    // Somebody with the code begins anew, and the old session is gone.
    assert_int_equal(finish(f, &other), STATUS_OK);
    client.place.n = 3;
    assert_int_equal(deliver(f, &client, "text", opened), STATUS_MISSING);
    assert_int_equal(deliver(f, &other, "text", opened), STATUS_OK);
}

static void takes_a_confirm_once(void **state)
{
    struct fixture *f = *state;
    struct client client;
    assert_int_equal(start(f, &client), STATUS_OK);
    assert_int_equal(finish(f, &client), STATUS_OK);
    assert_int_equal(finish(f, &client), STATUS_MISSING);
    assert_int_equal(fail_once(f), STATUS_CORRUPT);
    assert_int_equal(finish(f, &client), STATUS_MISSING);
}

static void locks_after_five_failures_also_across_restarts(void **state)
{
    struct fixture *f = *state;
    struct client client;
    for (unsigned i = 0; i < PAIRING_SESSION_FAILURE_LIMIT; i++) {
        assert_false(pairing_session_is_locked(&f->session));
        assert_int_equal(fail_once(f), STATUS_CORRUPT);
        pairing_session_init(&f->session, &f->rig.needs); // A restart.
    }
    assert_true(pairing_session_is_locked(&f->session));
    assert_int_equal(start(f, &client), STATUS_BUSY);
    f->now_ms += 86400000;
    assert_int_equal(start(f, &client), STATUS_BUSY);
    assert_int_equal(pairing_session_unlock(&f->session), STATUS_OK);
    pair(f, &client);
    pairing_session_init(&f->session, &f->rig.needs);
    assert_false(pairing_session_is_locked(&f->session));
}

static void forgets_failures_when_somebody_has_the_code(void **state)
{
    struct fixture *f = *state;
    struct client client;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i + 1 < PAIRING_SESSION_FAILURE_LIMIT; i++) {
            assert_int_equal(fail_once(f), STATUS_CORRUPT);
        }
        pair(f, &client);
    }
    assert_int_equal(f->rig.failures, 0);
}

/// Cuts power, or loses the disk, at every write: what was compared is never uncounted.
static void compares_nothing_that_it_could_not_count(void **state)
{
    struct fixture *f = *state;
    for (int writes = 0; writes <= PAIRING_SESSION_FAILURE_LIMIT; writes++) {
        assert_int_equal(set_up(state), 0);
        unsigned compared = 0;
        f->rig.writes_left = writes;
        for (unsigned i = 0; i < 2 * PAIRING_SESSION_FAILURE_LIMIT; i++) {
            struct client client;
            if (start(f, &client) == STATUS_OK && fail_once(f) == STATUS_CORRUPT) {
                compared++;
            }
            pairing_session_init(&f->session, &f->rig.needs);
        }
        assert_int_equal(compared, writes);
        assert_int_equal(f->rig.failures, writes);
    }
    // The right confirm is not let in either while the count cannot be kept.
    assert_int_equal(set_up(state), 0);
    struct client client;
    f->rig.writes_left = 0;
    assert_int_equal(start(f, &client), STATUS_OK);
    assert_int_equal(finish(f, &client), STATUS_IO);
    f->rig.writes_left = 1;
    assert_int_equal(start(f, &client), STATUS_OK);
    assert_int_equal(finish(f, &client), STATUS_IO);
}

static enum status unreadable(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    (void)ctx;
    (void)key;
    (void)out;
    (void)capacity;
    (void)size;
    return STATUS_IO;
}

static void is_locked_when_the_count_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    f->rig.key_value.get = unreadable;
    pairing_session_init(&f->session, &f->rig.needs);
    assert_true(pairing_session_is_locked(&f->session));
}

static void says_when_the_device_has_no_code(void **state)
{
    struct fixture *f = *state;
    struct client client;
    f->rig.has_secret = false;
    assert_int_equal(start(f, &client), STATUS_MISSING);
}

static void keeps_no_key_after_its_end(void **state)
{
    struct fixture *f = *state;
    static const struct pairing_exchange nothing;
    struct client client;
    pair(f, &client);
    assert_memory_equal(&f->session.handshake, &nothing, sizeof nothing);
    assert_memory_not_equal(&f->session.session, &nothing, sizeof nothing);
    assert_int_equal(start(f, &client), STATUS_OK);
    pairing_session_mind(&f->session, f->now_ms);
    assert_memory_not_equal(&f->session.handshake, &nothing, sizeof nothing);
    assert_memory_not_equal(&f->session.session, &nothing, sizeof nothing);
    pairing_session_mind(&f->session, f->now_ms + PAIRING_SESSION_TTL_S * UINT64_C(1000));
    assert_memory_equal(&f->session.handshake, &nothing, sizeof nothing);
    assert_memory_equal(&f->session.session, &nothing, sizeof nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(proves_itself_first_and_opens_what_was_sealed_for_it, set_up),
        cmocka_unit_test_setup(opens_each_number_once_and_only_upwards, set_up),
        cmocka_unit_test_setup(leaves_the_number_free_when_the_text_was_changed, set_up),
        cmocka_unit_test_setup(refuses_a_handshake_in_which_anything_was_changed, set_up),
        cmocka_unit_test_setup(aborts_at_a_key_of_small_order, set_up),
        cmocka_unit_test_setup(takes_one_handshake_a_second, set_up),
        cmocka_unit_test_setup(ends_handshake_and_session_after_two_minutes, set_up),
        cmocka_unit_test_setup(lets_nobody_without_the_code_end_a_session, set_up),
        cmocka_unit_test_setup(takes_a_confirm_once, set_up),
        cmocka_unit_test_setup(locks_after_five_failures_also_across_restarts, set_up),
        cmocka_unit_test_setup(forgets_failures_when_somebody_has_the_code, set_up),
        cmocka_unit_test_setup(compares_nothing_that_it_could_not_count, set_up),
        cmocka_unit_test_setup(is_locked_when_the_count_cannot_be_read, set_up),
        cmocka_unit_test_setup(says_when_the_device_has_no_code, set_up),
        cmocka_unit_test_setup(keeps_no_key_after_its_end, set_up),
    };
    return cmocka_run_group_tests_name("pairing_session", tests, NULL, NULL);
}
