// SPDX-License-Identifier: MIT

/// The signed list of the withdrawn, read by OpenSSL.

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity_test_bed.h"

enum { HOUR_S = 3600 };

/// Fetches the list, checks its signature and its times, and lets OpenSSL look for a certificate.
static bool is_listed(const struct certificate_record *record, uint64_t *number)
{
    const struct certificate_authority *authority = identities_parts(bed.identities)->authority;
    struct revocation_list list;
    assert_int_equal(identities_revocations(bed.identities, &list), IDENTITY_DONE);
    const uint8_t *at = list.der;
    X509_CRL *read = d2i_X509_CRL(NULL, &at, (long)list.size);
    assert_ptr_equal(at, list.der + list.size);
    BIO *bio = BIO_new_mem_buf(authority->part(authority->ctx, AUTHORITY_PART_DEVICES), -1);
    X509 *issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_int_equal(X509_CRL_verify(read, X509_get0_pubkey(issuer)), 1);
    time_t next_s = list.next_s;
    assert_int_equal(X509_cmp_time(X509_CRL_get0_nextUpdate(read), &next_s), -1); // The same.
    next_s--;
    assert_int_equal(X509_cmp_time(X509_CRL_get0_nextUpdate(read), &next_s), 1);
    assert_true(list.next_s > bed.now_ms / 1000);
    ASN1_INTEGER *count = X509_CRL_get_ext_d2i(read, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get_uint64(number, count), 1);
    assert_int_equal(*number, list.number);
    at = record->certificate.der;
    X509 *certificate = d2i_X509(NULL, &at, (long)record->certificate.size);
    X509_REVOKED *found = NULL;
    const int listed = X509_CRL_get0_by_cert(read, &found, certificate);
    ASN1_INTEGER_free(count);
    X509_free(certificate);
    X509_free(issuer);
    BIO_free(bio);
    X509_CRL_free(read);
    free(list.der);
    return listed == 1;
}

static void lists_what_is_revoked_and_nothing_else(void **state)
{
    (void)state;
    struct identity_peer stolen;
    struct identity_peer honest;
    struct device first = enrol_device("meter-1", &stolen);
    struct device second = enrol_device("meter-2", &honest);
    uint64_t before = 0;
    uint64_t after = 0;
    unsigned count = 0;
    assert_false(is_listed(&stolen.record, &before));
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "stolen", &count),
                     IDENTITY_DONE);
    assert_true(is_listed(&stolen.record, &after));
    assert_true(after > before);
    assert_false(is_listed(&honest.record, &before));
    assert_int_equal(before, after); // Nothing new: the same list.
    drop_device(&first);
    drop_device(&second);
}

static void makes_a_new_list_long_before_the_last_one_ends(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    uint64_t first = 0;
    uint64_t later = 0;
    assert_false(is_listed(&peer.record, &first));
    bed.now_ms += INT64_C(1000) * (6 * HOUR_S - 1);
    assert_false(is_listed(&peer.record, &later));
    assert_int_equal(first, later);
    bed.now_ms += 1000;
    assert_false(is_listed(&peer.record, &later));
    assert_true(later > first);
    // A clock that was set back: made again, and the number grows all the same.
    bed.now_ms -= INT64_C(1000) * DAY_S;
    assert_false(is_listed(&peer.record, &first));
    assert_true(first > later);
    drop_device(&device);
}

static void what_is_over_leaves_the_list_a_week_later(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    uint64_t number = 0;
    unsigned count = 0;
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "", &count),
                     IDENTITY_DONE);
    bed.now_ms = INT64_C(1000) * (NOW_S + LIFE_S + IDENTITY_LIST_LIFE_S);
    assert_true(is_listed(&peer.record, &number));
    bed.now_ms += INT64_C(1000) * DAY_S;
    assert_false(is_listed(&peer.record, &number));
    drop_device(&device);
}

static void is_the_same_after_a_restart(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct device device = enrol_device("meter-1", &peer);
    const struct identity_parts parts = make_parts();
    uint64_t before = 0;
    uint64_t after = 0;
    unsigned count = 0;
    assert_int_equal(identities_revoke(bed.identities, "meter-1", "admin", "a", "", &count),
                     IDENTITY_DONE);
    assert_true(is_listed(&peer.record, &before));
    identities_close(bed.identities);
    bed.now_ms += 1000;
    assert_int_equal(identities_open(&parts, &bed.identities), STATUS_OK);
    assert_true(is_listed(&peer.record, &after));
    assert_true(after > before);
    drop_device(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(lists_what_is_revoked_and_nothing_else),
        BED_TEST(makes_a_new_list_long_before_the_last_one_ends),
        BED_TEST(what_is_over_leaves_the_list_a_week_later),
        BED_TEST(is_the_same_after_a_restart),
    };
    return cmocka_run_group_tests_name("identity_revocations", tests, open_authority,
                                       close_authority);
}
