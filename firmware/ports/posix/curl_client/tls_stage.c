// SPDX-License-Identifier: MIT
#include "tls_stage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOK_MS = 50, AUTHORITY_S = 86400 };

static void add_extension(X509 *certificate, int kind, const char *text)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, text);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

struct tls_stage_identity tls_stage_issue(const struct tls_stage_identity *issuer, const char *name,
                                          long from_s, long until_s)
{
    static long serial = 1;
    struct in_addr address;
    char alternative[128];
    struct tls_stage_identity made = { .certificate = X509_new(), .key = EVP_EC_gen("P-256") };

    assert_non_null(made.certificate);
    assert_non_null(made.key);
    X509_NAME *subject = X509_get_subject_name(made.certificate);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0),
        1);
    assert_int_equal(X509_set_version(made.certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made.certificate), from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made.certificate), until_s));
    assert_int_equal(X509_set_pubkey(made.certificate, made.key), 1);
    if (issuer == NULL) {
        assert_int_equal(X509_set_issuer_name(made.certificate, subject), 1);
        add_extension(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
    } else {
        assert_int_equal(
            X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer->certificate)), 1);
        (void)snprintf(alternative, sizeof alternative, "%s:%s",
                       inet_pton(AF_INET, name, &address) == 1 ? "IP" : "DNS", name);
        add_extension(made.certificate, NID_subject_alt_name, alternative);
    }
    assert_true(X509_sign(made.certificate, issuer == NULL ? made.key : issuer->key, EVP_sha256()) >
                0);
    return made;
}

void tls_stage_drop(struct tls_stage_identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    *identity = (struct tls_stage_identity){ .key = NULL };
}

/// Reads a request with its body into stage->request. @return whether it is whole.
static bool read_request(struct tls_stage *stage, SSL *tls)
{
    size_t used = 0;

    memset(stage->request, 0, sizeof stage->request);
    while (used < sizeof stage->request - 1) {
        size_t count = 0;
        if (SSL_read_ex(tls, stage->request + used, sizeof stage->request - 1 - used, &count) !=
            1) {
            return false;
        }
        used += count;
        const char *end = strstr(stage->request, "\r\n\r\n");
        const char *length = strcasestr(stage->request, "\r\ncontent-length:");
        const size_t body = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
        if (end != NULL && used >= (size_t)(end + 4 - stage->request) + body) {
            return true;
        }
    }
    return false;
}

static void note_client(struct tls_stage *stage, SSL *tls)
{
    X509 *shown = SSL_get1_peer_certificate(tls);
    stage->client_name[0] = '\0';
    if (shown != NULL) {
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName,
                                        stage->client_name, sizeof stage->client_name);
    }
    X509_free(shown);
}

/// Waits until the client closes or the stage does.
static void wait_for_end(struct tls_stage *stage, int connection)
{
    struct pollfd watched = { .fd = connection, .events = POLLRDHUP };
    while (!atomic_load(&stage->stop) && poll(&watched, 1, LOOK_MS) == 0) {
    }
}

static void serve(struct tls_stage *stage, int connection)
{
    const struct tls_stage_play *play = &stage->play;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    X509_STORE *trusted = SSL_CTX_get_cert_store(context);
    size_t written = 0;

    (void)SSL_CTX_use_certificate(context, play->identity->certificate);
    (void)SSL_CTX_use_PrivateKey(context, play->identity->key);
    (void)X509_STORE_add_cert(trusted, stage->authority.certificate);
    if (play->wants_certificate) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    SSL *tls = SSL_new(context);
    (void)SSL_set_fd(tls, connection);
    if (SSL_accept(tls) == 1 && read_request(stage, tls)) {
        note_client(stage, tls);
        if (play->silent) {
            wait_for_end(stage, connection);
        } else {
            (void)SSL_write_ex(tls, play->answer, play->answer_size, &written);
            atomic_fetch_add(&stage->answered, 1);
            if (!play->cuts) {
                (void)SSL_shutdown(tls);
                wait_for_end(stage, connection);
            }
        }
    }
    SSL_free(tls);
    SSL_CTX_free(context);
}

static void *run(void *ctx)
{
    struct tls_stage *stage = ctx;
    struct pollfd watched = { .fd = stage->listener, .events = POLLIN };

    while (!atomic_load(&stage->stop)) {
        if (poll(&watched, 1, LOOK_MS) <= 0) {
            continue;
        }
        const int connection = accept(stage->listener, NULL, NULL);
        if (connection >= 0) {
            atomic_fetch_add(&stage->connections, 1);
            serve(stage, connection);
            (void)close(connection);
        }
    }
    return NULL;
}

void tls_stage_open(struct tls_stage *stage)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;

    *stage = (struct tls_stage){ .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    stage->authority = tls_stage_issue(NULL, "authority", -60, AUTHORITY_S);
    stage->stranger = tls_stage_issue(NULL, "authority", -60, AUTHORITY_S);
    (void)snprintf(stage->folder, sizeof stage->folder, "/tmp/ohm-test-curl-XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    (void)snprintf(stage->ca, sizeof stage->ca, "%s/ca.pem", stage->folder);
    FILE *file = fopen(stage->ca, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, stage->authority.certificate), 1);
    assert_int_equal(fclose(file), 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(stage->listener >= 0);
    assert_int_equal(bind(stage->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(stage->listener, 4), 0);
    assert_int_equal(getsockname(stage->listener, (struct sockaddr *)&address, &size), 0);
    stage->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&stage->thread, NULL, run, stage), 0);
}

void tls_stage_close(struct tls_stage *stage)
{
    atomic_store(&stage->stop, true);
    (void)pthread_join(stage->thread, NULL);
    (void)close(stage->listener);
    (void)unlink(stage->ca);
    (void)rmdir(stage->folder);
    tls_stage_drop(&stage->authority);
    tls_stage_drop(&stage->stranger);
}
