// SPDX-License-Identifier: MIT

/// Tokens, and the first certificate of a device.

#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "identity_test_bed.h"
#include "test_folder.h"

static void a_token_gives_one_certificate_and_the_same_again(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device other = make_device("meter-1");
    struct certificate_record first;
    struct certificate_record again;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &first), IDENTITY_DONE);
    assert_int_equal(first.state, CERTIFICATE_PENDING);
    assert_int_equal(first.certificate.not_after_s, NOW_S + LIFE_S);
    assert_int_equal(enrol("meter-1", &device, token, &again), IDENTITY_DONE);
    assert_memory_equal(first.certificate.fingerprint, again.certificate.fingerprint, 32);
    assert_int_equal(enrol("meter-1", &other, token, &again), IDENTITY_TOKEN_USED);
    assert_last_audit(AUDIT_ENROLMENT_REFUSED, "TOKEN_ALREADY_USED");
    // The device's own name is not needed: the token says whose it is.
    assert_int_equal(enrol(NULL, &device, token, &again), IDENTITY_DONE);
    drop_device(&device);
    drop_device(&other);
}

static void refuses_tokens_by_what_is_wrong_with_them(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    static const char unknown[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const char session[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, NULL, &record), IDENTITY_TOKEN_MISSING);
    assert_int_equal(enrol("meter-1", &device, "", &record), IDENTITY_TOKEN_MISSING);
    assert_int_equal(enrol("meter-1", &device, "short", &record), IDENTITY_TOKEN_FORMAT);
    assert_int_equal(enrol("meter-1", &device, "eyJhbGciOi.eyJz.x", &record), IDENTITY_TOKEN_TYPE);
    assert_int_equal(enrol("meter-1", &device, session, &record), IDENTITY_TOKEN_TYPE);
    assert_int_equal(enrol("meter-1", &device, unknown, &record), IDENTITY_TOKEN_UNKNOWN);
    assert_int_equal(enrol("meter-2", &device, token, &record), IDENTITY_TOKEN_DEVICE);
    assert_int_equal(enrol("no/name", &device, token, &record), IDENTITY_BAD_DEVICE_ID);
    struct enrolment longer = order_of("meter-1", &device, token);
    longer.token_size = strlen(token) + 1; // With its NUL.
    assert_int_equal(identities_enrol(bed.identities, &longer, &record), IDENTITY_TOKEN_FORMAT);
    longer.token_size = strlen(token) - 1;
    assert_int_equal(identities_enrol(bed.identities, &longer, &record), IDENTITY_TOKEN_FORMAT);
    bed.now_ms += INT64_C(3600) * 1000;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_TOKEN_EXPIRED);
    drop_device(&device);
}

static void refuses_requests_for_anything_but_the_own_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum identity_verdict verdict;
    } wishes[] = { { "meter-2", IDENTITY_BAD_REQUEST_NAME },
                   { "meter-1/x", IDENTITY_BAD_REQUEST_NAME },
                   { "#", IDENTITY_BAD_REQUEST_NAME },
                   { "<script>", IDENTITY_BAD_REQUEST_NAME },
                   { "PROOF-meter-1", IDENTITY_DONE } };
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-1", false, token);
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        struct device device = make_device(wishes[i].name);
        assert_int_equal(enrol("meter-1", &device, token, &record), wishes[i].verdict);
        drop_device(&device);
    }
    struct device broken = make_device("meter-1");
    broken.request[60] ^= 1;
    assert_int_not_equal(enrol("meter-1", &broken, token, &record), IDENTITY_DONE);
    drop_device(&broken);
}

static void names_of_the_server_are_nobodys(void **state)
{
    (void)state;
    static const char *const names[] = {
        "ohmd", "broker", "https", "", "a/b", "a b", "\xC3\xA4", "abcdefghijklmnopqrstuvwxyz0123456"
    };
    char token[IDENTITY_TOKEN_SIZE];
    int64_t expires_ms = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct token_order order = { .device_id = names[i], .creator = "a", .address = "a" };
        assert_int_equal(identities_make_token(bed.identities, &order, token, &expires_ms),
                         IDENTITY_BAD_DEVICE_ID);
        assert_string_equal(token, "");
    }
}

static void one_key_belongs_to_one_device(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    struct device alias = { .key = device.key };
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-2", false, token);
    // The same key, in a request that names nobody.
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(X509_REQ_set_pubkey(request, device.key), 1);
    assert_true(X509_REQ_sign(request, device.key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
    assert_true(BIO_read(bio, alias.request, sizeof alias.request - 1) > 0);
    BIO_free(bio);
    X509_REQ_free(request);
    assert_int_equal(enrol("meter-2", &alias, token, &record), IDENTITY_KEY_IN_USE);
    assert_last_audit(AUDIT_ENROLMENT_REFUSED, "KEY_ALREADY_IN_USE");
    drop_device(&device);
}

static void an_active_device_is_replaced_only_on_purpose(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    struct certificate_record record;
    struct identity_peer newer;
    char token[IDENTITY_TOKEN_SIZE];
    int64_t expires_ms = 0;
    struct token_order order = { .device_id = "meter-1", .creator = "admin", .address = "a" };
    assert_int_equal(identities_make_token(bed.identities, &order, token, &expires_ms),
                     IDENTITY_HAS_ACTIVE);
    make_token("meter-1", true, token);
    assert_int_equal(enrol("meter-1", &next, token, &record), IDENTITY_DONE);
    // Until the new one is confirmed the old one is good.
    assert_int_equal(look(&peer.record, &newer), IDENTITY_DONE);
    assert_int_equal(look(&record, &newer), IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, &newer, "a"), IDENTITY_DONE);
    assert_int_equal(look(&peer.record, &peer), IDENTITY_SUPERSEDED_PEER);
    drop_device(&device);
    drop_device(&next);
}

static void slows_down_whoever_asks_too_often(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate_record record;
    enum identity_verdict verdict = IDENTITY_DONE;
    for (unsigned i = 0; i < 60; i++) {
        verdict = enrol("meter-1", &device, "short", &record);
        assert_int_equal(verdict, IDENTITY_TOKEN_FORMAT);
    }
    assert_int_equal(enrol("meter-1", &device, "short", &record), IDENTITY_LIMITED);
    bed.now_ms += 1000;
    assert_int_equal(enrol("meter-1", &device, "short", &record), IDENTITY_TOKEN_FORMAT);
    drop_device(&device);
}

static void no_token_is_in_the_store_in_clear(void **state)
{
    char token[IDENTITY_TOKEN_SIZE];
    (void)state;
    make_token("planted-marker", false, token);
    assert_true(test_folder_holds(bed.folder, "planted-marker"));
    assert_false(test_folder_holds(bed.folder, token));
}

static void every_verdict_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < IDENTITY_VERDICT_COUNT; i++) {
        assert_non_null(identity_verdict_name((enum identity_verdict)i));
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(identity_verdict_name((enum identity_verdict)i),
                                    identity_verdict_name((enum identity_verdict)j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(a_token_gives_one_certificate_and_the_same_again),
        BED_TEST(refuses_tokens_by_what_is_wrong_with_them),
        BED_TEST(refuses_requests_for_anything_but_the_own_name),
        BED_TEST(names_of_the_server_are_nobodys),
        BED_TEST(one_key_belongs_to_one_device),
        BED_TEST(an_active_device_is_replaced_only_on_purpose),
        BED_TEST(slows_down_whoever_asks_too_often),
        BED_TEST(no_token_is_in_the_store_in_clear),
        cmocka_unit_test(every_verdict_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests_name("identities", tests, open_authority, close_authority);
}
