// SPDX-License-Identifier: MIT

/// What the portal refuses: inputs out of their limits, and callers who are not whom it serves.

#include "portal_rig.h"

static void set_origin(struct portal_rig *rig, const char *origin)
{
    (void)snprintf(rig->fake.facts.origin, sizeof rig->fake.facts.origin, "%s", origin);
}

static void provision_sized(struct portal_rig *rig, size_t ssid, size_t password, size_t id,
                            size_t token)
{
    char body[2048];
    static char letters[1200];
    memset(letters, 'a', sizeof letters);
    (void)snprintf(body, sizeof body,
                   "{\"ssid\":\"%.*s\",\"password\":\"%.*s\",\"device_id\":\"%.*s\","
                   "\"provisioning_token\":\"%.*s\"}",
                   (int)ssid, letters, (int)password, letters, (int)id, letters, (int)token,
                   letters);
    rig->fake.submissions = 0;
    rig_provision(rig, body);
}

static void save_sized(struct portal_rig *rig, size_t ssid, size_t password)
{
    char form[512];
    static char letters[128];
    memset(letters, 'a', sizeof letters);
    (void)snprintf(form, sizeof form, "ssid=%.*s&password=%.*s", (int)ssid, letters, (int)password,
                   letters);
    rig->fake.submissions = 0;
    rig_save(rig, form);
}

static void takes_names_and_passwords_of_every_legal_length_and_no_other(void **state)
{
    struct portal_rig *rig = *state;
    for (size_t ssid = 0; ssid <= 40; ssid++) {
        for (size_t password = 0; password <= 70; password++) {
            const bool legal =
                ssid >= 1 && ssid <= 32 && (password == 0 || (password >= 8 && password <= 64));
            provision_sized(rig, ssid, password, 8, 8);
            assert_int_equal(rig->reply.status, legal ? 200 : 400);
            assert_int_equal(rig->fake.submissions, legal);
            save_sized(rig, ssid, password);
            assert_int_equal(rig->reply.status, legal ? 303 : 400);
            assert_int_equal(rig->fake.submissions, legal);
        }
    }
    for (size_t id = 0; id <= 34; id++) {
        provision_sized(rig, 4, 8, id, 8);
        assert_int_equal(rig->reply.status, id >= 1 && id <= 32 ? 200 : 400);
    }
    for (size_t token = 0; token <= 520; token++) {
        provision_sized(rig, 4, 8, 8, token);
        assert_int_equal(rig->reply.status, token >= 1 && token <= PORTAL_TOKEN_LIMIT ? 200 : 400);
    }
}

static void names_the_field_that_is_wrong(void **state)
{
    struct portal_rig *rig = *state;
    const char *const cases[][2] = {
        { "{\"ssid\":7,\"password\":\"12345678\",\"device_id\":\"d\",\"provisioning_token\":\"t\"}",
          "\"field\":\"ssid\"}" },
        { "{\"ssid\":\"s\",\"password\":\"1234567\",\"device_id\":\"d\","
          "\"provisioning_token\":\"t\"}",
          "\"field\":\"password\"}" },
        { "{\"ssid\":\"s\",\"password\":\"1234567\\u00e9\",\"device_id\":\"d\","
          "\"provisioning_token\":\"t\"}",
          "\"field\":\"password\"}" },
        { "{\"ssid\":\"s\",\"password\":\"\",\"device_id\":\"a/b\",\"provisioning_token\":\"t\"}",
          "\"field\":\"device_id\"}" },
        { "{\"ssid\":\"s\",\"password\":null,\"device_id\":\"d\",\"provisioning_token\":\"t\"}",
          "\"field\":\"password\"}" },
        { "{\"ssid\":\"s\",\"password\":\"\",\"device_id\":\"d\",\"provisioning_token\":\"t t\"}",
          "\"field\":\"provisioning_token\"}" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_provision(rig, cases[i][0]);
        rig_expect_refused(rig, 400, "invalid_field");
        assert_non_null(strstr(rig->reply.body, cases[i][1]));
    }
}

static void refuses_documents_that_are_not_one_plain_object(void **state)
{
    struct portal_rig *rig = *state;
    const char *const bodies[] = {
        "{\"ssid\":\"a\",\"ssid\":\"b\",\"password\":\"\",\"device_id\":\"d\","
        "\"provisioning_token\":\"t\"}",
        "{\"ssid\":\"a\\u0000b\",\"password\":\"\",\"device_id\":\"d\","
        "\"provisioning_token\":\"t\"}",
        "{\"ssid\":\"caf\xE9\",\"password\":\"\",\"device_id\":\"d\",\"provisioning_token\":\"t\"}",
        "{\"ssid\":\"\xED\xA0\x80\",\"password\":\"\",\"device_id\":\"d\","
        "\"provisioning_token\":\"t\"}",
        "{\"x\":[[[[[[]]]]]],\"ssid\":\"a\",\"password\":\"\",\"device_id\":\"d\","
        "\"provisioning_token\":\"t\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        rig_provision(rig, bodies[i]);
        rig_expect_refused(rig, 400, "invalid_json");
    }
    // A NUL inside, and a body cut at every byte.
    rig_post_bytes(rig, "/provision", "application/json", "{\"ssid\":\0\"a\"}", 13);
    rig_expect_refused(rig, 400, "invalid_json");
    for (size_t size = 0; size + 1 < sizeof seed_body; size++) {
        rig_post_bytes(rig, "/provision", "application/json", seed_body, size);
        rig_expect_refused(rig, 400, "invalid_json");
    }
}

static void refuses_bodies_above_the_limit_unread(void **state)
{
    struct portal_rig *rig = *state;
    rig_post_bytes(rig, "/provision", "application/json", NULL, PORTAL_BODY_LIMIT + 1);
    rig_expect_refused(rig, 413, "too_large");
    rig_post_bytes(rig, "/save", "application/x-www-form-urlencoded", NULL, SIZE_MAX);
    rig_expect_refused(rig, 413, "too_large");

    static char body[PORTAL_BODY_LIMIT];
    memset(body, ' ', sizeof body);
    memcpy(body, seed_body, strlen(seed_body));
    rig_post_bytes(rig, "/provision", "application/json", body, sizeof body);
    assert_int_equal(rig->reply.status, 200);
}

static void refuses_forms_with_a_name_of_illegal_bytes_or_twice(void **state)
{
    struct portal_rig *rig = *state;
    const char *const forms[] = { "ssid=a%00b&password=",
                                  "ssid=a&ssid=b&password=",
                                  "ssid=a&password=&password=12345678",
                                  "ssid=a&password=%C3%A9%C3%A9%C3%A9%C3%A9",
                                  "ssid=a&password=&device_id=a%2Fb",
                                  "ssid=a&password=&provisioning_token=a+b" };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        rig_save(rig, forms[i]);
        assert_int_equal(rig->reply.status, 400);
        assert_int_equal(rig->fake.submissions, 0);
    }
}

static void refuses_a_bearer_token_out_of_limits(void **state)
{
    struct portal_rig *rig = *state;
    static char header[PORTAL_BEARER_LIMIT + 16];
    struct portal_request request = { .method = "POST",
                                      .path = "/provision",
                                      .content_type = "application/json",
                                      .authorization = header,
                                      .body = seed_body,
                                      .body_size = strlen(seed_body) };
    const char *const wrong[] = { "",        "Bearer",     "Bearer ",     "Basic YTpi",
                                  "bearerx", "Bearer a b", "Bearer a\x7f" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)snprintf(header, sizeof header, "%s", wrong[i]);
        rig_ask(rig, &request);
        rig_expect_refused(rig, 401, "invalid_bearer");
    }
    memset(header, 'b', sizeof header);
    memcpy(header, "Bearer ", 7);
    header[7 + PORTAL_BEARER_LIMIT + 1] = '\0';
    rig_ask(rig, &request);
    rig_expect_refused(rig, 401, "invalid_bearer");
    header[7 + PORTAL_BEARER_LIMIT] = '\0';
    rig_ask(rig, &request);
    assert_int_equal(rig->reply.status, 200);
    assert_int_equal(strlen(rig->fake.last.bearer), PORTAL_BEARER_LIMIT);
}

static void answers_wrong_methods_and_unknown_paths_clearly(void **state)
{
    struct portal_rig *rig = *state;
    const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "", "get" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        rig_ask(rig, &(struct portal_request){ .method = methods[i], .path = "/nothing" });
        rig_expect_refused(rig, 404, "not_found");
        if (i != 0) {
            rig_ask(rig, &(struct portal_request){ .method = methods[i], .path = "/status" });
            rig_expect_refused(rig, 405, "method_not_allowed");
            assert_string_equal(rig_header(rig, "Allow"), "GET, HEAD, OPTIONS");
        }
        if (i != 1) {
            rig_ask(rig, &(struct portal_request){ .method = methods[i], .path = "/provision" });
            rig_expect_refused(rig, 405, "method_not_allowed");
            assert_string_equal(rig_header(rig, "Allow"), "POST, OPTIONS");
        }
    }
}

/// A browser sends these for a form or for text without asking first.
static void refuses_bodies_for_which_a_browser_does_not_ask(void **state)
{
    struct portal_rig *rig = *state;
    const char *const types[] = { NULL,
                                  "",
                                  "text/plain",
                                  "application/x-www-form-urlencoded",
                                  "multipart/form-data",
                                  "application/jsonp",
                                  "text/plain; application/json" };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        rig_post_bytes(rig, "/provision", types[i], seed_body, strlen(seed_body));
        rig_expect_refused(rig, 415, "unsupported_media_type");
    }
    rig_post_bytes(rig, "/save", "application/json", seed_body, strlen(seed_body));
    rig_expect_refused(rig, 415, "unsupported_media_type");
    rig_post_bytes(rig, "/provision", "Application/JSON; charset=utf-8", seed_body,
                   strlen(seed_body));
    assert_int_equal(rig->reply.status, 200);
}

static void post_from(struct portal_rig *rig, const char *path, const char *host,
                      const char *origin)
{
    const bool form = strcmp(path, "/save") == 0;
    const char *body = form ? "ssid=home&password=12345678" : seed_body;
    rig->fake.submissions = 0;
    rig_ask(rig,
            &(struct portal_request){ .method = "POST",
                                      .path = path,
                                      .host = host,
                                      .origin = origin,
                                      .content_type = form ? "application/x-www-form-urlencoded"
                                                           : "application/json",
                                      .body = body,
                                      .body_size = strlen(body) });
}

static void refuses_posts_of_foreign_pages(void **state)
{
    struct portal_rig *rig = *state;
    const char *const foreign[] = { "http://evil.example",
                                    "null",
                                    "https://192.168.4.1",
                                    "http://192.168.4.1:81",
                                    "192.168.4.1",
                                    "",
                                    "http://192.168.4.1.evil.example" };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        post_from(rig, "/provision", "192.168.4.1", foreign[i]);
        rig_expect_refused(rig, 403, "foreign_origin");
        assert_null(rig_header(rig, "Access-Control-Allow-Origin"));
        post_from(rig, "/save", "192.168.4.1", foreign[i]);
        rig_expect_refused(rig, 403, "foreign_origin");
    }
    post_from(rig, "/provision", "192.168.4.1", "http://192.168.4.1");
    assert_int_equal(rig->reply.status, 200);
    post_from(rig, "/save", "127.0.0.1:8090", "http://127.0.0.1:8090");
    assert_int_equal(rig->reply.status, 303);
}

static void lets_the_allowed_origin_send_json_but_no_form(void **state)
{
    struct portal_rig *rig = *state;
    const char *const settings[] = { "http://localhost:3000", "*" };
    for (unsigned i = 0; i < 2; i++) {
        set_origin(rig, settings[i]);
        post_from(rig, "/provision", "192.168.4.1", "http://localhost:3000");
        assert_int_equal(rig->reply.status, 200);
        assert_string_equal(rig_header(rig, "Access-Control-Allow-Origin"), settings[i]);
        post_from(rig, "/save", "192.168.4.1", "http://localhost:3000");
        rig_expect_refused(rig, 403, "foreign_origin");
        post_from(rig, "/provision", "192.168.4.1", "http://evil.example");
        assert_int_equal(rig->reply.status, i == 0 ? 403 : 200);
    }
}

static void answers_the_question_a_browser_asks_first(void **state)
{
    struct portal_rig *rig = *state;
    struct portal_request request = { .method = "OPTIONS",
                                      .path = "/provision",
                                      .host = "192.168.4.1",
                                      .origin = "http://localhost:3000" };
    rig_ask(rig, &request);
    assert_int_equal(rig->reply.status, 204);
    assert_null(rig_header(rig, "Access-Control-Allow-Origin"));
    assert_string_equal(rig_header(rig, "Vary"), "Origin");

    set_origin(rig, "http://localhost:3000");
    rig_ask(rig, &request);
    assert_int_equal(rig->reply.status, 204);
    assert_int_equal(rig->reply.body_size, 0);
    assert_string_equal(rig_header(rig, "Access-Control-Allow-Origin"), "http://localhost:3000");
    assert_string_equal(rig_header(rig, "Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
    assert_string_equal(rig_header(rig, "Access-Control-Allow-Headers"),
                        "Content-Type, Authorization");

    request.path = "/save";
    rig_ask(rig, &request);
    assert_null(rig_header(rig, "Access-Control-Allow-Origin"));

    // "*" is said to everybody, with an origin or without.
    set_origin(rig, "*");
    rig_get(rig, "/status");
    assert_string_equal(rig_header(rig, "Access-Control-Allow-Origin"), "*");
}

static void gives_a_name_pointed_at_it_nothing_but_the_way_to_its_address(void **state)
{
    struct portal_rig *rig = *state;
    const char *const names[] = { "evil.example",
                                  "localhost.evil.example",
                                  "192.168.4.1.evil.example",
                                  "1e100.net:80",
                                  "",
                                  ":80",
                                  "localhostx",
                                  "a.192.168.4.1" };
    set_origin(rig, "*");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char origin[80];
        (void)snprintf(origin, sizeof origin, "http://%s", names[i]);
        rig_ask(rig,
                &(struct portal_request){ .method = "GET", .path = "/scan", .host = names[i] });
        assert_int_equal(rig->reply.status, 302);
        assert_int_equal(rig->reply.body_size, 0);
        assert_string_equal(rig_header(rig, "Location"), "http://192.168.4.1/");
        post_from(rig, "/provision", names[i], origin);
        rig_expect_refused(rig, 403, "wrong_host");
        post_from(rig, "/save", names[i], origin);
        rig_expect_refused(rig, 403, "wrong_host");
        rig_ask(rig, &(struct portal_request){
                         .method = "OPTIONS", .path = "/provision", .host = names[i] });
        rig_expect_refused(rig, 403, "wrong_host");
    }
    const char *const addresses[] = { NULL,        "192.168.4.1",  "10.0.0.1:8090",
                                      "localhost", "localhost:80", "[::1]:80" };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        post_from(rig, "/provision", addresses[i], NULL);
        assert_int_equal(rig->reply.status, 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_names_and_passwords_of_every_legal_length_and_no_other,
                               rig_set_up),
        cmocka_unit_test_setup(names_the_field_that_is_wrong, rig_set_up),
        cmocka_unit_test_setup(refuses_documents_that_are_not_one_plain_object, rig_set_up),
        cmocka_unit_test_setup(refuses_bodies_above_the_limit_unread, rig_set_up),
        cmocka_unit_test_setup(refuses_forms_with_a_name_of_illegal_bytes_or_twice, rig_set_up),
        cmocka_unit_test_setup(refuses_a_bearer_token_out_of_limits, rig_set_up),
        cmocka_unit_test_setup(answers_wrong_methods_and_unknown_paths_clearly, rig_set_up),
        cmocka_unit_test_setup(refuses_bodies_for_which_a_browser_does_not_ask, rig_set_up),
        cmocka_unit_test_setup(refuses_posts_of_foreign_pages, rig_set_up),
        cmocka_unit_test_setup(lets_the_allowed_origin_send_json_but_no_form, rig_set_up),
        cmocka_unit_test_setup(answers_the_question_a_browser_asks_first, rig_set_up),
        cmocka_unit_test_setup(gives_a_name_pointed_at_it_nothing_but_the_way_to_its_address,
                               rig_set_up),
    };
    return cmocka_run_group_tests_name("portal_limits", tests, NULL, NULL);
}
