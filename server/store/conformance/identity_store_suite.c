// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "identity_store_suite.h"

enum { NOW_MS = 1000000 };

static const struct identity_store_maker *maker;
static struct identity_store store;

struct certificate_record identity_suite_certificate(unsigned char tag, const char *device_id)
{
    struct certificate_record record = { .state = CERTIFICATE_PENDING,
                                         .issued_ms = NOW_MS + tag,
                                         .changed_ms = NOW_MS + tag };
    record.certificate.not_before_s = tag;
    record.certificate.not_after_s = tag + 1000;
    record.certificate.size = CERTIFICATE_DER_LIMIT;
    memset(record.certificate.der, tag, CERTIFICATE_DER_LIMIT);
    memset(record.certificate.fingerprint, tag, sizeof record.certificate.fingerprint);
    memset(record.certificate.serial, tag, sizeof record.certificate.serial);
    memset(record.key_digest, tag, sizeof record.key_digest);
    record.attestation = (struct attestation_note){ .time_ms = NOW_MS + tag,
                                                    .verdict = ATTESTATION_DEGRADED,
                                                    .level = ATTESTATION_VERIFIED_BOOT };
    (void)snprintf(record.device_id, sizeof record.device_id, "%s", device_id);
    return record;
}

struct token_record identity_suite_token(unsigned char tag, const char *device_id)
{
    struct token_record token = { .creator = "admin",
                                  .created_ms = NOW_MS + tag,
                                  .expires_ms = NOW_MS + 1000,
                                  .replaces = tag % 2 == 0 };
    memset(token.digest, tag, sizeof token.digest);
    (void)snprintf(token.device_id, sizeof token.device_id, "%s", device_id);
    return token;
}

struct audit_record identity_suite_audit(const char *device_id, const char *detail)
{
    struct audit_record audit = {
        .time_ms = NOW_MS + 7, .kind = AUDIT_ENROLLED, .actor = "admin", .address = "127.0.0.1"
    };
    (void)snprintf(audit.device_id, sizeof audit.device_id, "%s", device_id);
    (void)snprintf(audit.detail, sizeof audit.detail, "%s", detail);
    return audit;
}

static int open_store(void **state)
{
    (void)state;
    return maker->open(maker->ctx, &store);
}

static int drop_store(void **state)
{
    (void)state;
    return maker->drop(maker->ctx, &store);
}

static void put(unsigned char tag, const char *device_id)
{
    const struct token_record token = identity_suite_token(tag, device_id);
    const struct audit_record audit = identity_suite_audit(device_id, "token");
    assert_int_equal(store.put_token(store.ctx, &token, &audit), STATUS_OK);
}

static enum status add(unsigned char tag, const char *device_id, const uint8_t *token)
{
    const struct certificate_record record = identity_suite_certificate(tag, device_id);
    const struct audit_record audit = identity_suite_audit(device_id, "added");
    const struct identity_change change = { .added = &record,
                                            .token_digest = token,
                                            .audit = &audit };
    return store.commit(store.ctx, &change);
}

static void assert_same(const struct certificate_record *one,
                        const struct certificate_record *other)
{
    const struct certificate *left = &one->certificate;
    const struct certificate *right = &other->certificate;
    assert_int_equal(left->size, right->size);
    assert_memory_equal(left->der, right->der, left->size);
    assert_memory_equal(left->fingerprint, right->fingerprint, sizeof left->fingerprint);
    assert_memory_equal(left->serial, right->serial, sizeof left->serial);
    assert_memory_equal(one->key_digest, other->key_digest, sizeof one->key_digest);
    assert_int_equal(left->not_before_s, right->not_before_s);
    assert_int_equal(left->not_after_s, right->not_after_s);
    assert_string_equal(one->device_id, other->device_id);
    assert_int_equal(one->state, other->state);
    assert_int_equal(one->issued_ms, other->issued_ms);
    assert_int_equal(one->changed_ms, other->changed_ms);
    assert_int_equal(one->attestation.time_ms, other->attestation.time_ms);
    assert_int_equal(one->attestation.verdict, other->attestation.verdict);
    assert_int_equal(one->attestation.level, other->attestation.level);
}

static void keeps_everything_over_a_restart(void **state)
{
    (void)state;
    struct token_record token;
    struct certificate_record found;
    const struct token_record made = identity_suite_token(1, "meter-1");
    const struct certificate_record record = identity_suite_certificate(9, "meter-1");
    put(1, "meter-1");
    assert_int_equal(store.find_token(store.ctx, made.digest, &token), STATUS_OK);
    assert_false(token.used);
    assert_int_equal(add(9, "meter-1", made.digest), STATUS_OK);
    assert_int_equal(maker->reopen(maker->ctx, &store), 0);
    assert_int_equal(store.find_token(store.ctx, made.digest, &token), STATUS_OK);
    assert_true(token.used);
    assert_string_equal(token.creator, "admin");
    assert_int_equal(token.expires_ms, made.expires_ms);
    assert_memory_equal(token.fingerprint, record.certificate.fingerprint,
                        sizeof token.fingerprint);
    assert_int_equal(store.find_certificate(store.ctx, token.fingerprint, &found), STATUS_OK);
    assert_same(&found, &record);
    assert_int_equal(store.find_key(store.ctx, record.key_digest, &found), STATUS_OK);
    assert_same(&found, &record);
    assert_int_equal(store.find_key(store.ctx, made.digest, &found), STATUS_MISSING);
    assert_int_equal(store.find_certificate(store.ctx, made.digest, &found), STATUS_MISSING);
}

static void a_new_token_drops_the_unused_ones_of_the_device(void **state)
{
    (void)state;
    struct token_record token;
    const struct token_record used = identity_suite_token(1, "meter-1");
    const struct token_record unused = identity_suite_token(2, "meter-1");
    const struct token_record other = identity_suite_token(3, "meter-2");
    put(1, "meter-1");
    assert_int_equal(add(9, "meter-1", used.digest), STATUS_OK);
    put(2, "meter-1");
    put(3, "meter-2");
    put(4, "meter-1");
    assert_int_equal(store.find_token(store.ctx, used.digest, &token), STATUS_OK);
    assert_int_equal(store.find_token(store.ctx, unused.digest, &token), STATUS_MISSING);
    assert_int_equal(store.find_token(store.ctx, other.digest, &token), STATUS_OK);
}

static void a_token_is_used_once_and_then_nothing_is_written(void **state)
{
    (void)state;
    struct certificate_record found;
    const struct token_record token = identity_suite_token(1, "meter-1");
    const struct certificate_record second = identity_suite_certificate(10, "meter-1");
    put(1, "meter-1");
    assert_int_equal(add(9, "meter-1", token.digest), STATUS_OK);
    assert_int_equal(add(10, "meter-1", token.digest), STATUS_INVALID);
    assert_int_equal(store.find_certificate(store.ctx, second.certificate.fingerprint, &found),
                     STATUS_MISSING);
    assert_int_equal(add(9, "meter-1", NULL), STATUS_INVALID);
}

static void moves_all_or_none(void **state)
{
    (void)state;
    struct certificate_record found;
    const struct certificate_record one = identity_suite_certificate(1, "meter-1");
    struct certificate_move moves[2] = { { .state = CERTIFICATE_REVOKED },
                                         { .state = CERTIFICATE_REVOKED } };
    const struct audit_record audit = identity_suite_audit("meter-1", "moved");
    const struct identity_change change = { .moves = moves, .move_count = 2, .audit = &audit };
    assert_int_equal(add(1, "meter-1", NULL), STATUS_OK);
    assert_int_equal(add(2, "meter-1", NULL), STATUS_OK);
    memset(moves[0].fingerprint, 1, sizeof moves[0].fingerprint);
    memset(moves[1].fingerprint, 99, sizeof moves[1].fingerprint);
    assert_int_equal(store.commit(store.ctx, &change), STATUS_INVALID);
    assert_int_equal(store.find_certificate(store.ctx, one.certificate.fingerprint, &found),
                     STATUS_OK);
    assert_int_equal(found.state, CERTIFICATE_PENDING);
    memset(moves[1].fingerprint, 2, sizeof moves[1].fingerprint);
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(store.find_certificate(store.ctx, one.certificate.fingerprint, &found),
                     STATUS_OK);
    assert_int_equal(found.state, CERTIFICATE_REVOKED);
    assert_int_equal(found.changed_ms, audit.time_ms);
}

struct names {
    char text[256];
};

static void note_certificate(void *ctx, const struct certificate_record *record)
{
    struct names *names = ctx;
    char one[64];
    (void)snprintf(one, sizeof one, "%s:%d ", record->device_id, record->certificate.serial[0]);
    strncat(names->text, one, sizeof names->text - strlen(names->text) - 1);
}

static void note_token(void *ctx, const struct token_record *token)
{
    struct names *names = ctx;
    char one[64];
    (void)snprintf(one, sizeof one, "%s:%d ", token->device_id, token->digest[0]);
    strncat(names->text, one, sizeof names->text - strlen(names->text) - 1);
}

static void note_audit(void *ctx, const struct audit_record *audit)
{
    struct names *names = ctx;
    char one[160];
    (void)snprintf(one, sizeof one, "%s/%s/%s/%s ", audit->device_id, audit->actor, audit->address,
                   audit->detail);
    strncat(names->text, one, sizeof names->text - strlen(names->text) - 1);
}

static void lists_in_order(void **state)
{
    (void)state;
    struct names names = { "" };
    assert_int_equal(add(3, "meter-2", NULL), STATUS_OK);
    assert_int_equal(add(1, "meter-1", NULL), STATUS_OK);
    assert_int_equal(add(2, "meter-1", NULL), STATUS_OK);
    assert_int_equal(store.list_certificates(store.ctx, NULL, note_certificate, &names), STATUS_OK);
    assert_string_equal(names.text, "meter-1:2 meter-1:1 meter-2:3 ");
    names.text[0] = '\0';
    assert_int_equal(store.list_certificates(store.ctx, "meter-2", note_certificate, &names),
                     STATUS_OK);
    assert_string_equal(names.text, "meter-2:3 ");
    names.text[0] = '\0';
    put(1, "meter-1");
    put(2, "meter-3");
    assert_int_equal(store.list_tokens(store.ctx, NOW_MS, note_token, &names), STATUS_OK);
    assert_string_equal(names.text, "meter-3:2 meter-1:1 ");
    names.text[0] = '\0';
    assert_int_equal(store.list_tokens(store.ctx, NOW_MS + 1000, note_token, &names), STATUS_OK);
    assert_string_equal(names.text, "");
    assert_int_equal(store.list_audit(store.ctx, 2, note_audit, &names), STATUS_OK);
    assert_string_equal(names.text, "meter-3/admin/127.0.0.1/token meter-1/admin/127.0.0.1/token ");
}

static void finds_the_latest_record_of_its_kind(void **state)
{
    (void)state;
    struct audit_record audit = identity_suite_audit("meter-1", "first");
    struct audit_record found;
    const struct identity_change change = { .audit = &audit };
    const enum audit_kind kind = audit.kind;
    assert_int_equal(store.find_audit(store.ctx, kind, "meter-1", &found), STATUS_MISSING);
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    audit = identity_suite_audit("meter-1", "second");
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    audit = identity_suite_audit("meter-2", "of another");
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    audit = identity_suite_audit("meter-1", "of another kind");
    audit.kind = AUDIT_EXPIRED;
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(store.find_audit(store.ctx, kind, "meter-1", &found), STATUS_OK);
    assert_string_equal(found.detail, "second");
}

static void dropping_tokens_is_part_of_a_change(void **state)
{
    (void)state;
    struct names names = { "" };
    const struct audit_record audit = identity_suite_audit("meter-1", "revoked");
    const struct identity_change change = { .tokens_of = "meter-1", .audit = &audit };
    put(1, "meter-1");
    put(2, "meter-2");
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(store.list_tokens(store.ctx, NOW_MS, note_token, &names), STATUS_OK);
    assert_string_equal(names.text, "meter-2:2 ");
}

static void text_from_a_device_is_data(void **state)
{
    (void)state;
    struct names names = { "" };
    const struct audit_record audit = identity_suite_audit("x", "'); DROP TABLE audit; --");
    const struct identity_change change = { .audit = &audit };
    assert_int_equal(store.commit(store.ctx, &change), STATUS_OK);
    assert_int_equal(store.list_audit(store.ctx, 1, note_audit, &names), STATUS_OK);
    assert_non_null(strstr(names.text, "DROP TABLE"));
    assert_int_equal(store.list_certificates(store.ctx, "' OR 1=1 --", note_certificate, &names),
                     STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, drop_store)

int identity_store_suite_run(const struct identity_store_maker *with)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_everything_over_a_restart),
        TEST(a_new_token_drops_the_unused_ones_of_the_device),
        TEST(a_token_is_used_once_and_then_nothing_is_written),
        TEST(moves_all_or_none),
        TEST(lists_in_order),
        TEST(finds_the_latest_record_of_its_kind),
        TEST(dropping_tokens_is_part_of_a_change),
        TEST(text_from_a_device_is_data),
    };
    maker = with;
    return cmocka_run_group_tests_name("identity_store", tests, NULL, NULL);
}
