// SPDX-License-Identifier: MIT

/// What the guard adds to a connection and to a message at the broker, with many certificates on
/// the list: bench_guard [CERTIFICATES]. Prints figures; judges nothing.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "guard_certificate.h"
#include "guard_list.h"
#include "guard_rules.h"
#include "guard_sessions.h"
#include "openssl_crypto.h"

enum { DEFAULT_COUNT = 10000, ROUNDS = 200000, LOOKS = 20000 };

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_guard: %s\n", what);
    exit(1);
}

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void name_of(unsigned index, char name[IDENTITY_NAME_SIZE])
{
    (void)snprintf(name, IDENTITY_NAME_SIZE, "meter-%u", index);
}

/// A certificate such as a device has.
static X509 *make_certificate(unsigned index)
{
    char name[IDENTITY_NAME_SIZE];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    X509_NAME *subject = X509_NAME_new();
    name_of(index, name);
    if (key == NULL || x509 == NULL || subject == NULL ||
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                   (const unsigned char *)name, -1, -1, 0) != 1 ||
        X509_set_subject_name(x509, subject) != 1 || X509_set_pubkey(x509, key) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(x509), 0) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(x509), 86400) == NULL ||
        X509_sign(x509, key, EVP_sha256()) <= 0) {
        fail("no certificate can be made");
    }
    X509_NAME_free(subject);
    EVP_PKEY_free(key);
    return x509;
}

/// Writes a list of `count`, in which certificate 0 is `real`.
static void write_list(const char *path, unsigned count, const struct guard_certificate *real)
{
    const struct crypto crypto = openssl_crypto();
    const size_t capacity = identity_list_size(count);
    uint8_t *data = malloc(capacity);
    struct identity_list_writer writer;
    size_t size = 0;

    if (data == NULL ||
        identity_list_begin(&writer, data, capacity, (uint64_t)time(NULL)) != STATUS_OK) {
        fail("no list can be begun");
    }
    const double begin_us = now_us();
    for (unsigned i = 0; i < count; i++) {
        struct identity_entry entry = { .state = IDENTITY_ACTIVE, .role = IDENTITY_DEVICE };
        name_of(i, entry.name);
        if (EVP_Digest(&i, sizeof i, entry.certificate_sha256, NULL, EVP_sha256(), NULL) != 1) {
            fail("no digest");
        }
        if (i == 0) {
            memcpy(entry.certificate_sha256, real->sha256, sizeof real->sha256);
        }
        if (identity_list_add(&writer, &entry) != STATUS_OK) {
            fail("an entry is not taken");
        }
    }
    if (identity_list_end(&writer, &crypto, &size) != STATUS_OK) {
        fail("the list cannot be ended");
    }
    (void)printf("figure: list of %u certificates: %zu bytes, made in %.1f ms\n", count, size,
                 (now_us() - begin_us) / 1e3);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        fail(path);
    }
    free(data);
}

static void measure_list(struct guard_list *list)
{
    double begin_us = now_us();
    if (!guard_list_refresh(list) || list->knowledge.problem != GUARD_ALLOWED) {
        fail("the list is not good");
    }
    (void)printf("figure: read, checked and taken over in %.2f ms\n", (now_us() - begin_us) / 1e3);
    begin_us = now_us();
    for (unsigned i = 0; i < LOOKS; i++) {
        (void)guard_list_refresh(list);
    }
    (void)printf("figure: a look at a list that did not change: %.2f us\n",
                 (now_us() - begin_us) / LOOKS);
}

static void measure_connection(const X509 *x509, const struct guard_list *list)
{
    const struct guard_claim claim = { "meter-0", "meter-0" };
    const uint64_t now_s = (uint64_t)time(NULL);
    struct guard_certificate certificate;
    struct guard_party party;
    unsigned allowed = 0;

    const double begin_us = now_us();
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (guard_certificate_read(x509, &certificate) &&
            guard_judge_connection(&certificate, &claim, &list->knowledge, now_s, &party) ==
                GUARD_ALLOWED) {
            allowed++;
        }
    }
    if (allowed != ROUNDS) {
        fail("a connection was refused");
    }
    (void)printf("figure: a connection, certificate read and judged: %.2f us\n",
                 (now_us() - begin_us) / ROUNDS);
}

static struct guard_sessions *open_sessions(const struct guard_list *list)
{
    struct guard_sessions *sessions = guard_sessions_open();
    struct identity_entry entry;
    for (size_t i = 0; identity_list_at(&list->list, i, &entry) == STATUS_OK; i++) {
        struct guard_certificate certificate = { .not_after_s = INT64_MAX };
        struct guard_party party = { .role = entry.role };
        memcpy(certificate.sha256, entry.certificate_sha256, sizeof certificate.sha256);
        memcpy(certificate.name, entry.name, sizeof certificate.name);
        memcpy(party.name, entry.name, sizeof party.name);
        if (sessions == NULL ||
            guard_sessions_enter(sessions, list, &certificate, &party) != STATUS_OK) {
            fail("no memory");
        }
    }
    return sessions;
}

static void measure_topics(const struct guard_sessions *sessions, unsigned count)
{
    unsigned allowed = 0;
    double spent_us = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char name[IDENTITY_NAME_SIZE];
        char topic[96];
        name_of(i * 7919u % count, name);
        (void)snprintf(topic, sizeof topic, "energy_meter/%s/batch", name);
        const double begin_us = now_us();
        const struct guard_session *session = guard_sessions_find(sessions, name);
        allowed += session != NULL && guard_may(&session->party, GUARD_WRITE, topic) ? 1 : 0;
        spent_us += now_us() - begin_us;
    }
    double clock_us = now_us();
    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)now_us();
    }
    clock_us = now_us() - clock_us;
    if (allowed != ROUNDS) {
        fail("a topic was refused");
    }
    (void)printf("figure: a message's topic, session found and judged: %.3f us\n",
                 (spent_us - clock_us) / ROUNDS);
}

static bool keep(void *ctx, struct guard_session *session)
{
    const struct guard_list *list = ctx;
    enum identity_role role = IDENTITY_DEVICE;
    return guard_judge_certificate(&session->certificate, &list->knowledge, (uint64_t)time(NULL),
                                   &role) == GUARD_ALLOWED;
}

int main(int argument_count, char **arguments)
{
    const unsigned count =
        argument_count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : DEFAULT_COUNT;
    const struct crypto crypto = openssl_crypto();
    struct guard_certificate certificate;
    struct guard_list list;
    char path[] = "/tmp/bench_guard.XXXXXX";
    const int descriptor = mkstemp(path);
    X509 *x509 = make_certificate(0);

    if (count < 1 || descriptor < 0 || !guard_certificate_read(x509, &certificate) ||
        !guard_list_init(&list, path, &crypto)) {
        fail("bench_guard [CERTIFICATES]");
    }
    write_list(path, count, &certificate);
    measure_list(&list);
    measure_connection(x509, &list);
    struct guard_sessions *sessions = open_sessions(&list);
    measure_topics(sessions, count);
    const double begin_us = now_us();
    guard_sessions_review(sessions, keep, &list);
    (void)printf("figure: a review of %zu sessions: %.2f ms\n", guard_sessions_count(sessions),
                 (now_us() - begin_us) / 1e3);
    guard_sessions_close(sessions);
    guard_list_close(&list);
    X509_free(x509);
    (void)close(descriptor);
    (void)unlink(path);
    return 0;
}
