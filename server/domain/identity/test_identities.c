// SPDX-License-Identifier: MIT

/// The rules, with a real authority and a real store in a folder of the test.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "authority.h"
#include "bytes.h"
#include "identities.h"
#include "identity_store_sqlite.h"
#include "openssl_crypto.h"
#include "test_folder.h"

enum { NOW_S = 1763726400, DAY_S = 86400, LIFE_S = 90 * DAY_S, GRACE_S = 30 * DAY_S };

struct device {
    EVP_PKEY *key;
    char request[2048];
};

static struct bed {
    char folder[64];
    struct authority *authority;
    struct identity_store store;
    struct crypto crypto;
    struct fleet_host host;
    struct identity_herald herald;
    struct identities *identities;
    int64_t now_ms;
    unsigned published;
    bool herald_fails;
} bed;

static int64_t utc_ms(void *ctx)
{
    (void)ctx;
    return bed.now_ms;
}

static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return (uint64_t)bed.now_ms;
}

static enum status fill_random(void *ctx, uint8_t *out, size_t size)
{
    (void)ctx;
    return RAND_bytes(out, (int)size) == 1 ? STATUS_OK : STATUS_IO;
}

static enum status publish(void *ctx)
{
    (void)ctx;
    bed.published++;
    return bed.herald_fails ? STATUS_IO : STATUS_OK;
}

static struct identity_parts make_parts(void)
{
    return (struct identity_parts){
        .store = &bed.store,
        .authority = authority_table(bed.authority),
        .crypto = &bed.crypto,
        .host = &bed.host,
        .herald = &bed.herald,
        .random = fill_random,
        .rules = { .life_s = LIFE_S,
                   .token_s = 3600,
                   .grace_s = GRACE_S,
                   .address_burst = 60,
                   .address_refill_ms = 1000 },
    };
}

/// The authority is made once: its rules do not change, and it takes its time.
static char authority_folder[64] = "/tmp/identities_pki_XXXXXX";
static struct authority *shared_authority;

static int open_authority(void **state)
{
    char reason[AUTHORITY_REASON_SIZE];
    (void)state;
    if (mkdtemp(authority_folder) == NULL) {
        return -1;
    }
    const struct authority_options options = { .folder = authority_folder, .now_s = NOW_S };
    return authority_open(&options, &shared_authority, reason) == STATUS_OK ? 0 : -1;
}

static int close_authority(void **state)
{
    (void)state;
    authority_close(shared_authority);
    return test_folder_remove(authority_folder);
}

static int open_bed(void **state)
{
    char path[96];
    (void)state;
    bed = (struct bed){ .folder = "/tmp/identities_XXXXXX",
                        .authority = shared_authority,
                        .now_ms = INT64_C(1000) * NOW_S };
    bed.host = (struct fleet_host){ .utc_ms = utc_ms, .monotonic_ms = monotonic_ms };
    bed.herald = (struct identity_herald){ .publish = publish };
    bed.crypto = openssl_crypto();
    if (mkdtemp(bed.folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/identity.db", bed.folder);
    if (identity_store_sqlite_open(path, NULL, &bed.store) != STATUS_OK) {
        return -1;
    }
    const struct identity_parts parts = make_parts();
    return identities_open(&parts, &bed.identities) == STATUS_OK ? 0 : -1;
}

static int close_bed(void **state)
{
    (void)state;
    identities_close(bed.identities);
    bed.store.close(bed.store.ctx);
    return test_folder_remove(bed.folder);
}

static struct device make_device(const char *common_name)
{
    struct device device = { .key = EVP_EC_gen("P-256") };
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
                                                MBSTRING_UTF8, (const unsigned char *)common_name,
                                                -1, -1, 0),
                     1);
    assert_int_equal(X509_REQ_set_pubkey(request, device.key), 1);
    assert_true(X509_REQ_sign(request, device.key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
    const int size = BIO_read(bio, device.request, sizeof device.request - 1);
    assert_true(size > 0);
    device.request[size] = '\0';
    BIO_free(bio);
    X509_REQ_free(request);
    return device;
}

static void drop_device(struct device *device)
{
    EVP_PKEY_free(device->key);
}

static void make_token(const char *device_id, bool replaces, char token[IDENTITY_TOKEN_SIZE])
{
    const struct token_order order = {
        .device_id = device_id, .creator = "admin", .address = "a", .replaces = replaces
    };
    int64_t expires_ms = 0;
    assert_int_equal(identities_make_token(bed.identities, &order, token, &expires_ms),
                     IDENTITY_DONE);
    assert_int_equal(expires_ms, bed.now_ms + 3600 * 1000);
    assert_int_equal(strlen(token), IDENTITY_TOKEN_SIZE - 1);
}

static struct enrolment order_of(const char *device_id, const struct device *device,
                                 const char *token)
{
    return (struct enrolment){ .token = token,
                               .token_size = token != NULL ? strlen(token) : 0,
                               .device_id = device_id,
                               .device_id_size = device_id != NULL ? strlen(device_id) : 0,
                               .request = device->request,
                               .request_size = strlen(device->request),
                               .address = "192.0.2.1" };
}

static enum identity_verdict enrol(const char *device_id, const struct device *device,
                                   const char *token, struct certificate_record *out)
{
    const struct enrolment enrolment = order_of(device_id, device, token);
    return identities_enrol(bed.identities, &enrolment, out);
}

/// Enrols a fresh device and confirms it.
static struct device enrol_device(const char *device_id, struct identity_peer *peer)
{
    struct device device = make_device(device_id);
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    make_token(device_id, false, token);
    assert_int_equal(enrol(device_id, &device, token, &record), IDENTITY_DONE);
    assert_int_equal(
        identities_recognise(bed.identities, record.certificate.der, record.certificate.size, peer),
        IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, peer, "a"), IDENTITY_DONE);
    return device;
}

static enum identity_verdict look(const struct certificate_record *record,
                                  struct identity_peer *peer)
{
    return identities_recognise(bed.identities, record->certificate.der, record->certificate.size,
                                peer);
}

static enum identity_verdict renew(const struct identity_peer *peer, const struct device *device,
                                   struct certificate_record *out)
{
    return identities_renew(bed.identities, peer, REQUEST_FORM_TEXT, device->request,
                            strlen(device->request), "a", out);
}

struct last_audit {
    struct audit_record record;
};

static void keep_audit(void *ctx, const struct audit_record *record)
{
    ((struct last_audit *)ctx)->record = *record;
}

static void assert_last_audit(enum audit_kind kind, const char *detail)
{
    struct last_audit last = { .record = { .time_ms = 0 } };
    assert_int_equal(bed.store.list_audit(bed.store.ctx, 1, keep_audit, &last), STATUS_OK);
    assert_int_equal(last.record.kind, kind);
    assert_string_equal(last.record.detail, detail);
}

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

static void renews_and_keeps_the_old_until_the_new_is_confirmed(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct identity_peer newer;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    struct device wrong = make_device("meter-2");
    struct certificate_record record;
    struct certificate_record again;
    assert_int_equal(renew(&peer, &wrong, &record), IDENTITY_BAD_REQUEST_NAME);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
    assert_int_equal(renew(&peer, &next, &again), IDENTITY_DONE);
    assert_memory_equal(record.certificate.fingerprint, again.certificate.fingerprint, 32);
    assert_int_equal(look(&peer.record, &newer), IDENTITY_DONE);
    assert_int_equal(look(&record, &newer), IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, &newer, "a"), IDENTITY_DONE);
    assert_int_equal(identities_confirm(bed.identities, &newer, "a"), IDENTITY_DONE);
    assert_int_equal(look(&peer.record, &newer), IDENTITY_SUPERSEDED_PEER);
    assert_int_equal(renew(&peer, &next, &again), IDENTITY_REVOKED_PEER);
    assert_int_equal(identities_find(bed.identities, "meter-1", &again), IDENTITY_DONE);
    assert_int_equal(again.state, CERTIFICATE_ACTIVE);
    assert_memory_equal(record.certificate.fingerprint, again.certificate.fingerprint, 32);
    drop_device(&device);
    drop_device(&next);
    drop_device(&wrong);
}

static void renewing_with_a_pending_certificate_confirms_it(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device next = make_device("meter-1");
    struct certificate_record record;
    struct certificate_record newer;
    struct identity_peer peer;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(renew(&peer, &next, &newer), IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(peer.record.state, CERTIFICATE_ACTIVE);
    assert_int_equal(look(&newer, &peer), IDENTITY_DONE);
    assert_int_equal(peer.record.state, CERTIFICATE_PENDING);
    drop_device(&device);
    drop_device(&next);
}

static void three_lives_pass_by_renewal(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    for (unsigned life = 0; life < 3; life++) {
        struct certificate_record record;
        struct device next = make_device("meter-1");
        bed.now_ms = identities_renew_after_s(&peer.record.certificate) * 1000;
        assert_int_equal(look(&peer.record, &peer), IDENTITY_DONE);
        assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
        assert_int_equal(look(&record, &peer), IDENTITY_DONE);
        assert_int_equal(identities_confirm(bed.identities, &peer, "a"), IDENTITY_DONE);
        drop_device(&device);
        device = next;
    }
    assert_true(bed.now_ms > INT64_C(1000) * (NOW_S + 2 * LIFE_S - 3 * DAY_S));
    drop_device(&device);
}

static void what_is_over_may_renew_within_the_grace_period_and_nothing_else(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct certificate_record record;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    bed.now_ms += INT64_C(1000) * (LIFE_S + 1);
    assert_int_equal(look(&peer.record, &peer), IDENTITY_DONE);
    assert_true(peer.grace);
    assert_int_equal(identities_confirm(bed.identities, &peer, "a"), IDENTITY_EXPIRED_PEER);
    assert_int_equal(identities_tick(bed.identities), STATUS_OK);
    assert_last_audit(AUDIT_EXPIRED, "");
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
    assert_last_audit(AUDIT_RENEWED, "within the grace period");
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_false(peer.grace);
    assert_int_equal(identities_confirm(bed.identities, &peer, "a"), IDENTITY_DONE);
    drop_device(&device);
    drop_device(&next);
}

static void what_is_over_for_longer_is_refused(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    bed.now_ms += INT64_C(1000) * (LIFE_S + GRACE_S);
    assert_int_equal(look(&peer.record, &peer), IDENTITY_DONE);
    bed.now_ms += 1000;
    assert_int_equal(look(&peer.record, &peer), IDENTITY_EXPIRED_PEER);
    assert_false(peer.grace);
    drop_device(&device);
}

static void revoking_ends_everything_of_a_device_at_once(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct identity_peer now;
    struct certificate_record record;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    char token[IDENTITY_TOKEN_SIZE];
    unsigned count = 0;
    make_token("meter-1", true, token);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_DONE);
    const unsigned before = bed.published;
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "stolen", &count),
                     IDENTITY_DONE);
    assert_int_equal(count, 2);
    assert_int_equal(bed.published, before + 1);
    assert_last_audit(AUDIT_REVOKED, "stolen");
    assert_int_equal(look(&peer.record, &now), IDENTITY_REVOKED_PEER);
    assert_int_equal(look(&record, &now), IDENTITY_REVOKED_PEER);
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_REVOKED_PEER);
    assert_int_equal(enrol("meter-1", &next, token, &record), IDENTITY_TOKEN_UNKNOWN);
    // Neither key comes back, not even with a new token.
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_KEY_IN_USE);
    assert_int_equal(identities_revoke(bed.identities, "nobody", "admin", "a", "", &count),
                     IDENTITY_UNKNOWN);
    drop_device(&device);
    drop_device(&next);
}

static void an_answer_waits_for_the_broker_to_know(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    make_token("meter-1", false, token);
    bed.herald_fails = true;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_UNAVAILABLE);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_UNAVAILABLE);
    bed.herald_fails = false;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    const unsigned before = bed.published;
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    assert_int_equal(bed.published, before);
    drop_device(&device);
}

static void what_was_signed_elsewhere_is_a_stranger(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate made;
    struct identity_peer peer;
    const struct certificate_authority *authority = authority_table(bed.authority);
    struct certificate_order order = { .device_id = "meter-1", .now_s = NOW_S, .life_s = DAY_S };
    size_t size = 0;
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(device.key, "pub", order.key, sizeof order.key, &size), 1);
    assert_int_equal(authority->issue(authority->ctx, &order, &made), STATUS_OK);
    assert_int_equal(identities_recognise(bed.identities, made.der, made.size, &peer),
                     IDENTITY_NO_CERTIFICATE);
    assert_int_equal(identities_recognise(bed.identities, "x", 1, &peer), IDENTITY_NO_CERTIFICATE);
    drop_device(&device);
}

static void a_certificate_that_is_used_at_the_broker_is_confirmed(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device next = make_device("meter-1");
    struct certificate_record record;
    struct certificate_record newer;
    struct identity_peer peer;
    char token[IDENTITY_TOKEN_SIZE];
    const uint8_t unknown[CRYPTO_SHA256_SIZE] = { 1 };
    make_token("meter-1", false, token);
    assert_int_equal(enrol("meter-1", &device, token, &record), IDENTITY_DONE);
    assert_int_equal(identities_heard(bed.identities, record.certificate.fingerprint),
                     IDENTITY_DONE);
    assert_last_audit(AUDIT_CONFIRMED, "seen at the broker");
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(peer.record.state, CERTIFICATE_ACTIVE);
    assert_int_equal(renew(&peer, &next, &newer), IDENTITY_DONE);
    // The old one, used again, changes nothing; the new one takes its place.
    assert_int_equal(identities_heard(bed.identities, record.certificate.fingerprint),
                     IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_int_equal(identities_heard(bed.identities, newer.certificate.fingerprint),
                     IDENTITY_DONE);
    assert_int_equal(look(&record, &peer), IDENTITY_SUPERSEDED_PEER);
    assert_int_equal(identities_heard(bed.identities, unknown), IDENTITY_UNKNOWN);
    drop_device(&device);
    drop_device(&next);
}

/// Signs what the second protocol asks for, as a device does.
static void prove(const struct device *device, const uint8_t *challenge, const char *device_id,
                  const char *token, uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE])
{
    uint8_t text[256];
    uint8_t signature[80];
    size_t signature_size = sizeof signature;
    const size_t id_size = strlen(device_id);
    BIO *bio = BIO_new_mem_buf(device->request, -1);
    X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    uint8_t *der = NULL;
    const int der_size = i2d_X509_REQ(request, &der);
    memcpy(text, "EM-ENROLL-V1", 13);
    memcpy(text + 13, challenge, 32);
    bytes_store_be16(text + 45, (uint16_t)id_size);
    memcpy(text + 47, device_id, id_size);
    assert_non_null(SHA256(der, (size_t)der_size, text + 47 + id_size));
    assert_non_null(SHA256((const uint8_t *)token, strlen(token), text + 79 + id_size));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, device->key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &signature_size, text, 111 + id_size), 1);
    const uint8_t *at = signature;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)signature_size);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parsed), proof, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), proof + 32, 32), 32);
    ECDSA_SIG_free(parsed);
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    X509_REQ_free(request);
    BIO_free(bio);
}

static void a_challenge_is_good_once_for_one_device_and_five_minutes(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE];
    int64_t expires_s = 0;
    make_token("meter-1", false, token);
    assert_int_equal(identities_challenge(bed.identities, "meter-1", "a", challenge, &expires_s),
                     IDENTITY_DONE);
    assert_int_equal(expires_s, NOW_S + 300);
    prove(&device, challenge, "meter-1", token, proof);
    struct enrolment enrolment = order_of("meter-1", &device, token);
    enrolment.challenge = challenge;
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_CHALLENGE);
    enrolment.proof = proof;
    proof[5] ^= 1;
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_PROOF);
    proof[5] ^= 1;
    challenge[0] ^= 1;
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_CHALLENGE);
    challenge[0] ^= 1;
    bed.now_ms += 301 * 1000;
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_CHALLENGE);
    bed.now_ms -= 2 * 1000;
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_DONE);
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_CHALLENGE);
    // Another device's challenge.
    assert_int_equal(identities_challenge(bed.identities, "meter-2", "a", challenge, &expires_s),
                     IDENTITY_DONE);
    prove(&device, challenge, "meter-1", token, proof);
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_CHALLENGE);
    drop_device(&device);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_gives_one_certificate_and_the_same_again),
        TEST(refuses_tokens_by_what_is_wrong_with_them),
        TEST(refuses_requests_for_anything_but_the_own_name),
        TEST(names_of_the_server_are_nobodys),
        TEST(one_key_belongs_to_one_device),
        TEST(an_active_device_is_replaced_only_on_purpose),
        TEST(renews_and_keeps_the_old_until_the_new_is_confirmed),
        TEST(renewing_with_a_pending_certificate_confirms_it),
        TEST(three_lives_pass_by_renewal),
        TEST(what_is_over_may_renew_within_the_grace_period_and_nothing_else),
        TEST(what_is_over_for_longer_is_refused),
        TEST(revoking_ends_everything_of_a_device_at_once),
        TEST(an_answer_waits_for_the_broker_to_know),
        TEST(what_was_signed_elsewhere_is_a_stranger),
        TEST(a_certificate_that_is_used_at_the_broker_is_confirmed),
        TEST(a_challenge_is_good_once_for_one_device_and_five_minutes),
        TEST(slows_down_whoever_asks_too_often),
        TEST(no_token_is_in_the_store_in_clear),
        cmocka_unit_test(every_verdict_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests_name("identities", tests, open_authority, close_authority);
}
