// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_test_client.h"
#include "rest.h"

static struct http_test_bed bed;
static struct http_client client;

static int open_bed(void **state)
{
    const struct http_server_config config = { 0 };
    (void)state;
    bed_open(&bed, &config);
    client_open(&client, &bed, false);
    return 0;
}

static int open_and_sign_in(void **state)
{
    (void)open_bed(state);
    return client_sign_in(&client, bed.password) == 200 ? 0 : -1;
}

static int close_bed(void **state)
{
    (void)state;
    client_close(&client);
    bed_close(&bed);
    return 0;
}

static void assert_error(const char *method, const char *path, const char *body, long code,
                         const char *word)
{
    char expected[96];
    assert_int_equal(client_send(&client, method, path, body), code);
    (void)snprintf(expected, sizeof expected, "{\"error\":\"%s\",\"message\":\"", word);
    if (strncmp(client.body, expected, strlen(expected)) != 0) {
        fail_msg("%s %s: %s", method, path, client.body);
    }
}

static void every_route_is_closed_to_strangers_unless_it_is_public(void **state)
{
    (void)state;
    static const char *const methods[] = { "GET", "POST", "PUT", "DELETE" };
    size_t count = 0;
    const struct rest_route *routes = rest_routes(&count);

    for (size_t i = 0; i < count; i++) {
        char path[128];
        const char *hole = strstr(routes[i].pattern, "{id}");
        (void)snprintf(path, sizeof path, "%.*s%s%s",
                       hole != NULL ? (int)(hole - routes[i].pattern) : 100, routes[i].pattern,
                       hole != NULL ? BED_DEVICE : "", hole != NULL ? hole + 4 : "");
        const char *body = routes[i].method == REST_GET ? NULL : "{}";
        const long code = client_send(&client, methods[routes[i].method], path, body);
        if (routes[i].permission == PERMISSION_ENROLMENT) {
            // Devices have no session; test_http_enrolment looks at what they must bring.
            assert_true(code >= 400);
            continue;
        }
        assert_int_equal(code == 401, routes[i].permission != PERMISSION_PUBLIC);
        // Signed in but without the token: whoever only has the cookie changes nothing.
        if (routes[i].permission != PERMISSION_PUBLIC && routes[i].kind != REST_STREAM) {
            struct http_client signed_in;
            client_open(&signed_in, &bed, false);
            assert_int_equal(client_sign_in(&signed_in, bed.password), 200);
            signed_in.csrf_token[0] = '\0';
            const long answer = client_send(&signed_in, methods[routes[i].method], path, body);
            assert_int_equal(answer == 403, routes[i].method != REST_GET);
            assert_int_not_equal(answer, 401);
            client_close(&signed_in);
        }
        bed_skip_ms(&bed, 60000);
    }
}

static void signing_in_gives_a_cookie_only_this_server_sees(void **state)
{
    (void)state;
    char cookie[512];
    assert_int_equal(client_sign_in(&client, bed.password), 200);
    (void)client_header(&client, "Set-Cookie", cookie);
    assert_memory_equal(cookie, "__Host-ohm=", 11);
    assert_int_equal(strspn(cookie + 11, "0123456789abcdef"), 64);
    assert_string_equal(cookie + 75, "; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Strict");
    assert_non_null(strstr(client.body, "{\"user\":{\"username\":\"admin\",\"role\":\"admin\"},"));
    assert_int_equal(client_send(&client, "GET", "/v1/auth/session", NULL), 200);
    assert_non_null(strstr(client.body, client.csrf_token));
    assert_int_equal(client_send(&client, "POST", "/v1/auth/logout", NULL), 204);
    assert_non_null(strstr(client_header(&client, "Set-Cookie", cookie), "Max-Age=0"));
    assert_error("GET", "/v1/auth/session", NULL, 401, "not_signed_in");
}

static void an_old_session_does_not_outlive_a_new_sign_in(void **state)
{
    (void)state;
    char old[sizeof client.cookie];
    assert_int_equal(client_sign_in(&client, bed.password), 200);
    (void)snprintf(old, sizeof old, "%s", client.cookie);
    assert_int_equal(client_sign_in(&client, bed.password), 200);
    assert_string_not_equal(old, client.cookie);
    (void)snprintf(client.cookie, sizeof client.cookie, "%s", old);
    assert_error("GET", "/v1/auth/session", NULL, 401, "not_signed_in");
}

static void sessions_end_by_time(void **state)
{
    (void)state;
    assert_int_equal(client_sign_in(&client, bed.password), 200);
    bed_skip_ms(&bed, ACCOUNTS_IDLE_MS - 5000);
    assert_int_equal(client_send(&client, "GET", "/v1/auth/session", NULL), 200);
    bed_skip_ms(&bed, ACCOUNTS_IDLE_MS);
    assert_int_equal(client_send(&client, "GET", "/v1/auth/session", NULL), 401);
}

static void guessing_is_slowed_with_a_time_to_return(void **state)
{
    (void)state;
    char wait[512];
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(client_sign_in(&client, "wrong"), 401);
        assert_non_null(strstr(client.body, "invalid_credentials"));
    }
    assert_int_equal(client_sign_in(&client, bed.password), 429);
    assert_non_null(strstr(client.body, "rate_limit_exceeded"));
    assert_string_equal(client_header(&client, "Retry-After", wait), "1");
    bed_skip_ms(&bed, 1000);
    assert_int_equal(client_sign_in(&client, bed.password), 200);
}

static void another_site_cannot_write(void **state)
{
    (void)state;
    static const char *const strange[] = { "Sec-Fetch-Site: cross-site",
                                           "Sec-Fetch-Site: same-site",
                                           "Origin: https://evil.example", "Origin: null" };
    const char *command = "{\"command\":\"set_relay\",\"relay\":1,\"state\":true}";
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        client.headers[0] = strange[i];
        assert_error("POST", "/v1/devices/" BED_DEVICE "/command", command, 403,
                     "cross_site_request");
        client.headers[0] = strange[i];
        assert_error("POST", "/v1/auth/login", "{}", 403, "cross_site_request");
    }
    char token[CLIENT_TOKEN_SIZE];
    memcpy(token, client.csrf_token, sizeof token);
    client.csrf_token[0] = client.csrf_token[0] == 'a' ? 'b' : 'a';
    assert_error("POST", "/v1/devices/" BED_DEVICE "/command", command, 403, "csrf_token_invalid");
    assert_int_equal(bed.commands_sent, 0);
    memcpy(client.csrf_token, token, sizeof token);
    char origin[64];
    (void)snprintf(origin, sizeof origin, "Origin: https://127.0.0.1:%u",
                   http_server_https_port(bed.server));
    client.headers[0] = "Sec-Fetch-Site: same-origin";
    client.headers[1] = origin;
    assert_int_equal(client_send(&client, "POST", "/v1/devices/" BED_DEVICE "/command", command),
                     200);
}

static void a_command_waits_for_the_device(void **state)
{
    (void)state;
    const char *path = "/v1/devices/" BED_DEVICE "/command";
    assert_int_equal(
        client_send(&client, "POST", path, "{\"command\":\"set_relays\",\"mask\":170}"), 200);
    assert_non_null(strstr(client.body, "\"status\":\"done\",\"relay_mask\":170}"));
    assert_non_null(strstr(client.body, bed.last_cmd_id));
    bed.device = BED_DEVICE_IS_BUSY;
    assert_error("POST", path, "{\"command\":\"set_relay\",\"relay\":7,\"state\":false}", 409,
                 "relay_busy");
    assert_int_equal(bed.last_command.relay, 7);
    assert_non_null(strstr(client.body, "\"details\":{\"cmd_id\":\""));
    bed.device = BED_BROKER_IS_AWAY;
    assert_error("POST", path, "{\"command\":\"set_relays\",\"mask\":0}", 503,
                 "broker_unreachable");
    assert_error("POST", "/v1/devices/quiet/command", "{\"command\":\"set_relays\",\"mask\":0}",
                 503, "device_offline");
    assert_error("POST", "/v1/devices/nobody/command", "{\"command\":\"set_relays\",\"mask\":0}",
                 404, "device_not_found");
}

struct patient {
    struct http_client client;
    long code;
};

static void *wait_for_a_silent_device(void *argument)
{
    struct patient *patient = argument;
    patient->code = client_send(&patient->client, "POST", "/v1/devices/" BED_DEVICE "/command",
                                "{\"command\":\"set_relays\",\"mask\":1}");
    return NULL;
}

/// Starts more waiting requests than there are threads in the server.
static void start_patients(struct patient *patients, pthread_t *threads, unsigned count)
{
    bed.device = BED_DEVICE_IS_SILENT;
    for (unsigned i = 0; i < count; i++) {
        client_open(&patients[i].client, &bed, i % 2 == 0);
        memcpy(patients[i].client.cookie, client.cookie, sizeof client.cookie);
        memcpy(patients[i].client.csrf_token, client.csrf_token, sizeof client.csrf_token);
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_a_silent_device, &patients[i]),
                         0);
    }
    for (unsigned sent = 0; sent < count;) {
        (void)pthread_mutex_lock(&bed.lock);
        sent = bed.commands_sent;
        (void)pthread_mutex_unlock(&bed.lock);
    }
}

enum { PATIENTS = 24 };

static void requests_that_wait_hold_no_thread(void **state)
{
    (void)state;
    static struct patient patients[PATIENTS];
    pthread_t threads[PATIENTS];
    start_patients(patients, threads, PATIENTS);
    // All of them wait, and both quick and slow requests still get through.
    assert_int_equal(client_send(&client, "GET", "/v1/devices", NULL), 200);
    assert_int_equal(client_send(&client, "GET", "/v1/devices/" BED_DEVICE "/telemetry", NULL),
                     200);
    bed_skip_ms(&bed, COMMAND_TRACKER_TIMEOUT_MS);
    // The last of them may not have been entered when the time is over, so ask again.
    for (unsigned i = 0; i < PATIENTS; i++) {
        while (pthread_tryjoin_np(threads[i], NULL) != 0) {
            command_tracker_tick(bed.fleet.commands);
            bed_skip_ms(&bed, 10);
        }
        assert_int_equal(patients[i].code, 504);
        assert_non_null(strstr(patients[i].client.body, "no_confirmation"));
        client_close(&patients[i].client);
    }
}

static void closing_answers_whoever_still_waits(void **state)
{
    (void)state;
    static struct patient patients[PATIENTS];
    pthread_t threads[PATIENTS];
    start_patients(patients, threads, PATIENTS);
    struct http_server *server = bed.server;
    http_server_close(server);
    for (unsigned i = 0; i < PATIENTS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(patients[i].code == 503 || patients[i].code == 0);
        client_close(&patients[i].client);
    }
    bed.server = NULL;
}

static void bad_bodies_are_refused_by_the_name_of_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *names;
    } wrong[] = {
        { "{\"command\":\"set_relay\",\"relay\":8,\"state\":true}", "\\\"relay\\\"" },
        { "{\"command\":\"set_relay\",\"relay\":NaN,\"state\":true}", "JSON" },
        { "{\"command\":\"set_relay\",\"relay\":1.5,\"state\":true}", "\\\"relay\\\"" },
        { "{\"command\":\"set_relay\",\"relay\":1,\"state\":1}", "\\\"state\\\"" },
        { "{\"command\":\"set_relay\",\"relay\":1}", "\\\"state\\\"" },
        { "{\"command\":\"set_relay\",\"relay\":1,\"state\":true,\"mask\":1}", "\\\"mask\\\"" },
        { "{\"command\":\"set_relays\",\"mask\":256}", "\\\"mask\\\"" },
        { "{\"command\":\"all_on\"}", "\\\"command\\\"" },
        { "{\"command\":\"set_relays\",\"mask\":1,\"mask\":2}", "unique" },
        { "{\"command\":\"set_relays\",\"mask\":1,\"colour\":2}", "\\\"colour\\\"" },
        { "[]", "object" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            client_send(&client, "POST", "/v1/devices/" BED_DEVICE "/command", wrong[i].body), 400);
        assert_non_null(strstr(client.body, wrong[i].names));
    }
    assert_int_equal(bed.commands_sent, 0);
    client.headers[0] = "Content-Type: text/plain";
    assert_error("POST", "/v1/devices/" BED_DEVICE "/command", "{}", 415, "unsupported_media_type");
    char *large = calloc(1, 3000);
    memset(large, ' ', 2999);
    assert_error("POST", "/v1/devices/" BED_DEVICE "/command", large, 413, "content_too_large");
    free(large);
}

static void bad_queries_are_refused_by_the_name_of_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *names;
    } wrong[] = {
        { "telemetry?channel=8", "\\\"channel\\\"" },
        { "telemetry?channel=-1", "\\\"channel\\\"" },
        { "telemetry?points=9", "\\\"points\\\"" },
        { "telemetry?points=1e3", "\\\"points\\\"" },
        { "telemetry?start_ms=NaN", "\\\"start_ms\\\"" },
        { "telemetry?start_ms=5&end_ms=5", "\\\"start_ms\\\"" },
        { "telemetry?end_ms=99999999999999999999", "\\\"end_ms\\\"" },
        { "telemetry?foo=1", "\\\"foo\\\"" },
        { "energy?period=decade", "\\\"period\\\"" },
        { "energy?start_ms=1", "\\\"end_ms\\\"" },
        { "energy?period=today&start_ms=1&end_ms=2", "\\\"period\\\"" },
        { "deliveries?x=", "\\\"x\\\"" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/v1/devices/" BED_DEVICE "/%s", wrong[i].query);
        assert_int_equal(client_send(&client, "GET", path, NULL), 400);
        assert_non_null(strstr(client.body, wrong[i].names));
    }
    assert_error("GET", "/v1/devices?page=0", NULL, 400, "invalid_request");
    assert_error("GET", "/v1/devices?per_page=201", NULL, 400, "invalid_request");
    assert_error("GET", "/v1/devices?page=1&page=2", NULL, 400, "invalid_request");
}

static void a_device_gets_a_name_and_keeps_it(void **state)
{
    (void)state;
    assert_int_equal(client_send(&client, "PUT", "/v1/devices/" BED_DEVICE,
                                 "{\"name\":\"K\xc3\xbc"
                                 "che\"}"),
                     200);
    assert_non_null(strstr(client.body, "\"name\":\"K\xc3\xbc"
                                        "che\""));
    assert_string_equal(bed.name, "K\xc3\xbc"
                                  "che");
    assert_error("PUT", "/v1/devices/" BED_DEVICE, "{\"name\":\"a\\nb\"}", 400, "invalid_request");
    assert_error("PUT", "/v1/devices/" BED_DEVICE, "{\"name\":7}", 400, "invalid_request");
    assert_error("PUT", "/v1/devices/" BED_DEVICE, "{}", 400, "invalid_request");
}

static void a_store_that_fails_is_named_and_nothing_else_breaks(void **state)
{
    (void)state;
    bed.store_fails = true;
    bed.well = false;
    static const char *const paths[] = { "telemetry", "energy", "deliveries" };
    for (size_t i = 0; i < 3; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "/v1/devices/" BED_DEVICE "/%s", paths[i]);
        assert_error("GET", path, NULL, 503, "store_unavailable");
    }
    assert_error("PUT", "/v1/devices/" BED_DEVICE, "{\"name\":\"x\"}", 503, "store_unavailable");
    assert_int_equal(client_send(&client, "GET", "/healthz", NULL), 503);
    assert_string_equal(client.body, "{\"status\":\"failing\",\"reason\":\"The disk is full.\"}");
    assert_int_equal(client_send(&client, "GET", "/v1/devices", NULL), 200);
}

static void every_answer_carries_the_headers_that_protect_browsers(void **state)
{
    (void)state;
    static const char *const paths[] = { "/", "/v1/devices", "/healthz", "/nowhere.js" };
    char value[512];
    for (size_t i = 0; i < 4; i++) {
        (void)client_send(&client, "GET", paths[i], NULL);
        assert_non_null(strstr(client_header(&client, "Content-Security-Policy", value),
                               "default-src 'none'; script-src 'self'; style-src 'self';"));
        assert_null(strstr(value, "unsafe"));
        assert_string_equal(client_header(&client, "X-Content-Type-Options", value), "nosniff");
        assert_string_equal(client_header(&client, "Referrer-Policy", value), "no-referrer");
        assert_string_equal(client_header(&client, "Strict-Transport-Security", value),
                            "max-age=31536000");
        assert_true(client_header(&client, "Cache-Control", value)[0] != '\0');
    }
}

static void the_dashboard_is_served_and_nothing_beside_it(void **state)
{
    (void)state;
    char value[512];
    assert_int_equal(client_send(&client, "GET", "/devices/meter-1", NULL), 200);
    assert_non_null(strstr(client.body, "<title>Ohmstead</title>"));
    assert_int_equal(client_send(&client, "GET", "/assets/app-12345678.js", NULL), 200);
    assert_string_equal(client_header(&client, "Content-Type", value),
                        "text/javascript; charset=utf-8");
    assert_non_null(strstr(client_header(&client, "Cache-Control", value), "immutable"));
    static char tag[600];
    (void)snprintf(tag, sizeof tag, "If-None-Match: %s", client_header(&client, "ETag", value));
    client.headers[0] = tag;
    assert_int_equal(client_send(&client, "GET", "/assets/app-12345678.js", NULL), 304);
    assert_int_equal(client.body_size, 0);
    assert_int_equal(client_send(&client, "HEAD", "/", NULL), 200);
    static const char *const ways_out[] = {
        "/../server.key",           "/%2e%2e/server.key",           "/..%2fserver.key",
        "/assets/../../server.key", "/assets/..%5c..%5cserver.key", "//etc/passwd",
        "/.%2e/server.key",         "/assets/%00/server.key",
    };
    for (size_t i = 0; i < sizeof ways_out / sizeof ways_out[0]; i++) {
        assert_int_equal(client_send(&client, "GET", ways_out[i], NULL), 400);
        assert_null(strstr(client.body, "PRIVATE KEY"));
    }
    assert_error("POST", "/", "{}", 405, "method_not_allowed");
    assert_error("DELETE", "/v1/devices", NULL, 405, "method_not_allowed");
    assert_error("GET", "/v1/nothing", NULL, 404, "not_found");
    assert_error("GET", "/v1", NULL, 404, "not_found");
}

static void a_flood_from_one_address_is_told_to_wait(void **state)
{
    (void)state;
    const struct http_server_config config = { .request_burst = 20, .request_refill_ms = 1000000 };
    char wait[512];
    bed_open(&bed, &config);
    client_open(&client, &bed, false);
    unsigned served = 0;
    while (client_send(&client, "GET", "/", NULL) == 200) {
        served++;
    }
    assert_int_equal(served, 20);
    assert_int_equal(client.code, 429);
    assert_non_null(strstr(client.body, "rate_limit_exceeded"));
    assert_true(atoi(client_header(&client, "Retry-After", wait)) > 0);
}

/// What two readers could cut differently must not be carried out, and no second request may be
/// taken from its bytes.
static void a_request_with_two_readings_is_refused_and_the_connection_closed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n"
        "Host: localhost\r\n\r\n",
        "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
        "Content-Length: 40\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: +0\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 43\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        static char answer[16384];
        (void)client_raw(&bed, wrong[i], strlen(wrong[i]), answer, sizeof answer);
        // The request hidden behind each of them would be answered with 200.
        if (strstr(answer, "HTTP/1.1 200") != NULL) {
            fail_msg("request %zu was answered: %s", i, answer);
        }
    }
}

static void heads_have_limits_and_plain_http_is_for_this_machine(void **state)
{
    (void)state;
    static char request[40000];
    static char answer[16384];
    static const char foreign[] = "GET /healthz HTTP/1.1\r\nHost: rebound.example\r\n\r\n";
    (void)client_raw(&bed, foreign, sizeof foreign - 1, answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 421"));

    size_t used =
        (size_t)snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    for (unsigned i = 0; i < 120; i++) {
        used += (size_t)snprintf(request + used, sizeof request - used, "X-%u: y\r\n", i);
    }
    used += (size_t)snprintf(request + used, sizeof request - used, "\r\n");
    (void)client_raw(&bed, request, used, answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 431"));

    used = (size_t)snprintf(request, sizeof request,
                            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
    memset(request + used, 'y', 30000);
    used += 30000;
    used += (size_t)snprintf(request + used, sizeof request - used, "\r\n\r\n");
    (void)client_raw(&bed, request, used, answer, sizeof answer);
    assert_null(strstr(answer, "HTTP/1.1 200"));
}

static void says_which_port_is_taken_and_which_file_is_broken(void **state)
{
    (void)state;
    char reason[HTTP_SERVER_REASON_SIZE];
    char certificate[128];
    char key[128];
    struct http_server *other = NULL;
    struct http_server_config config = { .local = true,
                                         .local_port = http_server_local_port(bed.server),
                                         .version = "test" };
    assert_int_equal(http_server_open(&config, &bed.fleet, bed.accounts, bed.hub, &other, reason),
                     STATUS_BUSY);
    assert_non_null(strstr(reason, "another program uses that port"));
    config.local_port = 0;
    config.certificate_file = "/nonexistent/server.crt";
    config.key_file = bed_path(&bed, "server.key", key);
    assert_int_equal(http_server_open(&config, &bed.fleet, bed.accounts, bed.hub, &other, reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason, "/nonexistent/server.crt: No such file"));
    config.certificate_file = bed_path(&bed, "server.key", certificate);
    assert_int_equal(http_server_open(&config, &bed.fleet, bed.accounts, bed.hub, &other, reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason, "Cannot use the certificate"));
}

int main(void)
{
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)
#define SIGNED_IN(name) cmocka_unit_test_setup_teardown(name, open_and_sign_in, close_bed)
    const struct CMUnitTest tests[] = {
        PROMISE(every_route_is_closed_to_strangers_unless_it_is_public),
        PROMISE(signing_in_gives_a_cookie_only_this_server_sees),
        PROMISE(an_old_session_does_not_outlive_a_new_sign_in),
        PROMISE(sessions_end_by_time),
        PROMISE(guessing_is_slowed_with_a_time_to_return),
        SIGNED_IN(another_site_cannot_write),
        SIGNED_IN(a_command_waits_for_the_device),
        SIGNED_IN(requests_that_wait_hold_no_thread),
        SIGNED_IN(closing_answers_whoever_still_waits),
        SIGNED_IN(bad_bodies_are_refused_by_the_name_of_the_member),
        SIGNED_IN(bad_queries_are_refused_by_the_name_of_the_member),
        SIGNED_IN(a_device_gets_a_name_and_keeps_it),
        SIGNED_IN(a_store_that_fails_is_named_and_nothing_else_breaks),
        SIGNED_IN(every_answer_carries_the_headers_that_protect_browsers),
        PROMISE(the_dashboard_is_served_and_nothing_beside_it),
        cmocka_unit_test_teardown(a_flood_from_one_address_is_told_to_wait, close_bed),
        PROMISE(a_request_with_two_readings_is_refused_and_the_connection_closed),
        PROMISE(heads_have_limits_and_plain_http_is_for_this_machine),
        PROMISE(says_which_port_is_taken_and_which_file_is_broken),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
