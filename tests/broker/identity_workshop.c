// SPDX-License-Identifier: MIT

/// What the broker's tests need and no shell can make:
///
///   identity_workshop list OUT MADE_AT [STATE ROLE NAME CERT.pem]...   the list that ohmd would
///   write identity_workshop certificate CA CA_KEY FOLDER [NAME]...  a certificate with these
///   common names,
///                                                            in which %XX is a byte
///   identity_workshop many OUT COUNT [STATE ROLE NAME CERT.pem]...     a list with COUNT strangers
///   identity_workshop reports SOCKET                          prints what the guard reports
///
/// MADE_AT is in seconds since 1970, or "now".

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "guard_report.h"
#include "identity_file.h"
#include "identity_list.h"
#include "openssl_crypto.h"

static const char *const states[] = { "", "pending", "active", "superseded", "revoked" };
static const char *const roles[] = { "", "device", "server", "operator" };

static void fail(const char *what)
{
    (void)fprintf(stderr, "identity_workshop: %s\n", what);
    exit(1);
}

static unsigned find_word(const char *const *words, unsigned count, const char *word)
{
    for (unsigned i = 1; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    fail(word);
    return 0;
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *x509 = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (x509 == NULL) {
        fail(path);
    }
    (void)fclose(file);
    return x509;
}

static void add_known(struct identity_list_writer *writer, char **words)
{
    struct identity_entry entry = {
        .state = (enum identity_state)find_word(states, 5, words[0]),
        .role = (enum identity_role)find_word(roles, 4, words[1]),
    };
    X509 *x509 = read_certificate(words[3]);
    (void)snprintf(entry.name, sizeof entry.name, "%s", words[2]);
    if (X509_digest(x509, EVP_sha256(), entry.certificate_sha256, NULL) != 1 ||
        identity_list_add(writer, &entry) != STATUS_OK) {
        fail("an entry is not taken");
    }
    X509_free(x509);
}

static void add_strangers(struct identity_list_writer *writer, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct identity_entry entry = { .state = IDENTITY_ACTIVE, .role = IDENTITY_DEVICE };
        (void)snprintf(entry.name, sizeof entry.name, "stranger-%u", i);
        if (EVP_Digest(&i, sizeof i, entry.certificate_sha256, NULL, EVP_sha256(), NULL) != 1 ||
            identity_list_add(writer, &entry) != STATUS_OK) {
            fail("a stranger is not taken");
        }
    }
}

static void make_list(const char *path, uint64_t made_at_s, unsigned strangers, char **words,
                      int count)
{
    const struct crypto crypto = openssl_crypto();
    const size_t capacity = identity_list_size(strangers + (unsigned)count / 4);
    uint8_t *data = malloc(capacity);
    struct identity_list_writer writer;
    size_t size = 0;

    if (data == NULL || count % 4 != 0 ||
        identity_list_begin(&writer, data, capacity, made_at_s) != STATUS_OK) {
        fail("no list can be begun");
    }
    add_strangers(&writer, strangers);
    for (int i = 0; i < count; i += 4) {
        add_known(&writer, words + i);
    }
    if (identity_list_end(&writer, &crypto, &size) != STATUS_OK ||
        identity_file_replace(path, data, size) != STATUS_OK) {
        fail(strerror(errno));
    }
    free(data);
}

static void add_name(X509_NAME *subject, const char *escaped)
{
    unsigned char bytes[256];
    int size = 0;
    for (const char *c = escaped; *c != '\0' && size < (int)sizeof bytes; size++) {
        char digits[3] = "";
        if (*c == '%' && strlen(c) >= 3) {
            memcpy(digits, c + 1, 2);
            bytes[size] = (unsigned char)strtoul(digits, NULL, 16);
            c += 3;
        } else {
            bytes[size] = (unsigned char)*c++;
        }
    }
    // Straight into the name: an empty one, or one with a NUL, is what OpenSSL would not make.
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(NULL, NID_commonName, V_ASN1_UTF8STRING,
                                                           (const unsigned char *)"x", 1);
    if (entry == NULL || ASN1_STRING_set(X509_NAME_ENTRY_get_data(entry), bytes, size) != 1 ||
        X509_NAME_add_entry(subject, entry, -1, 0) != 1) {
        fail("the name cannot be made");
    }
    X509_NAME_ENTRY_free(entry);
}

static void add_usage(X509 *x509, X509 *authority)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, authority, x509, NULL, NULL, 0);
    X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, &context, NID_ext_key_usage, "clientAuth");
    if (usage == NULL || X509_add_ext(x509, usage, -1) != 1) {
        fail("no extension");
    }
    X509_EXTENSION_free(usage);
}

static void write_pem(const char *folder, const char *name, X509 *x509, EVP_PKEY *key)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL ||
        (x509 != NULL ? PEM_write_X509(file, x509)
                      : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)) != 1) {
        fail(path);
    }
    (void)fclose(file);
}

static void make_certificate(char **words, int names)
{
    X509 *authority = read_certificate(words[0]);
    FILE *file = fopen(words[1], "r");
    EVP_PKEY *authority_key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    X509_NAME *subject = X509_NAME_new();
    if (authority_key == NULL || key == NULL || x509 == NULL || subject == NULL) {
        fail(words[1]);
    }
    (void)fclose(file);
    for (int i = 0; i < names; i++) {
        add_name(subject, words[3 + i]);
    }
    if (X509_set_version(x509, 2) != 1 ||
        ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), (int64_t)getpid() + 1000000) != 1 ||
        X509_set_subject_name(x509, subject) != 1 ||
        X509_set_issuer_name(x509, X509_get_subject_name(authority)) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(x509), -3600) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(x509), 86400) == NULL ||
        X509_set_pubkey(x509, key) != 1) {
        fail("the certificate cannot be made");
    }
    add_usage(x509, authority);
    if (X509_sign(x509, authority_key, EVP_sha256()) <= 0) {
        fail("the certificate cannot be signed");
    }
    if (mkdir(words[2], 0700) != 0 && errno != EEXIST) {
        fail(words[2]);
    }
    write_pem(words[2], "cert.pem", x509, NULL);
    write_pem(words[2], "key.pem", NULL, key);
    X509_NAME_free(subject);
    X509_free(x509);
    X509_free(authority);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority_key);
}

static void print_reports(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char text[GUARD_REPORT_SIZE + 1];
    struct guard_report report;

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    (void)unlink(path);
    const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        fail(path);
    }
    for (;;) {
        const ssize_t size = recv(descriptor, text, sizeof text - 1, 0);
        if (size < 0 || guard_report_decode(text, (size_t)size, &report) != STATUS_OK) {
            fail("this is no report");
        }
        (void)printf("%s %s %s\n", guard_event_name(report.event),
                     guard_verdict_name(report.verdict), report.name);
        (void)fflush(stdout);
    }
}

int main(int count, char **words)
{
    const char *what = count > 2 ? words[1] : "";
    if (strcmp(what, "list") == 0 && count > 3) {
        const uint64_t made_at_s =
            strcmp(words[3], "now") == 0 ? (uint64_t)time(NULL) : strtoull(words[3], NULL, 10);
        make_list(words[2], made_at_s, 0, words + 4, count - 4);
    } else if (strcmp(what, "many") == 0 && count > 3) {
        make_list(words[2], (uint64_t)time(NULL), (unsigned)strtoul(words[3], NULL, 10), words + 4,
                  count - 4);
    } else if (strcmp(what, "certificate") == 0 && count > 4) {
        make_certificate(words + 2, count - 5);
    } else if (strcmp(what, "reports") == 0) {
        print_reports(words[2]);
    } else {
        fail("list, many, certificate or reports");
    }
    return 0;
}
