// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "identity_list.h"

enum { FEW = 5, MANY = 12345 };

static const uint64_t made_at_s = 1763690000;

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    (void)ctx;
    bool good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; i < count; i++) {
        good = good && EVP_DigestUpdate(hash, parts[i].data, parts[i].size) == 1;
    }
    good = good && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
    EVP_MD_CTX_free(hash);
    return good ? STATUS_OK : STATUS_IO;
}

static enum status broken_sha256(void *ctx, const struct crypto_part *parts, size_t count,
                                 uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    (void)parts;
    (void)count;
    (void)digest;
    return STATUS_IO;
}

static const struct crypto crypto = { .sha256 = sha256 };

/// Device `index`, with a digest that looks random and differs for every index.
static struct identity_entry entry_of(unsigned index)
{
    struct identity_entry entry = {
        .state = (enum identity_state)(IDENTITY_PENDING + index % 4),
        .role = (enum identity_role)(IDENTITY_DEVICE + index % 3),
    };
    const struct crypto_part part = { &index, sizeof index };
    assert_int_equal(sha256(NULL, &part, 1, entry.certificate_sha256), STATUS_OK);
    (void)snprintf(entry.name, sizeof entry.name, "meter-%u", index);
    return entry;
}

static uint8_t *list_of(unsigned count, size_t *size)
{
    struct identity_list_writer writer;
    const size_t capacity = identity_list_size(count);
    uint8_t *data = malloc(capacity);
    assert_non_null(data);
    assert_int_equal(identity_list_begin(&writer, data, capacity, made_at_s), STATUS_OK);
    for (unsigned i = 0; i < count; i++) {
        const struct identity_entry entry = entry_of(i);
        assert_int_equal(identity_list_add(&writer, &entry), STATUS_OK);
    }
    assert_int_equal(identity_list_end(&writer, &crypto, size), STATUS_OK);
    assert_int_equal(*size, capacity);
    return data;
}

/// Puts a digest that fits behind bytes that were changed on purpose.
static void seal_again(uint8_t *data, size_t size)
{
    const struct crypto_part part = { data, size - CRYPTO_SHA256_SIZE };
    assert_int_equal(sha256(NULL, &part, 1, data + part.size), STATUS_OK);
}

static void gives_back_every_certificate(void **state)
{
    size_t size = 0;
    uint8_t *data = list_of(MANY, &size);
    struct identity_list list;
    struct identity_entry found;
    (void)state;

    assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_OK);
    assert_int_equal(list.count, MANY);
    assert_int_equal(list.made_at_s, made_at_s);
    for (unsigned i = 0; i < MANY; i++) {
        const struct identity_entry entry = entry_of(i);
        assert_int_equal(identity_list_find(&list, entry.certificate_sha256, &found), STATUS_OK);
        assert_string_equal(found.name, entry.name);
        assert_int_equal(found.state, entry.state);
        assert_int_equal(found.role, entry.role);
    }
    const struct identity_entry stranger = entry_of(MANY);
    assert_int_equal(identity_list_find(&list, stranger.certificate_sha256, &found),
                     STATUS_MISSING);
    free(data);
}

static void may_be_empty(void **state)
{
    size_t size = 0;
    uint8_t *data = list_of(0, &size);
    struct identity_list list;
    struct identity_entry entry = entry_of(0);
    (void)state;

    assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_OK);
    assert_int_equal(identity_list_find(&list, entry.certificate_sha256, &entry), STATUS_MISSING);
    assert_int_equal(identity_list_at(&list, 0, &entry), STATUS_MISSING);
    free(data);
}

static void refuses_every_shorter_and_longer_list(void **state)
{
    size_t size = 0;
    uint8_t *data = list_of(FEW, &size);
    struct identity_list list;
    (void)state;

    for (size_t shorter = 0; shorter < size; shorter++) {
        uint8_t *cut = malloc(shorter + 1); // No byte behind the end that a reader could find.
        assert_non_null(cut);
        memcpy(cut, data, shorter);
        assert_int_equal(identity_list_open(&list, cut, shorter, &crypto), STATUS_CORRUPT);
        free(cut);
    }
    uint8_t *longer = calloc(1, size + IDENTITY_RECORD_SIZE);
    assert_non_null(longer);
    memcpy(longer, data, size);
    for (size_t more = 1; more <= IDENTITY_RECORD_SIZE; more++) {
        assert_int_equal(identity_list_open(&list, longer, size + more, &crypto), STATUS_CORRUPT);
    }
    free(longer);
    free(data);
}

static void refuses_every_altered_byte(void **state)
{
    size_t size = 0;
    uint8_t *data = list_of(FEW, &size);
    struct identity_list list;
    (void)state;

    for (size_t i = 0; i < size * 8; i++) {
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_CORRUPT);
        data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_OK);
    free(data);
}

/// A digest that fits does not make sense of nonsense.
static void refuses_records_that_mean_nothing(void **state)
{
    static const struct {
        size_t offset; ///< In the first record.
        uint8_t value;
    } cases[] = {
        { 32, 0 },    { 32, 5 },   { 33, 0 },   { 33, 4 },    { 34, 0 },   { 34, 33 },
        { 34, 255 },  { 35, 1 },   { 36, '/' }, { 36, '#' },  { 36, '+' }, { 37, 0 },
        { 36, 0xC3 }, { 67, 'x' }, { 68, 1 },   { 71, 0x80 },
    };
    size_t size = 0;
    uint8_t *data = list_of(FEW, &size);
    struct identity_list list;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *byte = data + IDENTITY_HEAD_SIZE + cases[i].offset;
        const uint8_t kept = *byte;
        *byte = cases[i].value;
        seal_again(data, size);
        assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_CORRUPT);
        *byte = kept;
    }
    seal_again(data, size);
    assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_OK);
    free(data);
}

static void refuses_a_certificate_that_is_there_twice(void **state)
{
    uint8_t data[4096];
    struct identity_list_writer writer;
    size_t size = 0;
    const struct identity_entry entry = entry_of(1);
    (void)state;

    assert_int_equal(identity_list_begin(&writer, data, sizeof data, made_at_s), STATUS_OK);
    assert_int_equal(identity_list_add(&writer, &entry), STATUS_OK);
    assert_int_equal(identity_list_add(&writer, &entry), STATUS_OK);
    assert_int_equal(identity_list_end(&writer, &crypto, &size), STATUS_INVALID);

    uint8_t *made = list_of(2, &size);
    struct identity_list list;
    memcpy(made + IDENTITY_HEAD_SIZE + IDENTITY_RECORD_SIZE, made + IDENTITY_HEAD_SIZE,
           IDENTITY_RECORD_SIZE);
    seal_again(made, size);
    assert_int_equal(identity_list_open(&list, made, size, &crypto), STATUS_CORRUPT);
    free(made);
}

static void refuses_a_list_out_of_order(void **state)
{
    uint8_t kept[IDENTITY_RECORD_SIZE];
    size_t size = 0;
    uint8_t *data = list_of(2, &size);
    uint8_t *first = data + IDENTITY_HEAD_SIZE;
    uint8_t *second = first + IDENTITY_RECORD_SIZE;
    struct identity_list list;
    (void)state;

    memcpy(kept, first, sizeof kept);
    memcpy(first, second, sizeof kept);
    memcpy(second, kept, sizeof kept);
    seal_again(data, size);
    assert_int_equal(identity_list_open(&list, data, size, &crypto), STATUS_CORRUPT);
    free(data);
}

static void takes_only_what_it_would_read_back(void **state)
{
    static const char *const bad_names[] = { "", "a/b", "#", "+", "a b", "m\xC3\xA9ter", "a\n" };
    uint8_t data[IDENTITY_HEAD_SIZE + IDENTITY_RECORD_SIZE + IDENTITY_END_SIZE];
    struct identity_list_writer writer;
    struct identity_entry entry = entry_of(1);
    (void)state;

    assert_int_equal(identity_list_begin(&writer, data, IDENTITY_HEAD_SIZE, 0), STATUS_FULL);
    assert_int_equal(identity_list_begin(&writer, data, sizeof data, 0), STATUS_OK);
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
        struct identity_entry bad = entry;
        (void)snprintf(bad.name, sizeof bad.name, "%s", bad_names[i]);
        assert_int_equal(identity_list_add(&writer, &bad), STATUS_INVALID);
    }
    struct identity_entry bad = entry;
    memset(bad.name, 'a', sizeof bad.name);
    assert_int_equal(identity_list_add(&writer, &bad), STATUS_INVALID);
    bad = entry;
    bad.state = (enum identity_state)0;
    assert_int_equal(identity_list_add(&writer, &bad), STATUS_INVALID);
    bad = entry;
    bad.role = (enum identity_role)4;
    assert_int_equal(identity_list_add(&writer, &bad), STATUS_INVALID);
    memset(entry.name, 'a', 32);
    entry.name[32] = '\0';
    assert_int_equal(identity_list_add(&writer, &entry), STATUS_OK);
    entry = entry_of(2);
    assert_int_equal(identity_list_add(&writer, &entry), STATUS_FULL);
    assert_int_equal(identity_list_size(IDENTITY_LIST_LIMIT + 1), 0);
}

static void says_when_there_is_no_digest(void **state)
{
    const struct crypto broken = { .sha256 = broken_sha256 };
    size_t size = 0;
    uint8_t *data = list_of(FEW, &size);
    struct identity_list list;
    (void)state;

    assert_int_equal(identity_list_open(&list, data, size, &broken), STATUS_IO);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_every_certificate),
        cmocka_unit_test(may_be_empty),
        cmocka_unit_test(refuses_every_shorter_and_longer_list),
        cmocka_unit_test(refuses_every_altered_byte),
        cmocka_unit_test(refuses_records_that_mean_nothing),
        cmocka_unit_test(refuses_a_certificate_that_is_there_twice),
        cmocka_unit_test(refuses_a_list_out_of_order),
        cmocka_unit_test(takes_only_what_it_would_read_back),
        cmocka_unit_test(says_when_there_is_no_digest),
    };
    return cmocka_run_group_tests_name("identity_list", tests, NULL, NULL);
}
