// SPDX-License-Identifier: MIT
#include <ftw.h>
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
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "identity_folder.h"

enum { FOUND_LIMIT = 8 };

struct fixture {
    char path[64];
    unsigned lines;
    struct fleet_log log;
    struct identity_folder folder;
    struct identity_entry found[FOUND_LIMIT];
    size_t count;
    enum status answer; ///< Of add().
};

static void count_line(void *ctx, enum fleet_log_level level, const char *line)
{
    struct fixture *f = ctx;
    (void)level, (void)line;
    f->lines++;
}

static enum status add(void *to, const struct identity_entry *entry)
{
    struct fixture *f = to;
    assert_true(f->count < FOUND_LIMIT);
    f->found[f->count] = *entry;
    f->count++;
    return f->answer;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    (void)snprintf(f.path, sizeof f.path, "/tmp/identity_folder.XXXXXX");
    f.log = (struct fleet_log){ count_line, &f };
    f.folder = (struct identity_folder){ f.path, &f.log };
    *state = &f;
    return mkdtemp(f.path) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts, (void)kind, (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    const struct fixture *f = *state;
    return nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(const struct fixture *f, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

/// Writes a certificate there and its digest to `digest`.
static void put_certificate(const struct fixture *f, const char *name,
                            uint8_t digest[CRYPTO_SHA256_SIZE])
{
    char path[256];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    assert_true(key != NULL && x509 != NULL);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 60));
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    assert_int_equal(X509_digest(x509, EVP_sha256(), digest, NULL), 1);
    (void)snprintf(path, sizeof path, "%s/%s/cert.pem", f->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, x509), 1);
    (void)fclose(file);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static void assert_found(const struct fixture *f, const uint8_t digest[CRYPTO_SHA256_SIZE],
                         enum identity_role role, const char *name)
{
    unsigned times = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (memcmp(f->found[i].certificate_sha256, digest, CRYPTO_SHA256_SIZE) == 0) {
            assert_int_equal(f->found[i].state, IDENTITY_ACTIVE);
            assert_int_equal(f->found[i].role, role);
            assert_string_equal(f->found[i].name, name);
            times++;
        }
    }
    assert_int_equal(times, 1);
}

static void tells_every_certificate_with_its_role(void **state)
{
    struct fixture *f = *state;
    uint8_t server[CRYPTO_SHA256_SIZE];
    uint8_t device[CRYPTO_SHA256_SIZE];
    uint8_t person[CRYPTO_SHA256_SIZE];
    uint8_t other[CRYPTO_SHA256_SIZE];
    static const char *const folders[] = { "ohmd",        "broker",          "devices",
                                           "operators",   "devices/meter-1", "operators/bench",
                                           "devices/a b", "devices/empty" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        make_folder(f, folders[i]);
    }
    put_certificate(f, "ohmd", server);
    put_certificate(f, "devices/meter-1", device);
    put_certificate(f, "operators/bench", person);
    put_certificate(f, "broker", other);
    put_certificate(f, "devices/a b", other);
    assert_int_equal(identity_folder_each(&f->folder, add, f), STATUS_OK);
    assert_int_equal(f->count, 3);
    assert_found(f, server, IDENTITY_SERVER, "ohmd");
    assert_found(f, device, IDENTITY_DEVICE, "meter-1");
    assert_found(f, person, IDENTITY_OPERATOR, "bench");
    assert_int_equal(f->lines, 0);
}

static void leaves_out_what_is_no_certificate_and_says_so(void **state)
{
    struct fixture *f = *state;
    char path[256];
    make_folder(f, "devices");
    make_folder(f, "devices/meter-1");
    (void)snprintf(path, sizeof path, "%s/devices/meter-1/cert.pem", f->path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("-----BEGIN CERTIFICATE-----\nAAAA\n", file) >= 0);
    (void)fclose(file);
    assert_int_equal(identity_folder_each(&f->folder, add, f), STATUS_OK);
    assert_int_equal(f->count, 0);
    assert_int_equal(f->lines, 1);
}

static void stops_when_there_is_no_room(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    make_folder(f, "ohmd");
    make_folder(f, "devices");
    make_folder(f, "devices/meter-1");
    put_certificate(f, "ohmd", digest);
    put_certificate(f, "devices/meter-1", digest);
    f->answer = STATUS_FULL;
    assert_int_equal(identity_folder_each(&f->folder, add, f), STATUS_FULL);
    assert_int_equal(f->count, 1);
}

static void does_not_take_an_unreadable_folder_for_an_empty_one(void **state)
{
    struct fixture *f = *state;
    char path[256];
    assert_int_equal(identity_folder_each(&f->folder, add, f), STATUS_OK);
    (void)snprintf(path, sizeof path, "%s/devices", f->path);
    FILE *file = fopen(path, "w"); // No folder: opening it fails, and not because it is missing.
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(identity_folder_each(&f->folder, add, f), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_every_certificate_with_its_role, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_no_certificate_and_says_so, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stops_when_there_is_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_take_an_unreadable_folder_for_an_empty_one, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("identity_folder", tests, NULL, NULL);
}
