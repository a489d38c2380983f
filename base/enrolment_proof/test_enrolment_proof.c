// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "enrolment_proof.h"
#include "summing_crypto.h"

/// The real digest over what the stand-in was given.
static void digest_of(const struct enrolment_proof *proof, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    static struct summing_notes notes;
    const struct crypto crypto = summing_crypto(&notes);
    uint8_t unused[CRYPTO_SHA256_SIZE];
    assert_int_equal(enrolment_proof_digest(&crypto, proof, unused), STATUS_OK);
    assert_non_null(SHA256(notes.hashed, notes.hashed_size, digest));
}

/// Computed with another program from the format in the header: challenge 00 01 … 1f, the digests
/// of "request" and "token".
static void is_the_digest_of_the_documented_bytes(void **state)
{
    static const uint8_t KNOWN[CRYPTO_SHA256_SIZE] = { 0x3b, 0x69, 0xae, 0x9c, 0x23, 0x14, 0x85,
                                                       0x0b, 0x13, 0x59, 0x4e, 0x41, 0x57, 0x70,
                                                       0x75, 0x88, 0x47, 0xe7, 0xc4, 0x4a, 0x5b,
                                                       0xeb, 0xe3, 0x63, 0x3a, 0xdb, 0x51, 0x4e,
                                                       0xb9, 0x85, 0x24, 0xb3 };
    uint8_t challenge[ENROLMENT_CHALLENGE_SIZE];
    uint8_t request[CRYPTO_SHA256_SIZE];
    uint8_t token[CRYPTO_SHA256_SIZE];
    uint8_t digest[CRYPTO_SHA256_SIZE];
    (void)state;
    for (unsigned i = 0; i < sizeof challenge; i++) {
        challenge[i] = (uint8_t)i;
    }
    assert_non_null(SHA256((const uint8_t *)"request", 7, request));
    assert_non_null(SHA256((const uint8_t *)"token", 5, token));
    const struct enrolment_proof proof = { challenge, "EcoWatt001", request, token };
    digest_of(&proof, digest);
    assert_memory_equal(digest, KNOWN, sizeof KNOWN);
}

static void every_part_counts(void **state)
{
    static const uint8_t ONE[32] = { 1 };
    static const uint8_t OTHER[32] = { 2 };
    const struct enrolment_proof right = { ONE, "meter-1", ONE, ONE };
    const struct enrolment_proof wrong[] = { { OTHER, "meter-1", ONE, ONE },
                                             { ONE, "meter-2", ONE, ONE },
                                             { ONE, "meter-1", OTHER, ONE },
                                             { ONE, "meter-1", ONE, OTHER } };
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t other[CRYPTO_SHA256_SIZE];
    (void)state;
    digest_of(&right, digest);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        digest_of(&wrong[i], other);
        assert_memory_not_equal(digest, other, sizeof digest);
    }
}

static void a_name_without_end_is_refused(void **state)
{
    char name[ENROLMENT_PROOF_NAME_LIMIT + 2];
    const uint8_t zeros[32] = { 0 };
    const struct enrolment_proof proof = { zeros, name, zeros, zeros };
    const struct crypto crypto = summing_crypto(NULL);
    uint8_t digest[CRYPTO_SHA256_SIZE];
    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(enrolment_proof_digest(&crypto, &proof, digest), STATUS_INVALID);
    name[ENROLMENT_PROOF_NAME_LIMIT] = '\0';
    assert_int_equal(enrolment_proof_digest(&crypto, &proof, digest), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_digest_of_the_documented_bytes),
        cmocka_unit_test(every_part_counts),
        cmocka_unit_test(a_name_without_end_is_refused),
    };
    return cmocka_run_group_tests_name("enrolment_proof", tests, NULL, NULL);
}
