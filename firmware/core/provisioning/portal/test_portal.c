// SPDX-License-Identifier: MIT
#include "portal_rig.h"

static void lists_networks_as_the_seed_does_under_both_names(void **state)
{
    struct portal_rig *rig = *state;
    const char *const paths[] = { "/scan", "/local-wifi" };
    for (unsigned i = 0; i < 2; i++) {
        rig->fake.is_cached = i == 1;
        rig_get(rig, paths[i]);
        rig_expect(rig, 200,
                   i == 1 ? "{\"networks\":[{\"ssid\":\"Statsnapp\",\"rssi\":-45,\"channel\":6,"
                            "\"secure\":true},{\"ssid\":\"Guests\",\"rssi\":-71,\"channel\":11,"
                            "\"secure\":false}],\"count\":2,\"cached\":true}"
                          : "{\"networks\":[{\"ssid\":\"Statsnapp\",\"rssi\":-45,\"channel\":6,"
                            "\"secure\":true},{\"ssid\":\"Guests\",\"rssi\":-71,\"channel\":11,"
                            "\"secure\":false}],\"count\":2,\"cached\":false}");
        assert_string_equal(rig_header(rig, "Content-Type"), "application/json");
        assert_string_equal(rig_header(rig, "Cache-Control"), "no-store");
    }
    assert_int_equal(rig->fake.scans, 0);
}

static void looks_again_only_for_refresh_true(void **state)
{
    struct portal_rig *rig = *state;
    const struct {
        const char *query;
        unsigned scans;
    } cases[] = { { "refresh=false", 0 },
                  { "refresh", 0 },
                  { "refres=true", 0 },
                  { "refresh=%zz", 0 },
                  { "refresh=true", 1 },
                  { "a=b&refresh=true", 2 },
                  { NULL, 2 },
                  { "refresh=truetrue", 2 },
                  { "", 2 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_ask(rig, &(struct portal_request){
                         .method = "GET", .path = "/local-wifi", .query = cases[i].query });
        assert_int_equal(rig->reply.status, 200);
        assert_int_equal(rig->fake.scans, cases[i].scans);
    }
}

static void lists_names_of_any_bytes_and_leaves_out_hidden_ones(void **state)
{
    struct portal_rig *rig = *state;
    rig->fake.network_count = 0;
    fake_portal_host_add(&rig->fake, "", 0, -40, 1, true);
    fake_portal_host_add(&rig->fake, "</script>\"\\\n", 12, -50, 1, true);
    fake_portal_host_add(&rig->fake, "caf\xE9\0x", 6, -60, 1, true);
    rig_get(rig, "/scan");
    rig_expect(rig, 200,
               "{\"networks\":[{\"ssid\":\"</script>\\\"\\\\\\n\",\"rssi\":-50,\"channel\":1,"
               "\"secure\":true},{\"ssid\":\"caf\xEF\xBF\xBD\xEF\xBF\xBDx\",\"rssi\":-60,"
               "\"channel\":1,\"secure\":true}],\"count\":2,\"cached\":false}");
}

static void has_room_for_the_longest_list(void **state)
{
    struct portal_rig *rig = *state;
    char ssid[WIFI_SSID_LIMIT];
    memset(ssid, 0x01, sizeof ssid); // Six characters each in JSON.
    rig->fake.network_count = 0;
    for (unsigned i = 0; i < WIFI_NETWORK_LIMIT; i++) {
        fake_portal_host_add(&rig->fake, ssid, sizeof ssid, -100, 255, false);
    }
    rig_get(rig, "/scan");
    assert_int_equal(rig->reply.status, 200);
    assert_non_null(strstr(rig->reply.body, "\"count\":20,\"cached\":false}"));
}

static void tells_the_status_and_why_an_attempt_failed(void **state)
{
    struct portal_rig *rig = *state;
    rig_get(rig, "/status");
    rig_expect(rig, 200, "{\"status\":\"provisioning\",\"ip\":\"\",\"state\":\"AP_MODE\"}");
    rig->fake.status.reason = "auth_failed";
    rig_get(rig, "/status");
    rig_expect(rig, 200,
               "{\"status\":\"provisioning\",\"ip\":\"\",\"state\":\"AP_MODE\","
               "\"reason\":\"auth_failed\"}");
    rig->fake.status = (struct portal_status){ .progress = PORTAL_CONNECTED,
                                               .address = "192.168.1.100",
                                               .state = "MQTT_CONNECTED" };
    rig_get(rig, "/status");
    rig_expect(rig, 200,
               "{\"status\":\"connected\",\"ip\":\"192.168.1.100\",\"state\":\"MQTT_CONNECTED\"}");
    rig->fake.status.progress = PORTAL_DISCONNECTED;
    rig_get(rig, "/status");
    assert_non_null(strstr(rig->reply.body, "\"status\":\"disconnected\""));
}

static void takes_the_credentials_of_the_seed(void **state)
{
    struct portal_rig *rig = *state;
    rig_ask(rig, &(struct portal_request){ .method = "POST",
                                           .path = "/provision",
                                           .host = "192.168.4.1",
                                           .content_type = "application/json",
                                           .authorization = "Bearer YOUR_BEARER_TOKEN",
                                           .body = seed_body,
                                           .body_size = strlen(seed_body) });
    rig_expect(rig, 200, "{\"status\":\"ok\",\"message\":\"Credentials saved\"}");
    assert_int_equal(rig->fake.submissions, 1);
    assert_int_equal(rig->fake.last.wifi.ssid_size, 9);
    assert_memory_equal(rig->fake.last.wifi.ssid, "Statsnapp", 9);
    assert_string_equal(rig->fake.last.wifi.password, "1q2w3e4r");
    assert_string_equal(rig->fake.last.device_id, "device_0070");
    assert_string_equal(rig->fake.last.token, "your_prov_token");
    assert_string_equal(rig->fake.last.bearer, "YOUR_BEARER_TOKEN");
}

static void keeps_no_secret_after_a_request(void **state)
{
    struct portal_rig *rig = *state;
    const struct portal_submission nothing = { .token = "" };
    rig_provision(rig, seed_body);
    assert_int_equal(rig->fake.submissions, 1);
    assert_memory_equal(&rig->portal.submission, &nothing, sizeof nothing);
    assert_null(memmem(rig->portal.out, sizeof rig->portal.out, "1q2w3e4r", 8));
    // A request that is refused half-way leaves none either.
    rig_provision(rig, "{\"ssid\":\"home\",\"password\":\"1q2w3e4r\",\"device_id\":\"a b\","
                       "\"provisioning_token\":\"t\"}");
    assert_int_equal(rig->reply.status, 400);
    assert_memory_equal(&rig->portal.submission, &nothing, sizeof nothing);
}

static void names_every_missing_field(void **state)
{
    struct portal_rig *rig = *state;
    rig_provision(rig, "{}");
    rig_expect(rig, 400,
               "{\"error\":\"missing_fields\",\"message\":\"One or more required fields are "
               "missing\",\"missing_fields\":[\"ssid\",\"password\",\"device_id\","
               "\"provisioning_token\"]}");
    rig_provision(rig, "{\"ssid\":\"\",\"password\":\"\",\"device_id\":\"d\"}");
    rig_expect(rig, 400,
               "{\"error\":\"missing_fields\",\"message\":\"One or more required fields are "
               "missing\",\"missing_fields\":[\"ssid\",\"provisioning_token\"]}");
}

static void says_invalid_json_as_the_seed_does(void **state)
{
    struct portal_rig *rig = *state;
    const char *const broken[] = { "", "{", "[]", "null", "{\"ssid\":}", "{}x", "{'ssid':'x'}" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        rig_provision(rig, broken[i]);
        rig_expect(rig, 400, "{\"error\":\"invalid_json\"}");
    }
}

static void passes_on_why_the_device_refused(void **state)
{
    struct portal_rig *rig = *state;
    const struct {
        enum status answer;
        unsigned status;
        const char *error;
    } cases[] = { { STATUS_BUSY, 409, "busy" },
                  { STATUS_MISSING, 403, "window_closed" },
                  { STATUS_INVALID, 409, "other_device" },
                  { STATUS_IO, 500, "not_saved" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig->fake.answer = cases[i].answer;
        rig_provision(rig, seed_body);
        rig_expect_refused(rig, cases[i].status, cases[i].error);
    }
}

static void takes_plain_credentials_only_on_a_safe_hotspot_that_allows_them(void **state)
{
    struct portal_rig *rig = *state;
    for (unsigned i = 0; i < 4; i++) {
        rig->fake.submissions = 0;
        rig->fake.facts.is_hotspot_safe = (i & 1) != 0;
        rig->fake.facts.are_plain_taken = (i & 2) != 0;
        rig_provision(rig, seed_body);
        if (i == 3) {
            assert_int_equal(rig->reply.status, 200);
        } else {
            rig_expect_refused(rig, 403, "pairing_required");
            rig_save(rig, "ssid=home&password=1q2w3e4r");
            assert_int_equal(rig->reply.status, 403);
            assert_int_equal(rig->fake.submissions, 0);
        }
        rig_get(rig, "/about");
        rig_expect(rig, 200,
                   i == 3 ? "{\"device_id\":\"meter-1\",\"open\":true,\"closes_in_s\":840,"
                            "\"plain\":true}"
                          : "{\"device_id\":\"meter-1\",\"open\":true,\"closes_in_s\":840,"
                            "\"plain\":false}");
    }
}

static void takes_the_form_of_the_page(void **state)
{
    struct portal_rig *rig = *state;
    rig_save(rig, "ssid=My+caf%E9&password=");
    assert_int_equal(rig->reply.status, 303);
    assert_string_equal(rig_header(rig, "Location"), "http://192.168.4.1/progress");
    assert_int_equal(rig->fake.last.wifi.ssid_size, 7);
    assert_memory_equal(rig->fake.last.wifi.ssid, "My caf\xE9", 7);
    assert_string_equal(rig->fake.last.wifi.password, "");
    assert_string_equal(rig->fake.last.device_id, "");
    assert_string_equal(rig->fake.last.token, "");

    const char form[] = "ssid=home&password=a%26b%3Dc%2Bd+e&device_id=meter-1&"
                        "provisioning_token=tok";
    rig_ask(rig, &(struct portal_request){ .method = "POST",
                                           .path = "/save",
                                           .host = "192.168.4.1",
                                           .origin = "http://192.168.4.1",
                                           .accept = "application/json",
                                           .content_type = "application/x-www-form-urlencoded;"
                                                           "charset=UTF-8",
                                           .body = form,
                                           .body_size = strlen(form) });
    rig_expect(rig, 200, "{\"status\":\"ok\",\"message\":\"Credentials saved\"}");
    assert_string_equal(rig->fake.last.wifi.password, "a&b=c+d e");
    assert_string_equal(rig->fake.last.device_id, "meter-1");
    assert_string_equal(rig->fake.last.token, "tok");
}

static void says_what_is_wrong_with_a_form(void **state)
{
    struct portal_rig *rig = *state;
    rig_save(rig, "password=12345678");
    rig_expect(rig, 400, "Invalid credentials: One or more required fields are missing: ssid\n");
    assert_string_equal(rig_header(rig, "Content-Type"), "text/plain; charset=utf-8");
    rig_save(rig, "ssid=home&password=short");
    assert_memory_equal(rig->reply.body, "Invalid credentials: A password has 8", 37);
    rig_save(rig, "ssid=home&password=%");
    rig_expect(rig, 400, "Invalid credentials: The form is not well encoded\n");
    rig->fake.answer = STATUS_BUSY;
    rig_save(rig, "ssid=home&password=12345678");
    assert_int_equal(rig->reply.status, 409);
    assert_memory_equal(rig->reply.body, "Not saved: The device is trying", 31);
    assert_int_equal(rig->fake.submissions, 0);
}

static void serves_a_page_that_needs_nothing_from_outside(void **state)
{
    struct portal_rig *rig = *state;
    rig_get(rig, "/");
    assert_int_equal(rig->reply.status, 200);
    assert_string_equal(rig_header(rig, "Content-Type"), "text/html; charset=utf-8");
    assert_non_null(strstr(rig_header(rig, "Content-Security-Policy"), "default-src 'none'"));
    assert_non_null(strstr(rig_header(rig, "Content-Security-Policy"), "frame-ancestors 'none'"));
    assert_true(rig->reply.body_size > 1000 && rig->reply.body_size < 12 * 1024);
    const char *const outside[] = { "http:", "https:", "//", "@import", "innerHTML", "\0" };
    for (size_t i = 0; outside[i][0] != '\0'; i++) {
        assert_null(memmem(rig->reply.body, rig->reply.body_size, outside[i], strlen(outside[i])));
    }
}

static void shows_progress_without_script(void **state)
{
    struct portal_rig *rig = *state;
    rig->fake.status.reason = "<b>&'\"";
    rig_get(rig, "/progress");
    assert_int_equal(rig->reply.status, 200);
    assert_non_null(strstr(rig->reply.body, "provisioning: AP_MODE"));
    assert_non_null(strstr(rig->reply.body, "&lt;b&gt;&amp;&#39;&quot;"));
    assert_null(strstr(rig->reply.body, "<b>"));
}

static void sends_every_captive_portal_check_to_the_page(void **state)
{
    struct portal_rig *rig = *state;
    const char *const checks[][2] = {
        { "connectivitycheck.gstatic.com", "/generate_204" },
        { "clients3.google.com", "/gen_204" },
        { "captive.apple.com", "/hotspot-detect.html" },
        { "www.apple.com", "/library/test/success.html" },
        { "www.msftconnecttest.com", "/connecttest.txt" },
        { "www.msftncsi.com", "/ncsi.txt" },
        { "www.msftconnecttest.com", "/redirect" },
        { "detectportal.firefox.com", "/canonical.html" },
        { "detectportal.firefox.com:80", "/success.txt" },
        { "nmcheck.gnome.org", "/check_network_status.txt" },
        { "example.org", "/any/thing" },
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        rig_ask(rig, &(struct portal_request){
                         .method = "GET", .host = checks[i][0], .path = checks[i][1] });
        assert_int_equal(rig->reply.status, 302);
        assert_string_equal(rig_header(rig, "Location"), "http://192.168.4.1/");
        if (i + 1 < sizeof checks / sizeof checks[0]) {
            rig_get(rig, checks[i][1]);
            assert_int_equal(rig->reply.status, 302);
        }
    }
    rig->fake.facts.port = 8090;
    rig_get(rig, "/generate_204");
    assert_string_equal(rig_header(rig, "Location"), "http://192.168.4.1:8090/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lists_networks_as_the_seed_does_under_both_names, rig_set_up),
        cmocka_unit_test_setup(looks_again_only_for_refresh_true, rig_set_up),
        cmocka_unit_test_setup(lists_names_of_any_bytes_and_leaves_out_hidden_ones, rig_set_up),
        cmocka_unit_test_setup(has_room_for_the_longest_list, rig_set_up),
        cmocka_unit_test_setup(tells_the_status_and_why_an_attempt_failed, rig_set_up),
        cmocka_unit_test_setup(takes_the_credentials_of_the_seed, rig_set_up),
        cmocka_unit_test_setup(keeps_no_secret_after_a_request, rig_set_up),
        cmocka_unit_test_setup(names_every_missing_field, rig_set_up),
        cmocka_unit_test_setup(says_invalid_json_as_the_seed_does, rig_set_up),
        cmocka_unit_test_setup(passes_on_why_the_device_refused, rig_set_up),
        cmocka_unit_test_setup(takes_plain_credentials_only_on_a_safe_hotspot_that_allows_them,
                               rig_set_up),
        cmocka_unit_test_setup(takes_the_form_of_the_page, rig_set_up),
        cmocka_unit_test_setup(says_what_is_wrong_with_a_form, rig_set_up),
        cmocka_unit_test_setup(serves_a_page_that_needs_nothing_from_outside, rig_set_up),
        cmocka_unit_test_setup(shows_progress_without_script, rig_set_up),
        cmocka_unit_test_setup(sends_every_captive_portal_check_to_the_page, rig_set_up),
    };
    return cmocka_run_group_tests_name("portal", tests, NULL, NULL);
}
