// SPDX-License-Identifier: MIT

/// A whole set-up over the portal, with everything on the way in the hands of a man in the middle.

#include "openssl_crypto.h"
#include "pairing_client.h"
#include "pairing_rig.h"
#include "portal_rig.h"

enum { WIRE_SIZE = 16384 };

static const char secrets[] =
    "{\"ssid\":\"Secret-Network\",\"password\":\"hidden-password\",\"device_id\":\"meter-1\","
    "\"provisioning_token\":\"planted-token-0815\",\"bearer\":\"planted-bearer-4711\"}";

/// Bodies in the order in which they travel.
enum body { HELLO, WELCOME, FINISH, SESSION, SEALED, ANSWER, BODY_COUNT };

static const char *const paths[BODY_COUNT] = { "/pair/start", NULL,         "/pair/finish",
                                               NULL,          "/provision", NULL };

struct set_up {
    struct crypto crypto;
    struct portal_rig rig;
    struct pairing_rig pairing;
    struct pairing_session session;
    struct pairing_client client;
    uint64_t now_ms;
    char bodies[BODY_COUNT][PAIRING_CLIENT_BODY_SIZE];
    char wire[WIRE_SIZE]; ///< Every byte of both directions.
    size_t wire_size;
    char answer[512]; ///< As the client opened it.

    /// Changes a body on its way; NULL: nobody does.
    void (*meddle)(struct set_up *s, enum body body);
    const char *field;
};

static int prepare(void **state)
{
    static struct set_up s;
    s = (struct set_up){ .crypto = openssl_crypto(), .now_ms = 10000 };
    fake_portal_host_init(&s.rig.fake);
    s.rig.fake.facts.are_plain_taken = false;
    pairing_rig_init(&s.pairing, &s.crypto);
    pairing_session_init(&s.session, &s.pairing.needs);
    portal_init(&s.rig.portal, &s.rig.fake.host, &s.session);
    *state = &s;
    return 0;
}

static void record(struct set_up *s, const char *text)
{
    const size_t size = strlen(text);
    assert_true(s->wire_size + size < WIRE_SIZE);
    memcpy(s->wire + s->wire_size, text, size + 1);
    s->wire_size += size;
}

static void set_body(struct set_up *s, enum body body, const char *text)
{
    (void)snprintf(s->bodies[body], sizeof s->bodies[body], "%s", text);
}

/// Carries one body to the device and its answer back, through the man in the middle.
static unsigned carry(struct set_up *s, enum body body)
{
    if (s->meddle != NULL) {
        s->meddle(s, body);
    }
    record(s, s->bodies[body]);
    const char *sent = s->bodies[body];
    portal_answer(&s->rig.portal,
                  &(struct portal_request){ .method = "POST",
                                            .path = paths[body],
                                            .host = "192.168.4.1",
                                            .content_type = "application/json",
                                            .body = sent,
                                            .body_size = strlen(sent) },
                  s->now_ms, &s->rig.reply);
    char *got = s->bodies[body + 1];
    assert_true(s->rig.reply.body_size < PAIRING_CLIENT_BODY_SIZE);
    memcpy(got, s->rig.reply.body, s->rig.reply.body_size);
    got[s->rig.reply.body_size] = '\0';
    if (s->meddle != NULL) {
        s->meddle(s, body + 1);
    }
    record(s, got);
    return s->rig.reply.status;
}

static bool say_hello(struct set_up *s)
{
    struct pairing_code code = { .device_id = "meter-1" };
    uint8_t random[PAIRING_CLIENT_RANDOM_SIZE];
    memset(random, 0x5A, sizeof random);
    memcpy(code.secret, s->pairing.secret, sizeof code.secret);
    s->now_ms += PAIRING_SESSION_START_MS;
    return pairing_client_hello(&s->client, &s->crypto, &code, random, s->bodies[HELLO]) ==
           STATUS_OK;
}

/// Runs the set-up, as far as both sides agree. @return whether the client knows that it worked.
static bool run(struct set_up *s, const char *text)
{
    s->wire_size = 0;
    s->rig.fake.submissions = 0;
    return say_hello(s) && carry(s, HELLO) == 200 &&
           pairing_client_welcome(&s->client, s->bodies[WELCOME], strlen(s->bodies[WELCOME]),
                                  s->bodies[FINISH]) == STATUS_OK &&
           carry(s, FINISH) == 200 &&
           pairing_client_session(&s->client, s->bodies[SESSION], strlen(s->bodies[SESSION])) ==
               STATUS_OK &&
           pairing_client_seal(&s->client, text, s->bodies[SEALED]) == STATUS_OK &&
           carry(s, SEALED) == 200 &&
           pairing_client_open(&s->client, s->bodies[ANSWER], strlen(s->bodies[ANSWER]), s->answer,
                               sizeof s->answer) == STATUS_OK;
}

static void takes_sealed_credentials_and_answers_sealed(void **state)
{
    struct set_up *s = *state;
    assert_true(run(s, secrets));
    assert_string_equal(s->answer, "{\"status\":\"ok\",\"message\":\"Credentials saved\"}");
    assert_int_equal(s->rig.fake.submissions, 1);
    assert_memory_equal(s->rig.fake.last.wifi.ssid, "Secret-Network", 14);
    assert_string_equal(s->rig.fake.last.wifi.password, "hidden-password");
    assert_string_equal(s->rig.fake.last.token, "planted-token-0815");
    assert_string_equal(s->rig.fake.last.bearer, "planted-bearer-4711");
}

static void shows_nothing_to_whoever_captured_all_of_it(void **state)
{
    struct set_up *s = *state;
    static const char *const markers[] = { "Secret-Network", "hidden-password",
                                           "planted-token-0815", "planted-bearer-4711",
                                           "Credentials saved" };
    assert_true(run(s, secrets));
    assert_true(s->wire_size > 500);
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        assert_null(memmem(s->wire, s->wire_size, markers[i], strlen(markers[i])));
        // Nor what of it base64url would show, at any of its three places in a group.
        for (size_t shift = 0; shift < 3; shift++) {
            static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_";
            const uint8_t *in = (const uint8_t *)markers[i] + shift;
            char group[9] = "";
            for (size_t k = 0; k < 2; k++) {
                const unsigned bits =
                    (unsigned)(in[3 * k] << 16 | in[3 * k + 1] << 8 | in[3 * k + 2]);
                for (size_t d = 0; d < 4; d++) {
                    group[4 * k + d] = digits[bits >> (18 - 6 * d) & 63];
                }
            }
            assert_null(memmem(s->wire, s->wire_size, group, 8));
        }
    }
    // The portal holds none of it either.
    for (size_t i = 0; i + 1 < sizeof markers / sizeof markers[0]; i++) {
        assert_null(memmem(&s->rig.portal, sizeof s->rig.portal, markers[i], strlen(markers[i])));
    }
}

/// Changes a character in the middle of the field's value.
static void change_field(struct set_up *s, enum body body)
{
    char name[32];
    (void)snprintf(name, sizeof name, "\"%s\":", s->field);
    char *at = strstr(s->bodies[body], name);
    if (at == NULL) {
        return;
    }
    at += strlen(name);
    if (*at == '"') {
        at += 1 + strcspn(at + 1, "\"") / 2;
        *at = *at == 'A' ? 'B' : 'A';
    } else {
        *at = *at == '7' ? '9' : '7'; // The first digit of a number.
    }
    s->meddle = NULL; // Once.
}

static enum body only_in;

static void change_field_of_one_body(struct set_up *s, enum body body)
{
    if (body == only_in) {
        change_field(s, body);
    }
}

static void refuses_a_set_up_in_which_any_field_of_any_message_was_changed(void **state)
{
    const struct {
        enum body body;
        const char *field;
    } cases[] = {
        { HELLO, "v" },
        { HELLO, "client_pub" },
        { HELLO, "client_nonce" },
        { WELCOME, "v" },
        { WELCOME, "device_id" },
        { WELCOME, "device_pub" },
        { WELCOME, "device_nonce" },
        { WELCOME, "confirm" },
        { FINISH, "confirm" },
        { SESSION, "sid" },
        { SEALED, "v" },
        { SEALED, "sid" },
        { SEALED, "n" },
        { SEALED, "ct" },
        { ANSWER, "v" },
        { ANSWER, "n" },
        { ANSWER, "ct" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(prepare(state), 0);
        struct set_up *s = *state;
        s->meddle = change_field_of_one_body;
        s->field = cases[i].field;
        only_in = cases[i].body;
        assert_false(run(s, secrets));
        assert_null(s->meddle); // It was there to be changed.
        // A changed answer comes too late to stop the device, but the client is not told a lie.
        assert_int_equal(s->rig.fake.submissions, cases[i].body == ANSWER);
        // Nothing lasting is broken by it.
        assert_true(run(s, secrets));
    }
}

static void refuses_whatever_is_sent_again(void **state)
{
    struct set_up *s = *state;
    assert_true(run(s, secrets));
    static char kept[BODY_COUNT][PAIRING_CLIENT_BODY_SIZE];
    memcpy(kept, s->bodies, sizeof kept);
    s->rig.fake.submissions = 0;

    memcpy(s->bodies[SEALED], kept[SEALED], sizeof kept[SEALED]);
    assert_int_equal(carry(s, SEALED), 409);
    assert_non_null(strstr(s->bodies[ANSWER], "\"replayed\""));
    memcpy(s->bodies[FINISH], kept[FINISH], sizeof kept[FINISH]);
    assert_int_equal(carry(s, FINISH), 409);
    // The same hello gets other keys, for which neither the confirm nor the seal is right.
    s->now_ms += PAIRING_SESSION_START_MS;
    memcpy(s->bodies[HELLO], kept[HELLO], sizeof kept[HELLO]);
    assert_int_equal(carry(s, HELLO), 200);
    memcpy(s->bodies[FINISH], kept[FINISH], sizeof kept[FINISH]);
    assert_int_equal(carry(s, FINISH), 401);
    assert_int_equal(s->rig.fake.failures, 1);
    assert_int_equal(s->rig.fake.submissions, 0);

    // The session's next number is good, and a second text under an old one is not.
    assert_int_equal(pairing_client_seal(&s->client, secrets, s->bodies[SEALED]), STATUS_OK);
    assert_int_equal(carry(s, SEALED), 200);
    assert_int_equal(s->rig.fake.submissions, 1);
    s->now_ms += 1000u * PAIRING_SESSION_TTL_S;
    assert_int_equal(pairing_client_seal(&s->client, secrets, s->bodies[SEALED]), STATUS_OK);
    assert_int_equal(carry(s, SEALED), 409);
    assert_non_null(strstr(s->bodies[ANSWER], "\"no_session\""));
}

static void refuses_an_impostor_without_the_code(void **state)
{
    struct set_up *s = *state;
    s->pairing.secret[3] ^= 1; // The device is another one than the code's...
    struct pairing_code code = { .device_id = "meter-1" };
    const uint8_t random[PAIRING_CLIENT_RANDOM_SIZE] = { 1 };
    for (size_t i = 0; i < PAIRING_SECRET_SIZE; i++) {
        code.secret[i] = (uint8_t)i;
    }
    assert_int_equal(pairing_client_hello(&s->client, &s->crypto, &code, random, s->bodies[HELLO]),
                     STATUS_OK);
    assert_int_equal(carry(s, HELLO), 200);
    assert_int_equal(pairing_client_welcome(&s->client, s->bodies[WELCOME],
                                            strlen(s->bodies[WELCOME]), s->bodies[FINISH]),
                     STATUS_CORRUPT);
    // ... or names itself as such.
    assert_int_equal(prepare(state), 0);
    s->pairing.needs.device_id = "meter-2";
    pairing_session_init(&s->session, &s->pairing.needs);
    assert_int_equal(pairing_client_hello(&s->client, &s->crypto, &code, random, s->bodies[HELLO]),
                     STATUS_OK);
    assert_int_equal(carry(s, HELLO), 200);
    assert_int_equal(pairing_client_welcome(&s->client, s->bodies[WELCOME],
                                            strlen(s->bodies[WELCOME]), s->bodies[FINISH]),
                     STATUS_MISSING);
}

static void says_sealed_what_is_wrong_with_sealed_credentials(void **state)
{
    struct set_up *s = *state;
    assert_false(run(s, "{\"ssid\":\"home\",\"password\":\"short\",\"device_id\":\"meter-1\","
                        "\"provisioning_token\":\"t\"}"));
    assert_int_equal(s->rig.reply.status, 400);
    assert_int_equal(pairing_client_open(&s->client, s->bodies[ANSWER], strlen(s->bodies[ANSWER]),
                                         s->answer, sizeof s->answer),
                     STATUS_OK);
    assert_non_null(strstr(s->answer, "\"error\":\"invalid_field\""));
    assert_non_null(strstr(s->answer, "\"field\":\"password\""));
    assert_false(run(s, "not json"));
    assert_int_equal(pairing_client_open(&s->client, s->bodies[ANSWER], strlen(s->bodies[ANSWER]),
                                         s->answer, sizeof s->answer),
                     STATUS_OK);
    assert_string_equal(s->answer, "{\"error\":\"invalid_json\"}");
    assert_false(run(s, "{\"ssid\":\"home\",\"password\":\"12345678\",\"device_id\":\"meter-1\","
                        "\"provisioning_token\":\"t\",\"bearer\":\"a b\"}"));
    assert_int_equal(s->rig.fake.submissions, 0);
}

static void takes_the_longest_text_and_no_longer_one(void **state)
{
    struct set_up *s = *state;
    static char text[PAIRING_CLIENT_TEXT_LIMIT + 2];
    memset(text, ' ', sizeof text - 1);
    memcpy(text, secrets, strlen(secrets));
    assert_true(say_hello(s));
    assert_int_equal(pairing_client_seal(&s->client, text, s->bodies[SEALED]), STATUS_FULL);
    text[PAIRING_CLIENT_TEXT_LIMIT] = '\0';
    assert_true(run(s, text));
}

static void says_why_it_does_not_pair(void **state)
{
    struct set_up *s = *state;
    assert_true(say_hello(s));
    assert_int_equal(carry(s, HELLO), 200);
    assert_int_equal(carry(s, HELLO), 429);
    s->now_ms += 1000;
    s->rig.fake.facts.is_open = false;
    assert_int_equal(carry(s, HELLO), 403);
    assert_non_null(strstr(s->bodies[WELCOME], "\"window_closed\""));
    s->rig.fake.facts.is_open = true;
    s->pairing.has_secret = false;
    assert_int_equal(carry(s, HELLO), 503);
    s->pairing.has_secret = true;
    portal_init(&s->rig.portal, &s->rig.fake.host, NULL);
    assert_int_equal(carry(s, HELLO), 503);
    assert_non_null(strstr(s->bodies[WELCOME], "\"no_pairing_code\""));
    portal_init(&s->rig.portal, &s->rig.fake.host, &s->session);
    for (unsigned i = 0; i < PAIRING_SESSION_FAILURE_LIMIT; i++) {
        s->now_ms += 1000;
        assert_int_equal(carry(s, HELLO), 200);
        set_body(s, FINISH, "{\"confirm\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}");
        assert_int_equal(carry(s, FINISH), 401);
    }
    assert_int_equal(s->rig.fake.failures, PAIRING_SESSION_FAILURE_LIMIT);
    s->now_ms += 1000;
    assert_int_equal(carry(s, HELLO), 403);
    assert_non_null(strstr(s->bodies[WELCOME], "\"locked\""));
}

static void names_the_field_that_breaks_the_protocol(void **state)
{
    struct set_up *s = *state;
    const struct {
        enum body body;
        const char *text;
        const char *field;
    } cases[] = {
        { HELLO, "{}", "v" },
        { HELLO, "{\"v\":2}", "v" },
        { HELLO, "{\"v\":1,\"client_pub\":\"AAAA\",\"client_nonce\":\"AAAA\"}", "client_pub" },
        { HELLO,
          "{\"v\":1,\"client_pub\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
          "\"client_nonce\":\"AAAA\"}",
          "client_nonce" },
        // A point of small order.
        { HELLO,
          "{\"v\":1,\"client_pub\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
          "\"client_nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\"}",
          "client_pub" },
        { FINISH, "{}", "confirm" },
        { FINISH, "{\"confirm\":\"AAAA\"}", "confirm" },
        { SEALED, "{\"v\":2}", "sid" },
        { SEALED, "{\"v\":2,\"sid\":\"AAAAAAAAAAA\",\"n\":-1}", "n" },
        { SEALED, "{\"v\":2,\"sid\":\"AAAAAAAAAAA\",\"n\":1,\"ct\":\"AAAA\"}", "ct" },
        { SEALED, "{\"v\":2,\"sid\":\"AAAAAAAAAAA\",\"n\":1,\"ct\":\"A*AA\"}", "ct" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char field[40];
        s->now_ms += 1000;
        set_body(s, cases[i].body, cases[i].text);
        assert_int_equal(carry(s, cases[i].body), 400);
        (void)snprintf(field, sizeof field, "\"field\":\"%s\"", cases[i].field);
        assert_non_null(strstr(s->bodies[cases[i].body + 1], field));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_sealed_credentials_and_answers_sealed, prepare),
        cmocka_unit_test_setup(shows_nothing_to_whoever_captured_all_of_it, prepare),
        cmocka_unit_test_setup(refuses_a_set_up_in_which_any_field_of_any_message_was_changed,
                               prepare),
        cmocka_unit_test_setup(refuses_whatever_is_sent_again, prepare),
        cmocka_unit_test_setup(refuses_an_impostor_without_the_code, prepare),
        cmocka_unit_test_setup(says_sealed_what_is_wrong_with_sealed_credentials, prepare),
        cmocka_unit_test_setup(takes_the_longest_text_and_no_longer_one, prepare),
        cmocka_unit_test_setup(says_why_it_does_not_pair, prepare),
        cmocka_unit_test_setup(names_the_field_that_breaks_the_protocol, prepare),
    };
    return cmocka_run_group_tests_name("portal_pairing", tests, NULL, NULL);
}
