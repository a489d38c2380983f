// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "authority.h"
#include "test_folder.h"

enum { NOW_S = 1763726400, DAY = 86400 };

static char folder[64];
static char reason[AUTHORITY_REASON_SIZE];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/dev/shm/authority_XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    return test_folder_remove(folder);
}

static struct authority *open_at(int64_t now_s)
{
    const struct authority_options options = { .folder = folder, .now_s = now_s };
    struct authority *authority = NULL;
    if (authority_open(&options, &authority, reason) != STATUS_OK) {
        fail_msg("%s", reason);
    }
    return authority;
}

static void refuses_to_open(const char *because)
{
    const struct authority_options options = { .folder = folder, .now_s = NOW_S };
    struct authority *authority = NULL;
    assert_int_equal(authority_open(&options, &authority, reason), STATUS_INVALID);
    if (strstr(reason, because) == NULL) {
        fail_msg("%s", reason);
    }
}

static const char *at(const char *file)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    return path;
}

static struct certificate_order make_order(const char *device_id, EVP_PKEY *key)
{
    struct certificate_order order = {
        .device_id = device_id, .serial = { 0xFF, 1, 2, 3 }, .now_s = NOW_S, .life_s = 90 * DAY
    };
    size_t size = 0;
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(key, "pub", order.key, sizeof order.key, &size), 1);
    return order;
}

static X509 *parse(const struct certificate *certificate)
{
    const unsigned char *bytes = certificate->der;
    X509 *parsed = d2i_X509(NULL, &bytes, (long)certificate->size);
    assert_non_null(parsed);
    return parsed;
}

/// The text of an extension as OpenSSL prints it, with "critical " before it.
static const char *show(const X509 *certificate, int nid, char text[256])
{
    const int index = X509_get_ext_by_NID(certificate, nid, -1);
    char *data = NULL;
    assert_true(index >= 0);
    X509_EXTENSION *extension = X509_get_ext(certificate, index);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(X509V3_EXT_print(bio, extension, 0, 0), 1);
    const long size = BIO_get_mem_data(bio, &data);
    (void)snprintf(text, 256, "%s%.*s", X509_EXTENSION_get_critical(extension) ? "critical " : "",
                   (int)size, data);
    BIO_free(bio);
    return text;
}

static void device_certificates_have_exactly_the_profile(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    const struct certificate_authority *table = authority_table(authority);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("meter-1", key);
    struct certificate made;
    char text[256];
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    X509 *certificate = parse(&made);

    assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
    assert_int_equal(X509_get_ext_count(certificate), 6);
    assert_string_equal(show(certificate, NID_basic_constraints, text), "critical CA:FALSE");
    assert_string_equal(show(certificate, NID_key_usage, text), "critical Digital Signature");
    assert_string_equal(show(certificate, NID_ext_key_usage, text),
                        "TLS Web Client Authentication");
    assert_string_equal(show(certificate, NID_subject_alt_name, text), "URI:urn:em:device:meter-1");
    assert_true(X509_get_ext_by_NID(certificate, NID_subject_key_identifier, -1) >= 0);
    assert_true(X509_get_ext_by_NID(certificate, NID_authority_key_identifier, -1) >= 0);
    assert_string_equal(X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text),
                        "/O=Ohmstead/CN=meter-1");
    assert_int_equal(made.not_before_s, NOW_S - 3600);
    assert_int_equal(made.not_after_s, NOW_S + 90 * DAY);
    assert_int_equal(made.serial[0], 0x7F);
    assert_int_equal(made.serial[3], 3);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(certificate)), 16);
    assert_int_equal(X509_get_signature_nid(certificate), NID_ecdsa_with_SHA256);
    X509_free(certificate);
    EVP_PKEY_free(key);
    authority_close(authority);
}

static X509 *parse_pem(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(certificate);
    BIO_free(bio);
    return certificate;
}

static X509 *read_file(const char *file)
{
    FILE *stream = fopen(at(file), "r");
    assert_non_null(stream);
    X509 *certificate = PEM_read_X509(stream, NULL, NULL, NULL);
    assert_non_null(certificate);
    (void)fclose(stream);
    return certificate;
}

/// Verifies with the root as the only thing trusted. @return X509_V_OK or the error.
static int verify(struct authority *authority, X509 *leaf, enum authority_part by, int purpose,
                  const char *host)
{
    const struct certificate_authority *table = authority_table(authority);
    X509 *root = parse_pem(table->part(table->ctx, AUTHORITY_PART_ROOT));
    X509 *issuer = parse_pem(table->part(table->ctx, by));
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    assert_true(sk_X509_push(chain, issuer) > 0);
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, chain), 1);
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, NOW_S);
    assert_int_equal(X509_VERIFY_PARAM_set_purpose(parameters, purpose), 1);
    assert_int_equal(X509_VERIFY_PARAM_set1_host(parameters, host, 0), 1);
    (void)X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_free(chain);
    X509_free(issuer);
    X509_free(root);
    return error;
}

static void devices_verify_as_clients_and_never_as_servers(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    const struct certificate_authority *table = authority_table(authority);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("localhost", key);
    struct certificate made;
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    X509 *device = parse(&made);
    X509 *broker = read_file("broker/cert.pem");

    assert_int_equal(
        verify(authority, device, AUTHORITY_PART_DEVICES, X509_PURPOSE_SSL_CLIENT, NULL),
        X509_V_OK);
    assert_int_equal(
        verify(authority, device, AUTHORITY_PART_DEVICES, X509_PURPOSE_SSL_SERVER, NULL),
        X509_V_ERR_INVALID_PURPOSE);
    assert_int_equal(
        verify(authority, broker, AUTHORITY_PART_SERVERS, X509_PURPOSE_SSL_SERVER, "localhost"),
        X509_V_OK);
    assert_int_equal(
        verify(authority, broker, AUTHORITY_PART_SERVERS, X509_PURPOSE_SSL_SERVER, "example.org"),
        X509_V_ERR_HOSTNAME_MISMATCH);
    assert_int_equal(
        verify(authority, broker, AUTHORITY_PART_SERVERS, X509_PURPOSE_SSL_CLIENT, NULL),
        X509_V_ERR_INVALID_PURPOSE);
    X509_free(broker);
    X509_free(device);
    EVP_PKEY_free(key);
    authority_close(authority);
}

/// Signs a certificate with a key of the folder, as somebody could who has stolen it.
static X509 *forge(const char *issuer_file, const char *key_file, const char *extension_name,
                   const char *usage)
{
    X509 *issuer = read_file(issuer_file);
    FILE *stream = fopen(at(key_file), "r");
    assert_non_null(stream);
    EVP_PKEY *issuer_key = PEM_read_PrivateKey(stream, NULL, NULL, NULL);
    (void)fclose(stream);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, made, NULL, NULL, 0);
    assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
    // As long as a serial must be, or the certificate would be refused for that.
    assert_int_equal(ASN1_STRING_set(X509_get_serialNumber(made),
                                     "\x41"
                                     "123456789abcdef",
                                     16),
                     1);
    assert_int_equal(X509_set_issuer_name(made, X509_get_subject_name(issuer)), 1);
    assert_int_equal(X509_NAME_add_entry_by_NID(X509_get_subject_name(made), NID_commonName,
                                                MBSTRING_UTF8, (const unsigned char *)"meter-1", -1,
                                                -1, 0),
                     1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(made), NOW_S - 1));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(made), NOW_S + DAY));
    assert_int_equal(X509_set_pubkey(made, key), 1);
    X509_EXTENSION *kind = X509V3_EXT_conf(NULL, &context, "extendedKeyUsage", usage);
    assert_int_equal(X509_add_ext(made, kind, -1), 1);
    X509_EXTENSION_free(kind);
    if (extension_name != NULL) {
        X509_EXTENSION *name = X509V3_EXT_conf(NULL, &context, "subjectAltName", extension_name);
        assert_int_equal(X509_add_ext(made, name, -1), 1);
        X509_EXTENSION_free(name);
    }
    assert_true(X509_sign(made, issuer_key, EVP_sha256()) > 0);
    EVP_PKEY_free(issuer_key);
    EVP_PKEY_free(key);
    X509_free(issuer);
    return made;
}

static void a_stolen_key_of_devices_cannot_name_a_host(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    static const char *const names[] = { "DNS:localhost", "IP:127.0.0.1", "IP:::1" };
    for (size_t i = 0; i < 3; i++) {
        X509 *forged = forge("devices.pem", "devices_key.pem", names[i], "clientAuth");
        assert_int_equal(
            verify(authority, forged, AUTHORITY_PART_DEVICES, X509_PURPOSE_SSL_CLIENT, NULL),
            X509_V_ERR_EXCLUDED_VIOLATION);
        X509_free(forged);
    }
    authority_close(authority);
}

static enum status recognise(struct authority *authority, X509 *certificate)
{
    const struct certificate_authority *table = authority_table(authority);
    char name[CERTIFICATE_NAME_SIZE];
    struct certificate found;
    uint8_t der[2048];
    unsigned char *to = der;
    const int size = i2d_X509(certificate, &to);
    return table->recognise(table->ctx, der, (size_t)size, &found, name);
}

static void recognises_its_own_devices_and_nothing_else(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    const struct certificate_authority *table = authority_table(authority);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("meter-1", key);
    struct certificate made;
    struct certificate found;
    char name[CERTIFICATE_NAME_SIZE];

    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    assert_int_equal(table->recognise(table->ctx, made.der, made.size, &found, name), STATUS_OK);
    assert_string_equal(name, "meter-1");
    assert_memory_equal(found.fingerprint, made.fingerprint, sizeof made.fingerprint);
    assert_memory_equal(found.serial, made.serial, sizeof made.serial);
    assert_int_equal(table->recognise(table->ctx, made.der, made.size - 1, &found, name),
                     STATUS_CORRUPT);
    assert_int_equal(table->recognise(table->ctx, made.der, 0, &found, name), STATUS_CORRUPT);
    made.der[made.size - 1] ^= 1;
    assert_int_equal(table->recognise(table->ctx, made.der, made.size, &found, name),
                     STATUS_CORRUPT);

    X509 *client = forge("devices.pem", "devices_key.pem", NULL, "clientAuth");
    assert_int_equal(recognise(authority, client), STATUS_OK); // The forging itself is sound.
    X509 *wrong_usage = forge("devices.pem", "devices_key.pem", NULL, "serverAuth");
    assert_int_equal(recognise(authority, wrong_usage), STATUS_CORRUPT);
    X509 *both = forge("devices.pem", "devices_key.pem", NULL, "clientAuth,serverAuth");
    assert_int_equal(recognise(authority, both), STATUS_CORRUPT);
    X509 *other_branch = forge("servers.pem", "servers_key.pem", NULL, "clientAuth");
    assert_int_equal(recognise(authority, other_branch), STATUS_CORRUPT);
    X509 *intermediate = read_file("devices.pem");
    assert_int_equal(recognise(authority, intermediate), STATUS_CORRUPT);
    X509_free(intermediate);
    X509_free(other_branch);
    X509_free(both);
    X509_free(wrong_usage);
    X509_free(client);
    EVP_PKEY_free(key);
    authority_close(authority);
}

static void another_authority_of_the_same_name_is_a_stranger(void **state)
{
    char first[sizeof folder];
    struct certificate made;
    struct certificate found;
    char name[CERTIFICATE_NAME_SIZE];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("meter-1", key);
    struct authority *other = open_at(NOW_S);
    memcpy(first, folder, sizeof first);
    assert_int_equal(make_folder(state), 0);
    struct authority *authority = open_at(NOW_S);

    assert_int_equal(authority_table(other)->issue(authority_table(other)->ctx, &order, &made),
                     STATUS_OK);
    assert_int_equal(authority_table(authority)->recognise(authority_table(authority)->ctx,
                                                           made.der, made.size, &found, name),
                     STATUS_CORRUPT);
    authority_close(authority);
    authority_close(other);
    EVP_PKEY_free(key);
    assert_int_equal(drop_folder(state), 0);
    memcpy(folder, first, sizeof first);
}

static void a_certificate_does_not_outlive_its_authority(void **state)
{
    (void)state;
    authority_close(open_at(NOW_S));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct certificate_order order = make_order("meter-1", key);
    struct certificate made;
    const int64_t end_s = NOW_S + INT64_C(1) * AUTHORITY_INTERMEDIATE_DAYS * DAY;
    assert_int_equal(unlink(at("root_key.pem")), 0);
    struct authority *authority = open_at(end_s - DAY);
    assert_non_null(authority_warning(authority));
    const struct certificate_authority *table = authority_table(authority);
    order.now_s = end_s - DAY;
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    assert_int_equal(made.not_after_s, end_s);
    order.now_s = end_s;
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_BUSY);
    EVP_PKEY_free(key);
    authority_close(authority);
}

static void renews_an_intermediate_under_its_own_key(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("meter-1", key);
    struct certificate made;
    struct certificate found;
    char name[CERTIFICATE_NAME_SIZE];
    assert_int_equal(
        authority_table(authority)->issue(authority_table(authority)->ctx, &order, &made),
        STATUS_OK);
    authority_close(authority);
    X509 *before = read_file("devices.pem");
    authority = open_at(NOW_S + INT64_C(3000) * DAY);
    X509 *after = read_file("devices.pem");
    assert_int_not_equal(X509_cmp(before, after), 0);
    assert_null(authority_warning(authority));
    assert_int_equal(authority_table(authority)->recognise(authority_table(authority)->ctx,
                                                           made.der, made.size, &found, name),
                     STATUS_OK);
    X509_free(before);
    X509_free(after);
    EVP_PKEY_free(key);
    authority_close(authority);
}

static void goes_on_without_the_root_key(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    char to[128];
    (void)snprintf(to, sizeof to, "%s/carried_away.pem", folder);
    assert_true(authority_has_root_key(authority));
    assert_int_equal(authority_export_root(authority, to), STATUS_OK);
    assert_int_equal(access(at("root_key.pem"), F_OK), -1);
    assert_int_equal(access(to, R_OK), 0);
    assert_false(authority_has_root_key(authority));
    assert_int_equal(authority_export_root(authority, to), STATUS_MISSING);
    authority_close(authority);
    authority = open_at(NOW_S + INT64_C(400) * DAY); // Server certificates are renewed without it.
    X509 *broker = read_file("broker/cert.pem");
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(broker), &(time_t){ NOW_S + 500L * DAY }), 1);
    X509_free(broker);
    authority_close(authority);
}

static void copy_file(const char *from, const char *to)
{
    char text[4096];
    size_t size = 0;
    assert_int_equal(secret_file_read(from, text, sizeof text, &size), STATUS_OK);
    assert_int_equal(secret_file_write(to, text, size, 0600, NULL), STATUS_OK);
}

static void the_root_key_is_brought_back_to_sign_anew_and_taken_away_again(void **state)
{
    (void)state;
    struct authority_options options = { .folder = folder, .now_s = NOW_S };
    struct authority *authority = open_at(NOW_S);
    char away[128];
    char other[128];
    (void)snprintf(away, sizeof away, "%s/carried_away.pem", folder);
    (void)snprintf(other, sizeof other, "%s/other.pem", folder);
    assert_int_equal(authority_export_root(authority, at("root_key.pem")), STATUS_BUSY);
    assert_int_equal(authority_export_root(authority, at("devices_key.pem")), STATUS_BUSY);
    assert_true(authority_has_root_key(authority));
    assert_int_equal(authority_export_root(authority, away), STATUS_OK);
    authority_close(authority);
    X509 *before = read_file("devices.pem");
    options.renew = true;
    assert_int_equal(authority_open(&options, &authority, reason), STATUS_INVALID);
    assert_non_null(strstr(reason, "bring root_key.pem back"));
    copy_file(away, at("root_key.pem"));
    assert_int_equal(authority_open(&options, &authority, reason), STATUS_OK);
    X509 *after = read_file("devices.pem");
    assert_int_not_equal(X509_cmp(before, after), 0);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(before), X509_get0_pubkey(after)), 1);
    // The file it came from is still there, and holds it.
    assert_int_equal(authority_export_root(authority, away), STATUS_OK);
    assert_int_equal(access(at("root_key.pem"), F_OK), -1);
    copy_file(away, other);
    authority_close(authority);
    X509_free(before);
    X509_free(after);
}

static void what_cannot_be_a_cut_is_refused(void **state)
{
    (void)state;
    authority_close(open_at(NOW_S));
    static const struct {
        const char *file;
        const char *because;
    } losses[] = { { "root.pem", "root.pem is gone" },
                   { "devices_key.pem", "devices_key.pem is gone" },
                   { "servers_key.pem", "servers_key.pem is gone" } };
    for (size_t i = 0; i < 3; i++) {
        char aside[160];
        (void)snprintf(aside, sizeof aside, "%s/aside", folder);
        assert_int_equal(rename(at(losses[i].file), aside), 0);
        refuses_to_open(losses[i].because);
        assert_int_equal(rename(aside, at(losses[i].file)), 0);
    }
    assert_int_equal(chmod(at("devices_key.pem"), 0640), 0);
    refuses_to_open("can be read by other users");
    assert_int_equal(chmod(at("devices_key.pem"), 0600), 0);
    assert_int_equal(truncate(at("devices.pem"), 100), 0);
    refuses_to_open("cannot be read as a certificate");
    assert_int_equal(unlink(at("devices.pem")), 0);
    assert_int_equal(unlink(at("root_key.pem")), 0);
    refuses_to_open("root_key.pem is not here to make it");
}

static void keys_are_the_owners_alone(void **state)
{
    (void)state;
    authority_close(open_at(NOW_S));
    static const char *const keys[] = { "root_key.pem",       "devices_key.pem", "servers_key.pem",
                                        "broker/key.pem",     "https/key.pem",   "ohmd/key.pem",
                                        "devices_api/key.pem" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct stat info;
        assert_int_equal(stat(at(keys[i]), &info), 0);
        assert_int_equal(info.st_mode & 07777, 0600);
    }
}

static void host_names_are_added_and_checked(void **state)
{
    (void)state;
    authority_close(open_at(NOW_S));
    struct authority_options options = { .folder = folder,
                                         .now_s = NOW_S,
                                         .hosts = { "meters.example", "192.0.2.7" },
                                         .host_count = 2 };
    struct authority *authority = NULL;
    assert_int_equal(authority_open(&options, &authority, reason), STATUS_OK);
    X509 *broker = read_file("broker/cert.pem");
    assert_int_equal(X509_check_host(broker, "meters.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(broker, "192.0.2.7", 0), 1);
    X509_free(broker);
    authority_close(authority);
    options.hosts[0] = "a,DNS:b";
    assert_int_equal(authority_open(&options, &authority, reason), STATUS_INVALID);
}

static void lists_of_the_withdrawn_name_their_serials(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    const struct certificate_authority *table = authority_table(authority);
    const struct revoked_certificate revoked[] = { { .serial = { 0x41, 7 }, .revoked_s = NOW_S },
                                                   { .serial = { 0x40, 9 }, .revoked_s = NOW_S } };
    uint8_t *der = NULL;
    size_t size = 0;
    assert_int_equal(
        table->write_revocations(table->ctx, revoked, 2, 5, NOW_S, NOW_S + 7 * DAY, &der, &size),
        STATUS_OK);
    const uint8_t *bytes = der;
    X509_CRL *list = d2i_X509_CRL(NULL, &bytes, (long)size);
    assert_ptr_equal(bytes, der + size);
    X509 *issuer = read_file("devices.pem");
    assert_non_null(list);
    assert_int_equal(X509_CRL_verify(list, X509_get0_pubkey(issuer)), 1);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), 2);
    X509_free(issuer);
    X509_CRL_free(list);
    free(der);
    authority_close(authority);
}

/// The address of the first distribution point; empty: there is none.
static void read_list_address(const struct certificate *made, char out[256])
{
    const unsigned char *at = made->der;
    X509 *certificate = d2i_X509(NULL, &at, (long)made->size);
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
    out[0] = '\0';
    if (points != NULL) {
        assert_int_equal(sk_DIST_POINT_num(points), 1);
        const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
        assert_int_equal(name->type, GEN_URI);
        (void)snprintf(out, 256, "%s",
                       (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier));
    }
    CRL_DIST_POINTS_free(points);
    X509_free(certificate);
}

static void certificates_say_where_the_list_is_only_when_it_is_somewhere(void **state)
{
    (void)state;
    static const char *const bad[] = { "ftp://a/b",   "meters.example/crl", "http://a,URI:http://b",
                                       "http://a b/", "http://a;b",         "http://a\nb" };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("meter-1", key);
    struct authority *authority = open_at(NOW_S);
    struct certificate made;
    char url[256];
    const struct certificate_authority *table = authority_table(authority);
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    read_list_address(&made, url);
    assert_string_equal(url, "");
    assert_null(table->revocations_url);
    authority_close(authority);
    struct authority_options options = { .folder = folder,
                                         .now_s = NOW_S,
                                         .crl_url = "http://meters.example:8080/v1/crl" };
    assert_int_equal(authority_open(&options, &authority, reason), STATUS_OK);
    table = authority_table(authority);
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    read_list_address(&made, url);
    assert_string_equal(url, options.crl_url);
    assert_string_equal(table->revocations_url, options.crl_url);
    authority_close(authority);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.crl_url = bad[i];
        assert_int_equal(authority_open(&options, &authority, reason), STATUS_INVALID);
    }
    EVP_PKEY_free(key);
}

static void bundles_hold_the_chain(void **state)
{
    (void)state;
    struct authority *authority = open_at(NOW_S);
    const struct certificate_authority *table = authority_table(authority);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct certificate_order order = make_order("meter-1", key);
    struct certificate made;
    uint8_t bundle[4096];
    size_t size = 0;
    assert_int_equal(table->issue(table->ctx, &order, &made), STATUS_OK);
    assert_int_equal(
        table->write_bundle(table->ctx, made.der, made.size, bundle, sizeof bundle, &size),
        STATUS_OK);
    const unsigned char *bytes = bundle;
    PKCS7 *parsed = d2i_PKCS7(NULL, &bytes, (long)size);
    assert_non_null(parsed);
    assert_int_equal(sk_X509_num(parsed->d.sign->cert), 4);
    assert_int_equal(sk_PKCS7_SIGNER_INFO_num(parsed->d.sign->signer_info), 0);
    PKCS7_free(parsed);
    assert_int_equal(table->write_bundle(table->ctx, NULL, 0, bundle, 100, &size), STATUS_FULL);
    EVP_PKEY_free(key);
    authority_close(authority);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(device_certificates_have_exactly_the_profile),
        TEST(devices_verify_as_clients_and_never_as_servers),
        TEST(a_stolen_key_of_devices_cannot_name_a_host),
        TEST(recognises_its_own_devices_and_nothing_else),
        TEST(another_authority_of_the_same_name_is_a_stranger),
        TEST(a_certificate_does_not_outlive_its_authority),
        TEST(renews_an_intermediate_under_its_own_key),
        TEST(goes_on_without_the_root_key),
        TEST(the_root_key_is_brought_back_to_sign_anew_and_taken_away_again),
        TEST(what_cannot_be_a_cut_is_refused),
        TEST(keys_are_the_owners_alone),
        TEST(host_names_are_added_and_checked),
        TEST(lists_of_the_withdrawn_name_their_serials),
        TEST(certificates_say_where_the_list_is_only_when_it_is_somewhere),
        TEST(bundles_hold_the_chain),
    };
    return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
