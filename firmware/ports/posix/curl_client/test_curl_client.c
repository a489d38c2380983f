// SPDX-License-Identifier: MIT
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "curl_client.h"
#include "tls_stage.h"

enum { PATIENCE_MS = 5000, HOUR_S = 3600 };

static const char HELLO[] = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                            "x-error-CODE:  TOKEN_EXPIRED \r\nContent-Length: 13\r\n\r\n"
                            "{\"a\":\"hello\"}";

static struct tls_stage stage;
static struct tls_stage_identity server;
static struct tls_stage_identity device;
static struct curl_client_options options;
static struct curl_client *client;
static struct http_client http;
static char address[64];

static enum status show_device(void *ctx, enum keystore_slot slot, SSL_CTX *context)
{
    (void)ctx;
    return slot == KEYSTORE_IDENTITY_B &&
                   SSL_CTX_use_certificate(context, device.certificate) == 1 &&
                   SSL_CTX_use_PrivateKey(context, device.key) == 1
               ? STATUS_OK
               : STATUS_MISSING;
}

static void reach(const char *host)
{
    curl_client_close(client);
    (void)snprintf(address, sizeof address, "https://%s:%d", host, stage.port);
    options = (struct curl_client_options){ .server = address,
                                            .ca = stage.ca,
                                            .use_certificate = show_device };
    assert_int_equal(curl_client_open(&options, &client), STATUS_OK);
    http = curl_client_seam(client);
}

static int open_all(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    tls_stage_open(&stage);
    server = tls_stage_issue(&stage.authority, "127.0.0.1", -60, HOUR_S);
    device = tls_stage_issue(&stage.authority, "meter-1", -60, HOUR_S);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    curl_client_close(client);
    client = NULL;
    tls_stage_close(&stage);
    tls_stage_drop(&server);
    tls_stage_drop(&device);
    return 0;
}

static int start(void **state)
{
    (void)state;
    stage.play = (struct tls_stage_play){ .identity = &server,
                                          .answer = HELLO,
                                          .answer_size = strlen(HELLO) };
    atomic_store(&stage.answered, 0);
    reach("127.0.0.1");
    return 0;
}

static enum status begin(const char *path, bool with_certificate, enum keystore_slot slot)
{
    const struct http_client_request request = { .method = "POST",
                                                 .path = path,
                                                 .bearer = "the-token",
                                                 .content_type = "application/json",
                                                 .body = "{\"x\":1}",
                                                 .body_size = 7,
                                                 .with_certificate = with_certificate,
                                                 .slot = slot };
    return http.begin(http.ctx, &request);
}

/// Polls until it has ended.
static enum status wait_for(struct http_client_reply *reply, const char **reason)
{
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms++) {
        const enum status status = http.poll(http.ctx, reply, reason);
        if (status != STATUS_BUSY) {
            return status;
        }
        (void)poll(NULL, 0, 1);
    }
    return STATUS_BUSY;
}

static enum status exchange(struct http_client_reply *reply, const char **reason)
{
    assert_int_equal(begin("/api/v1/sign-csr", false, KEYSTORE_IDENTITY_A), STATUS_OK);
    return wait_for(reply, reason);
}

static void sends_a_request_and_hands_out_the_answer(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    assert_int_equal(http.poll(http.ctx, &reply, &reason), STATUS_MISSING);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(exchange(&reply, &reason), STATUS_OK);
        assert_int_equal(reply.code, 201);
        assert_int_equal(reply.body_size, 13);
        assert_memory_equal(reply.body, "{\"a\":\"hello\"}", 13);
        assert_string_equal(reply.error_code, "TOKEN_EXPIRED");
        assert_non_null(strstr(stage.request, "POST /api/v1/sign-csr HTTP/1.1\r\n"));
        assert_non_null(strstr(stage.request, "\r\nAuthorization: Bearer the-token\r\n"));
        assert_non_null(strstr(stage.request, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(stage.request, "\r\n\r\n{\"x\":1}"));
        assert_string_equal(stage.client_name, "");
    }
}

static void shows_the_certificate_of_the_slot_and_only_when_asked(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    stage.play.wants_certificate = true;
    assert_int_equal(begin("/x", true, KEYSTORE_IDENTITY_B), STATUS_OK);
    assert_int_equal(wait_for(&reply, &reason), STATUS_OK);
    assert_string_equal(stage.client_name, "meter-1");
    assert_int_equal(begin("/x", false, KEYSTORE_IDENTITY_B), STATUS_OK);
    assert_int_equal(wait_for(&reply, &reason), STATUS_IO);
    assert_int_equal(begin("/x", true, KEYSTORE_IDENTITY_A), STATUS_OK);
    assert_int_equal(wait_for(&reply, &reason), STATUS_IO);
    assert_int_equal(atomic_load(&stage.answered), 1);
}

static void tells_nothing_to_a_server_that_is_not_who_it_should_be(void **state)
{
    (void)state;
    struct tls_stage_identity wrong[] = {
        tls_stage_issue(&stage.authority, "localhost", -60, HOUR_S),
        tls_stage_issue(&stage.authority, "127.0.0.2", -60, HOUR_S),
        tls_stage_issue(&stage.stranger, "127.0.0.1", -60, HOUR_S),
        tls_stage_issue(NULL, "127.0.0.1", -60, HOUR_S),
        tls_stage_issue(&stage.authority, "127.0.0.1", -HOUR_S, -60),
        tls_stage_issue(&stage.authority, "127.0.0.1", 60, HOUR_S),
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct http_client_reply reply;
        const char *reason = NULL;
        stage.play.identity = &wrong[i];
        memset(stage.request, 0, sizeof stage.request);
        const enum status status = exchange(&reply, &reason);
        if (status != STATUS_CORRUPT) {
            fail_msg("server %u: %s, %s", i, status_name(status), reason);
        }
        assert_true(strlen(reason) > 0);
        assert_string_equal(stage.request, "");
        curl_client_close(client);
        client = NULL;
        reach("127.0.0.1");
    }
    assert_int_equal(atomic_load(&stage.answered), 0);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tls_stage_drop(&wrong[i]);
    }
}

static void trusts_nobody_without_its_authority(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    options.ca = "/nonexistent/ca.pem";
    assert_int_equal(exchange(&reply, &reason), STATUS_IO);
    assert_int_equal(atomic_load(&stage.answered), 0);
}

static void refuses_an_answer_that_is_cut_short(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    static const char *const ANSWERS[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"certificate\":",
        "HTTP/1.1 200 OK\r\n\r\n{\"certificate\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "",
    };
    stage.play.cuts = true;
    for (unsigned i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        stage.play.answer = ANSWERS[i];
        stage.play.answer_size = strlen(ANSWERS[i]);
        if (exchange(&reply, &reason) != STATUS_IO) {
            fail_msg("took: %s", ANSWERS[i]);
        }
    }
}

static void takes_an_answer_in_chunks(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    stage.play.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    stage.play.answer_size = strlen(stage.play.answer);
    assert_int_equal(exchange(&reply, &reason), STATUS_OK);
    assert_int_equal(reply.body_size, 2);
    assert_string_equal(reply.error_code, "");
}

static void refuses_an_answer_that_is_too_large(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    static char answer[CURL_CLIENT_ANSWER_LIMIT + 200];
    for (int extra = 0; extra < 2; extra++) {
        const int head =
            snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                     CURL_CLIENT_ANSWER_LIMIT + extra);
        memset(answer + head, 'x', CURL_CLIENT_ANSWER_LIMIT + 1);
        stage.play.answer = answer;
        stage.play.answer_size = (size_t)head + CURL_CLIENT_ANSWER_LIMIT + (size_t)extra;
        assert_int_equal(exchange(&reply, &reason), extra == 0 ? STATUS_OK : STATUS_FULL);
    }
}

static void goes_nowhere_it_is_redirected_to(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    stage.play.answer = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    stage.play.answer_size = strlen(stage.play.answer);
    assert_int_equal(exchange(&reply, &reason), STATUS_OK);
    assert_int_equal(reply.code, 302);
    assert_int_equal(atomic_load(&stage.answered), 1);
}

static void one_request_at_a_time_until_it_is_cancelled(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    stage.play.silent = true;
    assert_int_equal(begin("/x", false, KEYSTORE_IDENTITY_A), STATUS_OK);
    assert_int_equal(begin("/x", false, KEYSTORE_IDENTITY_A), STATUS_BUSY);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(http.poll(http.ctx, &reply, &reason), STATUS_BUSY);
        (void)poll(NULL, 0, 1);
    }
    http.cancel(http.ctx);
    assert_int_equal(http.poll(http.ctx, &reply, &reason), STATUS_MISSING);
    stage.play.silent = false;
    assert_int_equal(exchange(&reply, &reason), STATUS_OK);
}

static void says_that_nobody_listens(void **state)
{
    (void)state;
    struct http_client_reply reply;
    const char *reason = NULL;
    curl_client_close(client);
    client = NULL;
    options.server = "https://127.0.0.1:1";
    assert_int_equal(curl_client_open(&options, &client), STATUS_OK);
    http = curl_client_seam(client);
    assert_int_equal(exchange(&reply, &reason), STATUS_IO);
    assert_true(strlen(reason) > 0);
}

static void takes_no_address_but_that_of_an_https_server(void **state)
{
    (void)state;
    static const char *const BAD[] = { "",
                                       "http://fleet.example",
                                       "fleet.example",
                                       "https://",
                                       "https://fleet.example/",
                                       "https://user@fleet.example",
                                       "https://fleet.example?x" };
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct curl_client *made = NULL;
        const struct curl_client_options bad = { .server = BAD[i], .ca = stage.ca };
        assert_int_equal(curl_client_open(&bad, &made), STATUS_INVALID);
    }
}

static void refuses_requests_that_could_become_two(void **state)
{
    (void)state;
    static char large[CURL_CLIENT_REQUEST_LIMIT + 1];
    const struct http_client_request good = { .method = "GET", .path = "/x" };
    struct http_client_request bad = good;
    bad.bearer = "token\r\nX-Evil: 1";
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_INVALID);
    bad = good;
    bad.path = "/x HTTP/1.1\r\nHost: evil";
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_INVALID);
    bad.path = "@evil.example/";
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_INVALID);
    bad = good;
    bad.content_type = "a\nb";
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_INVALID);
    bad = good;
    bad.method = "DELETE";
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_INVALID);
    bad = good;
    bad.body = large;
    bad.body_size = sizeof large;
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_FULL);
    options.use_certificate = NULL;
    bad = good;
    bad.with_certificate = true;
    assert_int_equal(http.begin(http.ctx, &bad), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sends_a_request_and_hands_out_the_answer, start),
        cmocka_unit_test_setup(shows_the_certificate_of_the_slot_and_only_when_asked, start),
        cmocka_unit_test_setup(tells_nothing_to_a_server_that_is_not_who_it_should_be, start),
        cmocka_unit_test_setup(trusts_nobody_without_its_authority, start),
        cmocka_unit_test_setup(refuses_an_answer_that_is_cut_short, start),
        cmocka_unit_test_setup(takes_an_answer_in_chunks, start),
        cmocka_unit_test_setup(refuses_an_answer_that_is_too_large, start),
        cmocka_unit_test_setup(goes_nowhere_it_is_redirected_to, start),
        cmocka_unit_test_setup(one_request_at_a_time_until_it_is_cancelled, start),
        cmocka_unit_test_setup(says_that_nobody_listens, start),
        cmocka_unit_test_setup(takes_no_address_but_that_of_an_https_server, start),
        cmocka_unit_test_setup(refuses_requests_that_could_become_two, start),
    };
    return cmocka_run_group_tests_name("curl_client", tests, open_all, close_all);
}
