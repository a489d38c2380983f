// SPDX-License-Identifier: MIT

/// Mutual TLS with a key that OpenSSL never sees, against a server in the same process.

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host_entropy.h"
#include "keystore_file.h"
#include "openssl_crypto.h"
#include "tls_identity.h"

enum { DAY_S = 86400 };

/// An authority, a server that it certified, and a device with a keystore.
struct world {
    EVP_PKEY *authority;
    X509 *root;
    SSL_CTX *server;
    struct keystore_file *store;
    struct keystore counting; ///< The store's table, with its signatures counted.
    unsigned signatures;
    enum status sign_status; ///< What sign() says instead of signing, unless it is STATUS_OK.
};

static struct world world;
static char folder[64];
static char ca_path[96];
static char store_path[96];

static X509 *certify(EVP_PKEY *key, const char *name, long from_s, long until_s)
{
    X509 *made = X509_new();
    assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), random() + 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), until_s));
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                                                (const uint8_t *)name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_pubkey(made, key), 1);
    X509_NAME *issuer = X509_get_subject_name(world.root != NULL ? world.root : made);
    assert_int_equal(X509_set_issuer_name(made, issuer), 1);
    if (world.root == NULL) {
        X509_EXTENSION *is_ca =
            X509V3_EXT_nconf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
        assert_int_equal(X509_add_ext(made, is_ca, -1), 1);
        X509_EXTENSION_free(is_ca);
    }
    assert_true(X509_sign(made, world.authority, EVP_sha256()) > 0);
    return made;
}

static EVP_PKEY *public_half(const uint8_t key[KEYSTORE_PUBLIC_SIZE])
{
    EVP_PKEY *curve = EVP_EC_gen("P-256");
    EVP_PKEY *half = EVP_PKEY_new();
    assert_int_equal(EVP_PKEY_copy_parameters(half, curve), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(half, key, KEYSTORE_PUBLIC_SIZE), 1);
    EVP_PKEY_free(curve);
    return half;
}

static enum status counted_sign(void *ctx, enum keystore_slot slot, const uint8_t *digest,
                                uint8_t *signature)
{
    const struct keystore *keystore = keystore_file_table(world.store);
    (void)ctx;
    world.signatures++;
    return world.sign_status == STATUS_OK ? keystore->sign(keystore->ctx, slot, digest, signature)
                                          : world.sign_status;
}

/// Makes a key in the slot, and a certificate for it.
static void enrol(enum keystore_slot slot, long from_s, long until_s)
{
    const struct keystore *keystore = keystore_file_table(world.store);
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    uint8_t *der = NULL;

    assert_int_equal(keystore->generate(keystore->ctx, slot, key), STATUS_OK);
    EVP_PKEY *half = public_half(key);
    X509 *certificate = certify(half, "meter-1", from_s, until_s);
    const int size = i2d_X509(certificate, &der);
    assert_int_equal(keystore->set_certificate(keystore->ctx, slot, der, (size_t)size), STATUS_OK);
    OPENSSL_free(der);
    X509_free(certificate);
    EVP_PKEY_free(half);
}

static void make_server(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certify(key, "localhost", -DAY_S, DAY_S);
    world.server = SSL_CTX_new(TLS_server_method());
    assert_non_null(world.server);
    assert_int_equal(SSL_CTX_use_certificate(world.server, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(world.server, key), 1);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(world.server), world.root), 1);
    SSL_CTX_set_verify(world.server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int prepare(void **state)
{
    static struct crypto crypto;
    static struct entropy entropy;
    static const uint8_t seal_key[KEYSTORE_FILE_SEAL_SIZE] = { 5 };
    (void)state;
    crypto = openssl_crypto();
    entropy = host_entropy();
    (void)snprintf(folder, sizeof folder, "/tmp/ohm-test-slot-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(ca_path, sizeof ca_path, "%s/ca.pem", folder);
    (void)snprintf(store_path, sizeof store_path, "%s/keys", folder);

    world = (struct world){ .authority = EVP_EC_gen("P-256") };
    world.root = certify(world.authority, "root", -DAY_S, DAY_S);
    FILE *file = fopen(ca_path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, world.root), 1);
    assert_int_equal(fclose(file), 0);
    make_server();
    const struct keystore_file_parts parts = {
        .path = store_path, .seal_key = seal_key, .crypto = &crypto, .entropy = &entropy
    };
    assert_int_equal(keystore_file_open(&world.store, &parts), STATUS_OK);
    world.counting = *keystore_file_table(world.store);
    world.counting.sign = counted_sign;
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    keystore_file_close(world.store);
    SSL_CTX_free(world.server);
    X509_free(world.root);
    EVP_PKEY_free(world.authority);
    (void)unlink(ca_path);
    (void)unlink(store_path);
    return rmdir(folder);
}

static enum status open_slot(enum keystore_slot slot, const char *host, SSL_CTX **context,
                             char fault[TLS_IDENTITY_FAULT_SIZE])
{
    const struct tls_identity_slot identity = { .keystore = &world.counting,
                                                .slot = slot,
                                                .ca = ca_path };
    return tls_identity_open_slot(&identity, host, context, fault);
}

/// Lets both sides talk until neither has anything to say. @return whether both are content.
static bool shake_hands(SSL *client, SSL *server)
{
    int client_done = 0;
    int server_done = 0;
    for (unsigned round = 0; round < 20; round++) {
        client_done = SSL_do_handshake(client);
        server_done = SSL_do_handshake(server);
        char byte = 0;
        (void)SSL_read(client, &byte, 0); // TLS 1.3: what the server said after its end.
    }
    ERR_clear_error();
    return client_done == 1 && server_done == 1;
}

static void join(SSL *client, SSL *server)
{
    BIO *ends[2] = { NULL, NULL };
    assert_int_equal(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0), 1);
    SSL_set_bio(client, ends[0], ends[0]);
    SSL_set_bio(server, ends[1], ends[1]);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
}

/// One connection with this version alone, on which a word goes each way.
static bool connect_with(SSL_CTX *context, int version)
{
    SSL *client = SSL_new(context);
    SSL *server = SSL_new(world.server);
    char name[32] = "";
    assert_int_equal(SSL_set_min_proto_version(client, version), 1);
    assert_int_equal(SSL_set_max_proto_version(client, version), 1);
    join(client, server);
    bool good = shake_hands(client, server);
    if (good) {
        X509 *peer = SSL_get1_peer_certificate(server);
        char word[8] = "";
        assert_non_null(peer);
        assert_int_equal(SSL_get_verify_result(server), X509_V_OK);
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name,
                                        sizeof name);
        assert_string_equal(name, "meter-1");
        assert_int_equal(SSL_version(client), version);
        good = SSL_write(client, "hello", 5) == 5 && SSL_read(server, word, 5) == 5 &&
               strcmp(word, "hello") == 0;
        X509_free(peer);
    }
    SSL_free(client);
    SSL_free(server);
    return good;
}

static void the_keystore_signs_for_tls_1_2_and_1_3(void **state)
{
    (void)state;
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    enrol(KEYSTORE_IDENTITY_A, -DAY_S, DAY_S);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_A, "localhost", &context, fault), STATUS_OK);
    assert_string_equal(fault, "");
    for (size_t i = 0; i < 2; i++) {
        world.signatures = 0;
        assert_true(connect_with(context, versions[i]));
        assert_int_equal(world.signatures, 1);
    }
    SSL_CTX_free(context);
}

static void each_slot_shows_its_own_certificate(void **state)
{
    (void)state;
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *contexts[2] = { NULL, NULL };

    enrol(KEYSTORE_IDENTITY_A, -DAY_S, DAY_S);
    enrol(KEYSTORE_IDENTITY_B, -DAY_S, DAY_S);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_A, "localhost", &contexts[0], fault), STATUS_OK);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_B, "localhost", &contexts[1], fault), STATUS_OK);
    assert_int_not_equal(
        X509_cmp(SSL_CTX_get0_certificate(contexts[0]), SSL_CTX_get0_certificate(contexts[1])), 0);
    assert_true(connect_with(contexts[1], TLS1_3_VERSION));
    assert_true(connect_with(contexts[0], TLS1_2_VERSION));
    SSL_CTX_free(contexts[0]);
    SSL_CTX_free(contexts[1]);
}

static void the_handshake_fails_when_the_keystore_does(void **state)
{
    (void)state;
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    enrol(KEYSTORE_IDENTITY_A, -DAY_S, DAY_S);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_A, "localhost", &context, fault), STATUS_OK);
    world.sign_status = STATUS_IO;
    assert_false(connect_with(context, TLS1_2_VERSION));
    assert_false(connect_with(context, TLS1_3_VERSION));
    world.sign_status = STATUS_OK;
    assert_true(connect_with(context, TLS1_3_VERSION));
    SSL_CTX_free(context);
}

/// A key that was made anew after the context: its signatures are not those of the certificate.
static void no_other_key_passes_for_the_certificate(void **state)
{
    (void)state;
    const struct keystore *keystore = keystore_file_table(world.store);
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    enrol(KEYSTORE_IDENTITY_A, -DAY_S, DAY_S);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_A, "localhost", &context, fault), STATUS_OK);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_A, key), STATUS_OK);
    assert_false(connect_with(context, TLS1_2_VERSION));
    assert_false(connect_with(context, TLS1_3_VERSION));
    SSL_CTX_free(context);
}

static void checks_the_servers_name_and_authority(void **state)
{
    (void)state;
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    enrol(KEYSTORE_IDENTITY_A, -DAY_S, DAY_S);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_A, "elsewhere", &context, fault), STATUS_OK);
    world.signatures = 0;
    assert_false(connect_with(context, TLS1_2_VERSION));
    assert_false(connect_with(context, TLS1_3_VERSION));
    assert_int_equal(world.signatures, 0); // Nothing is signed for a stranger.
    SSL_CTX_free(context);
}

static void says_what_is_wrong_with_the_slot(void **state)
{
    (void)state;
    const struct keystore *keystore = keystore_file_table(world.store);
    uint8_t key[KEYSTORE_PUBLIC_SIZE];
    uint8_t der[KEYSTORE_CERTIFICATE_LIMIT];
    size_t size = 0;
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    assert_int_equal(keystore->erase(keystore->ctx, KEYSTORE_IDENTITY_B), STATUS_OK);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_B, "localhost", &context, fault), STATUS_MISSING);
    assert_non_null(strstr(fault, "enrol the device"));

    enrol(KEYSTORE_IDENTITY_A, -DAY_S, DAY_S);
    assert_int_equal(
        keystore->certificate(keystore->ctx, KEYSTORE_IDENTITY_A, der, sizeof der, &size),
        STATUS_OK);
    assert_int_equal(keystore->generate(keystore->ctx, KEYSTORE_IDENTITY_B, key), STATUS_OK);
    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_B, der, size),
                     STATUS_OK);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_B, "localhost", &context, fault), STATUS_CORRUPT);
    assert_non_null(strstr(fault, "not that of its certificate"));

    assert_int_equal(keystore->set_certificate(keystore->ctx, KEYSTORE_IDENTITY_B, der, size - 1),
                     STATUS_OK);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_B, "localhost", &context, fault), STATUS_CORRUPT);
    assert_non_null(strstr(fault, "certificate is none"));

    enrol(KEYSTORE_IDENTITY_B, -2L * DAY_S, -DAY_S);
    assert_int_equal(open_slot(KEYSTORE_IDENTITY_B, "localhost", &context, fault), STATUS_INVALID);
    assert_non_null(strstr(fault, "expired on"));

    enrol(KEYSTORE_ATTEST, -DAY_S, DAY_S);
    assert_int_equal(open_slot(KEYSTORE_ATTEST, "localhost", &context, fault), STATUS_CORRUPT);
    assert_null(context);
}

/// Before it has a certificate a device still knows whom it talks to.
static void without_a_keystore_it_is_nobody_and_checks_the_server(void **state)
{
    (void)state;
    const struct tls_identity_slot nobody = { .ca = ca_path };
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    assert_int_equal(tls_identity_open_slot(&nobody, "localhost", &context, fault), STATUS_OK);
    assert_int_equal(SSL_CTX_get_verify_mode(context), SSL_VERIFY_PEER);
    assert_null(SSL_CTX_get0_certificate(context));
    assert_false(connect_with(context, TLS1_2_VERSION)); // This server wants to know who it is.
    SSL_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keystore_signs_for_tls_1_2_and_1_3),
        cmocka_unit_test(each_slot_shows_its_own_certificate),
        cmocka_unit_test(the_handshake_fails_when_the_keystore_does),
        cmocka_unit_test(no_other_key_passes_for_the_certificate),
        cmocka_unit_test(checks_the_servers_name_and_authority),
        cmocka_unit_test(says_what_is_wrong_with_the_slot),
        cmocka_unit_test(without_a_keystore_it_is_nobody_and_checks_the_server),
    };
    return cmocka_run_group_tests_name("tls_identity_slot", tests, prepare, clean_up);
}
