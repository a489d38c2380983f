// SPDX-License-Identifier: MIT

/// What the server tells everybody about certificates: who was withdrawn, and what it wishes for.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "http_test_client.h"

#define HOUR_MS (INT64_C(3600) * 1000)

static struct http_test_bed bed;
static struct http_client client;

static int open_bed(void **state)
{
    const struct http_server_config config = { .local = true };
    (void)state;
    bed_open_enrolling(&bed, &config);
    client_open(&client, &bed, false);
    return 0;
}

static int close_bed(void **state)
{
    (void)state;
    client_close(&client);
    bed_close(&bed);
    return 0;
}

static void fetch(char etag[512])
{
    char value[512];
    assert_int_equal(client_send(&client, "GET", "/v1/crl", NULL), 200);
    assert_string_equal(client_header(&client, "Content-Type", value), "application/pkix-crl");
    assert_string_equal(client_header(&client, "Cache-Control", value), "public, max-age=300");
    const uint8_t *at = (const uint8_t *)client.body;
    X509_CRL *list = d2i_X509_CRL(NULL, &at, (long)client.body_size);
    assert_non_null(list);
    assert_ptr_equal(at, client.body + client.body_size);
    X509_CRL_free(list);
    assert_true(strlen(client_header(&client, "ETag", etag)) > 2);
}

static void everybody_gets_the_list_at_every_listener(void **state)
{
    struct http_client plain;
    char etag[512];
    char value[512];
    (void)state;
    fetch(etag);
    assert_int_equal(strlen(client_header(&client, "Last-Modified", value)), 29);
    client.as_device = true;
    fetch(etag);
    client_open(&plain, &bed, true);
    assert_int_equal(client_send(&plain, "GET", "/v1/crl", NULL), 200);
    client_close(&plain);
    assert_int_equal(client_send(&client, "POST", "/v1/crl", "{}"), 405);
    assert_int_equal(client_send(&client, "GET", "/v1/crl?x=1", NULL), 400);
}

static void a_cache_is_told_whether_there_is_a_new_list(void **state)
{
    char first[512];
    char header[640];
    char etag[512];
    (void)state;
    fetch(first);
    (void)snprintf(header, sizeof header, "If-None-Match: %s", first);
    client.headers[0] = header;
    assert_int_equal(client_send(&client, "GET", "/v1/crl", NULL), 304);
    assert_int_equal(client.body_size, 0);
    assert_string_equal(client_header(&client, "ETag", etag), first);
    bed_skip_ms(&bed, 6 * HOUR_MS);
    client.headers[0] = header;
    assert_int_equal(client_send(&client, "GET", "/v1/crl", NULL), 200);
    assert_string_not_equal(client_header(&client, "ETag", etag), first);
}

static const char *name_of(const ASN1_OBJECT *object)
{
    return OBJ_nid2sn(OBJ_obj2nid(object));
}

static void asks_for_a_key_on_p256_and_a_request_signed_with_sha256(void **state)
{
    uint8_t der[128];
    char value[512];
    (void)state;
    client.as_device = true;
    assert_int_equal(client_send(&client, "GET", "/.well-known/est/csrattrs", NULL), 200);
    assert_string_equal(client_header(&client, "Content-Type", value), "application/csrattrs");
    assert_string_equal(client_header(&client, "Content-Transfer-Encoding", value), "base64");
    client.body[strcspn(client.body, "\n")] = '\0';
    const int size = EVP_DecodeBlock(der, (const uint8_t *)client.body, (int)strlen(client.body));
    assert_true(size > 0);
    const uint8_t *at = der;
    ASN1_SEQUENCE_ANY *wishes = d2i_ASN1_SEQUENCE_ANY(NULL, &at, size);
    assert_non_null(wishes);
    assert_int_equal(sk_ASN1_TYPE_num(wishes), 2);
    const ASN1_TYPE *first = sk_ASN1_TYPE_value(wishes, 0);
    const ASN1_TYPE *second = sk_ASN1_TYPE_value(wishes, 1);
    assert_int_equal(first->type, V_ASN1_SEQUENCE);
    at = ASN1_STRING_get0_data(first->value.sequence);
    X509_ATTRIBUTE *attribute =
        d2i_X509_ATTRIBUTE(NULL, &at, ASN1_STRING_length(first->value.sequence));
    assert_non_null(attribute);
    assert_string_equal(name_of(X509_ATTRIBUTE_get0_object(attribute)), "id-ecPublicKey");
    assert_int_equal(X509_ATTRIBUTE_count(attribute), 1);
    const ASN1_TYPE *curve = X509_ATTRIBUTE_get0_type(attribute, 0);
    assert_int_equal(curve->type, V_ASN1_OBJECT);
    assert_string_equal(name_of(curve->value.object), "prime256v1");
    assert_int_equal(second->type, V_ASN1_OBJECT);
    assert_string_equal(name_of(second->value.object), "ecdsa-with-SHA256");
    X509_ATTRIBUTE_free(attribute);
    sk_ASN1_TYPE_pop_free(wishes, ASN1_TYPE_free);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_gets_the_list_at_every_listener),
        TEST(a_cache_is_told_whether_there_is_a_new_list),
        TEST(asks_for_a_key_on_p256_and_a_request_signed_with_sha256),
    };
    return cmocka_run_group_tests_name("http_revocations", tests, NULL, NULL);
}
