// SPDX-License-Identifier: MIT

/// The second protocol: a challenge, and the proof that a device holds its key.

#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "bytes.h"
#include "ecdsa_der.h"
#include "identity_test_bed.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(a_challenge_is_good_once_for_one_device_and_five_minutes),
    };
    return cmocka_run_group_tests_name("identity_challenge", tests, open_authority,
                                       close_authority);
}
