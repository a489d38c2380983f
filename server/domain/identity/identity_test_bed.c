// SPDX-License-Identifier: MIT
#include "identity_test_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "authority.h"
#include "identity_store_sqlite.h"
#include "openssl_crypto.h"
#include "test_folder.h"

struct bed bed;

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

struct identity_parts make_parts(void)
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

static char authority_folder[64] = "/tmp/identities_pki_XXXXXX";
static struct authority *shared_authority;

int open_authority(void **state)
{
    char reason[AUTHORITY_REASON_SIZE];
    (void)state;
    if (mkdtemp(authority_folder) == NULL) {
        return -1;
    }
    const struct authority_options options = { .folder = authority_folder, .now_s = NOW_S };
    return authority_open(&options, &shared_authority, reason) == STATUS_OK ? 0 : -1;
}

int close_authority(void **state)
{
    (void)state;
    authority_close(shared_authority);
    return test_folder_remove(authority_folder);
}

int open_bed(void **state)
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

int close_bed(void **state)
{
    (void)state;
    identities_close(bed.identities);
    bed.store.close(bed.store.ctx);
    return test_folder_remove(bed.folder);
}

struct device make_device(const char *common_name)
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

void drop_device(struct device *device)
{
    EVP_PKEY_free(device->key);
}

void make_token(const char *device_id, bool replaces, char token[IDENTITY_TOKEN_SIZE])
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

struct enrolment order_of(const char *device_id, const struct device *device, const char *token)
{
    return (struct enrolment){ .token = token,
                               .token_size = token != NULL ? strlen(token) : 0,
                               .device_id = device_id,
                               .device_id_size = device_id != NULL ? strlen(device_id) : 0,
                               .request = device->request,
                               .request_size = strlen(device->request),
                               .address = "192.0.2.1" };
}

enum identity_verdict enrol(const char *device_id, const struct device *device, const char *token,
                            struct certificate_record *out)
{
    const struct enrolment enrolment = order_of(device_id, device, token);
    return identities_enrol(bed.identities, &enrolment, out);
}

struct device enrol_device(const char *device_id, struct identity_peer *peer)
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

enum identity_verdict look(const struct certificate_record *record, struct identity_peer *peer)
{
    return identities_recognise(bed.identities, record->certificate.der, record->certificate.size,
                                peer);
}

enum identity_verdict renew(const struct identity_peer *peer, const struct device *device,
                            struct certificate_record *out)
{
    const struct renewal renewal = { .request = device->request,
                                     .request_size = strlen(device->request),
                                     .address = "a" };
    return identities_renew(bed.identities, peer, &renewal, out);
}

struct last_audit {
    struct audit_record record;
};

static void keep_audit(void *ctx, const struct audit_record *record)
{
    ((struct last_audit *)ctx)->record = *record;
}

void assert_last_audit(enum audit_kind kind, const char *detail)
{
    struct last_audit last = { .record = { .time_ms = 0 } };
    assert_int_equal(bed.store.list_audit(bed.store.ctx, 1, keep_audit, &last), STATUS_OK);
    assert_int_equal(last.record.kind, kind);
    assert_string_equal(last.record.detail, detail);
}
