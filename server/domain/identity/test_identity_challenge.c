// SPDX-License-Identifier: MIT

/// What a device proves of itself: its key by answering a challenge, its state by a report.

#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "attestation.h"
#include "bytes.h"
#include "ecdsa_der.h"
#include "identity_test_bed.h"
#include "test_report.h"

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
    assert_int_equal(ecdsa_der_decode(signature, signature_size, proof), STATUS_OK);
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
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_PROOF);
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

/// A proof is for one request, one token and one key.
static void nothing_of_a_proof_can_be_changed(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device other = make_device("meter-1");
    struct certificate_record record;
    char token[IDENTITY_TOKEN_SIZE];
    char wrong_token[IDENTITY_TOKEN_SIZE];
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE];
    int64_t expires_s = 0;
    make_token("meter-1", false, token);
    make_token("meter-2", false, wrong_token);
    assert_int_equal(identities_challenge(bed.identities, "meter-1", "a", challenge, &expires_s),
                     IDENTITY_DONE);
    struct enrolment enrolment = order_of("meter-1", &device, token);
    enrolment.challenge = challenge;
    enrolment.proof = proof;
    prove(&other, challenge, "meter-1", token, proof); // Another key.
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_PROOF);
    prove(&device, challenge, "meter-2", token, proof); // Another name.
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_PROOF);
    prove(&device, challenge, "meter-1", wrong_token, proof); // Another token.
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_BAD_PROOF);
    prove(&device, challenge, "meter-1", token, proof);
    struct enrolment changed = enrolment;
    changed.request = other.request; // Another request.
    changed.request_size = strlen(other.request);
    assert_int_equal(identities_enrol(bed.identities, &changed, &record), IDENTITY_BAD_PROOF);
    // A proof without its challenge, and a report without either.
    changed = enrolment;
    changed.challenge = NULL;
    assert_int_equal(identities_enrol(bed.identities, &changed, &record), IDENTITY_BAD_CHALLENGE);
    changed.proof = NULL;
    changed.attestation = proof;
    changed.attestation_size = sizeof proof;
    assert_int_equal(identities_enrol(bed.identities, &changed, &record), IDENTITY_BAD_CHALLENGE);
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_DONE);
    assert_last_audit(AUDIT_ENROLLED, "with proof");
    assert_int_equal(record.attestation.time_ms, 0);
    drop_device(&device);
    drop_device(&other);
}

struct report {
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    size_t size;
};

/// What a device says of itself, signed with its key.
static struct report report_of(const struct device *device, const uint8_t *nonce)
{
    struct report report;
    report.size = test_report_sign(device->key, nonce, report.message);
    assert_true(report.size > 0);
    return report;
}

static void what_a_device_says_of_itself_is_judged_and_kept(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device other = make_device("meter-1");
    struct certificate_record record;
    struct certificate_record found;
    char token[IDENTITY_TOKEN_SIZE];
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    uint8_t proof[CRYPTO_P256_SIGNATURE_SIZE];
    const uint8_t old[IDENTITY_CHALLENGE_SIZE] = { 1 };
    int64_t expires_s = 0;
    make_token("meter-1", false, token);
    assert_int_equal(identities_challenge(bed.identities, "meter-1", "a", challenge, &expires_s),
                     IDENTITY_DONE);
    prove(&device, challenge, "meter-1", token, proof);
    struct enrolment enrolment = order_of("meter-1", &device, token);
    enrolment.challenge = challenge;
    enrolment.proof = proof;
    const struct report wrong[] = { report_of(&other, challenge),
                                    report_of(&device, old),
                                    { .size = 7 } };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        enrolment.attestation = wrong[i].message;
        enrolment.attestation_size = wrong[i].size;
        assert_int_equal(identities_enrol(bed.identities, &enrolment, &record),
                         IDENTITY_BAD_ATTESTATION);
    }
    assert_last_audit(AUDIT_ENROLMENT_REFUSED, "INVALID_ATTESTATION");
    const struct report right = report_of(&device, challenge);
    enrolment.attestation = right.message;
    enrolment.attestation_size = right.size;
    assert_int_equal(identities_enrol(bed.identities, &enrolment, &record), IDENTITY_DONE);
    assert_last_audit(AUDIT_ENROLLED, "with proof, attestation degraded at level software");
    assert_int_equal(identities_find(bed.identities, "meter-1", &found), IDENTITY_DONE);
    assert_int_equal(found.attestation.time_ms, bed.now_ms);
    assert_int_equal(found.attestation.verdict, ATTESTATION_DEGRADED);
    assert_int_equal(found.attestation.level, ATTESTATION_SOFTWARE);
    drop_device(&device);
    drop_device(&other);
}

/// The device's request to renew, with a report of `speaker` on a fresh challenge.
static enum identity_verdict renew_with_report(const struct identity_peer *peer,
                                               const struct device *next,
                                               const struct device *speaker,
                                               struct certificate_record *out)
{
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    int64_t expires_s = 0;
    assert_int_equal(identities_challenge(bed.identities, "meter-1", "a", challenge, &expires_s),
                     IDENTITY_DONE);
    const struct report report = report_of(speaker, challenge);
    const struct renewal renewal = { .request = next->request,
                                     .request_size = strlen(next->request),
                                     .challenge = challenge,
                                     .attestation = report.message,
                                     .attestation_size = report.size,
                                     .address = "a" };
    return identities_renew(bed.identities, peer, &renewal, out);
}

static void what_is_over_may_renew_with_a_report_and_do_nothing_else(void **state)
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
    assert_int_equal(renew(&peer, &next, &record), IDENTITY_NO_ATTESTATION);
    assert_last_audit(AUDIT_RENEWAL_REFUSED, "ATTESTATION_REQUIRED");
    // The new key may not speak for the old one.
    assert_int_equal(renew_with_report(&peer, &next, &next, &record), IDENTITY_BAD_ATTESTATION);
    assert_last_audit(AUDIT_RENEWAL_REFUSED, "INVALID_ATTESTATION");
    assert_int_equal(renew_with_report(&peer, &next, &device, &record), IDENTITY_DONE);
    assert_last_audit(AUDIT_RENEWED,
                      "within the grace period, attestation degraded at level software");
    assert_int_equal(record.attestation.verdict, ATTESTATION_DEGRADED);
    assert_int_equal(look(&record, &peer), IDENTITY_DONE);
    assert_false(peer.grace);
    assert_int_equal(identities_confirm(bed.identities, &peer, "a"), IDENTITY_DONE);
    drop_device(&device);
    drop_device(&next);
}

static void a_report_answers_one_challenge_once_within_five_minutes(void **state)
{
    (void)state;
    struct identity_peer peer;
    struct certificate_record record;
    struct device device = enrol_device("meter-1", &peer);
    struct device next = make_device("meter-1");
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    uint8_t foreign[IDENTITY_CHALLENGE_SIZE];
    int64_t expires_s = 0;
    bed.now_ms += INT64_C(1000) * (LIFE_S + 1);
    assert_int_equal(look(&peer.record, &peer), IDENTITY_DONE);
    assert_int_equal(identities_challenge(bed.identities, "meter-1", "a", challenge, &expires_s),
                     IDENTITY_DONE);
    assert_int_equal(identities_challenge(bed.identities, "meter-2", "a", foreign, &expires_s),
                     IDENTITY_DONE);
    const struct report report = report_of(&device, challenge);
    const struct report of_foreign = report_of(&device, foreign);
    struct renewal renewal = { .request = next.request,
                               .request_size = strlen(next.request),
                               .attestation = report.message,
                               .attestation_size = report.size,
                               .address = "a" };
    assert_int_equal(identities_renew(bed.identities, &peer, &renewal, &record),
                     IDENTITY_BAD_CHALLENGE); // None.
    renewal.challenge = foreign;
    renewal.attestation = of_foreign.message;
    renewal.attestation_size = of_foreign.size;
    assert_int_equal(identities_renew(bed.identities, &peer, &renewal, &record),
                     IDENTITY_BAD_CHALLENGE);
    renewal.challenge = challenge;
    assert_int_equal(identities_renew(bed.identities, &peer, &renewal, &record),
                     IDENTITY_BAD_ATTESTATION);
    renewal.attestation = report.message;
    renewal.attestation_size = report.size;
    bed.now_ms += 301 * 1000;
    assert_int_equal(identities_renew(bed.identities, &peer, &renewal, &record),
                     IDENTITY_BAD_CHALLENGE);
    bed.now_ms -= 2 * 1000;
    assert_int_equal(identities_renew(bed.identities, &peer, &renewal, &record), IDENTITY_DONE);
    assert_int_equal(identities_renew(bed.identities, &peer, &renewal, &record),
                     IDENTITY_BAD_CHALLENGE);
    drop_device(&device);
    drop_device(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(a_challenge_is_good_once_for_one_device_and_five_minutes),
        BED_TEST(nothing_of_a_proof_can_be_changed),
        BED_TEST(what_a_device_says_of_itself_is_judged_and_kept),
        BED_TEST(what_is_over_may_renew_with_a_report_and_do_nothing_else),
        BED_TEST(a_report_answers_one_challenge_once_within_five_minutes),
    };
    return cmocka_run_group_tests_name("identity_challenge", tests, open_authority,
                                       close_authority);
}
