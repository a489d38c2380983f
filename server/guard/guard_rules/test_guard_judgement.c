// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "guard_rules.h"

static const uint64_t now_s = 1763690000;

struct fixture {
    uint8_t data[4096];
    struct identity_list list;
    struct guard_knowledge knowledge;
};

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    assert_int_equal(count, 1);
    assert_int_equal(EVP_Digest(parts->data, parts->size, digest, NULL, EVP_sha256(), NULL), 1);
    return STATUS_OK;
}

/// The certificate number `index` of the list below.
static struct guard_certificate certificate_of(uint8_t index, const char *name)
{
    struct guard_certificate certificate = { .sha256 = { index },
                                             .not_after_s = (int64_t)now_s + 1 };
    (void)snprintf(certificate.name, sizeof certificate.name, "%s", name);
    return certificate;
}

static int set_up(void **state)
{
    static const struct identity_entry entries[] = {
        { { 1 }, IDENTITY_PENDING, IDENTITY_DEVICE, "pending" },
        { { 2 }, IDENTITY_ACTIVE, IDENTITY_DEVICE, "active" },
        { { 3 }, IDENTITY_SUPERSEDED, IDENTITY_DEVICE, "superseded" },
        { { 4 }, IDENTITY_REVOKED, IDENTITY_DEVICE, "revoked" },
        { { 5 }, IDENTITY_ACTIVE, IDENTITY_SERVER, "ohmd" },
        { { 6 }, IDENTITY_ACTIVE, IDENTITY_OPERATOR, "bench" },
    };
    static struct fixture f;
    const struct crypto crypto = { .sha256 = sha256 };
    struct identity_list_writer writer;
    size_t size = 0;

    assert_int_equal(identity_list_begin(&writer, f.data, sizeof f.data, now_s), STATUS_OK);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        assert_int_equal(identity_list_add(&writer, &entries[i]), STATUS_OK);
    }
    assert_int_equal(identity_list_end(&writer, &crypto, &size), STATUS_OK);
    assert_int_equal(identity_list_open(&f.list, f.data, size, &crypto), STATUS_OK);
    f.knowledge = (struct guard_knowledge){ GUARD_ALLOWED, &f.list };
    *state = &f;
    return 0;
}

static enum guard_verdict connect_as(const struct fixture *f,
                                     const struct guard_certificate *certificate,
                                     const char *client_id, const char *user_name)
{
    const struct guard_claim claim = { client_id, user_name };
    struct guard_party party = { .name = "nobody" };
    const enum guard_verdict verdict =
        guard_judge_connection(certificate, &claim, &f->knowledge, now_s, &party);
    assert_string_equal(party.name, verdict == GUARD_ALLOWED ? certificate->name : "nobody");
    return verdict;
}

static void lets_in_what_the_authority_knows(void **state)
{
    static const struct {
        uint8_t index;
        const char *name;
        enum guard_verdict verdict;
        enum identity_role role;
    } cases[] = {
        { 1, "pending", GUARD_ALLOWED, IDENTITY_DEVICE },
        { 2, "active", GUARD_ALLOWED, IDENTITY_DEVICE },
        { 3, "superseded", GUARD_SUPERSEDED, IDENTITY_DEVICE },
        { 4, "revoked", GUARD_REVOKED, IDENTITY_DEVICE },
        { 5, "ohmd", GUARD_ALLOWED, IDENTITY_SERVER },
        { 6, "bench", GUARD_ALLOWED, IDENTITY_OPERATOR },
        { 7, "stranger", GUARD_UNKNOWN, IDENTITY_DEVICE },
        { 2, "pending", GUARD_UNKNOWN, IDENTITY_DEVICE },
        { 2, "ohmd", GUARD_UNKNOWN, IDENTITY_DEVICE },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct guard_certificate certificate = certificate_of(cases[i].index, cases[i].name);
        enum identity_role role = (enum identity_role)0;
        assert_int_equal(guard_judge_certificate(&certificate, &f->knowledge, now_s, &role),
                         cases[i].verdict);
        assert_int_equal(role, cases[i].verdict == GUARD_ALLOWED ? cases[i].role : 0);
        assert_int_equal(connect_as(f, &certificate, cases[i].name, NULL), cases[i].verdict);
    }
}

static void wants_every_claim_to_be_the_common_name(void **state)
{
    struct fixture *f = *state;
    const struct guard_certificate active = certificate_of(2, "active");
    assert_int_equal(connect_as(f, &active, "active", NULL), GUARD_ALLOWED);
    assert_int_equal(connect_as(f, &active, "active", "active"), GUARD_ALLOWED);
    assert_int_equal(connect_as(f, &active, "pending", NULL), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, "pending", "active"), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, "ohmd", "ohmd"), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, "active2", NULL), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, "activ", NULL), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, "", NULL), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, NULL, NULL), GUARD_OTHER_CLIENT);
    assert_int_equal(connect_as(f, &active, "active", "pending"), GUARD_OTHER_USER);
    assert_int_equal(connect_as(f, &active, "active", ""), GUARD_OTHER_USER);
    assert_int_equal(connect_as(f, NULL, "active", NULL), GUARD_NO_CERTIFICATE);
}

static void wants_a_good_name(void **state)
{
    static const char *const bad[] = { "", "a/b", "#", "+", "a b", "\xC3\xA9", "$SYS" };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct guard_certificate certificate = certificate_of(2, bad[i]);
        assert_int_equal(connect_as(f, &certificate, bad[i], NULL), GUARD_BAD_NAME);
    }
}

static void ends_with_the_certificate(void **state)
{
    struct fixture *f = *state;
    struct guard_certificate certificate = certificate_of(2, "active");
    certificate.not_after_s = (int64_t)now_s;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_ALLOWED);
    certificate.not_after_s = (int64_t)now_s - 1;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_EXPIRED);
    certificate.not_after_s = -1;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_EXPIRED);
}

static void refuses_everybody_without_a_list(void **state)
{
    struct fixture *f = *state;
    const struct guard_certificate certificate = certificate_of(2, "active");
    f->knowledge = (struct guard_knowledge){ GUARD_LIST_MISSING, NULL };
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_LIST_MISSING);
    f->knowledge = (struct guard_knowledge){ GUARD_LIST_CORRUPT, NULL };
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_LIST_CORRUPT);
}

static void goes_by_an_old_list_for_a_day(void **state)
{
    struct fixture *f = *state;
    const struct guard_certificate certificate = certificate_of(2, "active");
    f->list.made_at_s = now_s - GUARD_LIST_AGE_LIMIT_S;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_ALLOWED);
    f->list.made_at_s--;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_LIST_STALE);
    f->list.made_at_s = now_s + GUARD_LIST_AGE_LIMIT_S;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_ALLOWED);
    f->list.made_at_s++;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_LIST_STALE);
    f->list.made_at_s = UINT64_MAX;
    assert_int_equal(connect_as(f, &certificate, "active", NULL), GUARD_LIST_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lets_in_what_the_authority_knows, set_up),
        cmocka_unit_test_setup(wants_every_claim_to_be_the_common_name, set_up),
        cmocka_unit_test_setup(wants_a_good_name, set_up),
        cmocka_unit_test_setup(ends_with_the_certificate, set_up),
        cmocka_unit_test_setup(refuses_everybody_without_a_list, set_up),
        cmocka_unit_test_setup(goes_by_an_old_list_for_a_day, set_up),
    };
    return cmocka_run_group_tests_name("guard_judgement", tests, NULL, NULL);
}
