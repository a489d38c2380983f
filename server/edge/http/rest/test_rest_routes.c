// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rest.h"

static const struct rest_route *route;
static struct rest_arguments arguments;
static char allowed[32];

static enum status find(enum rest_method method, const char *path)
{
    return rest_find_route(method, path, &route, &arguments, allowed);
}

static void finds_a_route_and_what_stands_for_the_hole(void **state)
{
    (void)state;
    assert_int_equal(find(REST_GET, "/v1/devices/meter-1/telemetry/latest"), STATUS_OK);
    assert_string_equal(route->pattern, "/v1/devices/{id}/telemetry/latest");
    assert_string_equal(arguments.id, "meter-1");
    assert_int_equal(find(REST_GET, "/v1/devices/meter-1/events/ab-7/waveform"), STATUS_OK);
    assert_string_equal(route->pattern, "/v1/devices/{id}/events/{event_id}/waveform");
    assert_string_equal(arguments.id, "meter-1");
    assert_string_equal(arguments.detail, "ab-7");
    assert_int_equal(find(REST_GET, "/v1/devices"), STATUS_OK);
    assert_string_equal(arguments.id, "");
}

static void tells_a_wrong_method_from_a_wrong_path(void **state)
{
    (void)state;
    assert_int_equal(find(REST_POST, "/v1/devices/meter-1"), STATUS_INVALID);
    assert_string_equal(allowed, "GET, PUT");
    static const char *const wrong[] = { "/v1",
                                         "/v1/",
                                         "/v1/device",
                                         "/v1/devices/",
                                         "/v1/devices/a/b",
                                         "/v1/devices/a/command/x",
                                         "/v1/devicesx/a",
                                         "/V1/devices",
                                         "/healthz/x" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(find(REST_GET, wrong[i]), STATUS_MISSING);
    }
    char path[200];
    memset(path, 'a', sizeof path);
    memcpy(path, "/v1/devices/", 12);
    path[sizeof path - 1] = '\0';
    assert_int_equal(find(REST_GET, path), STATUS_MISSING);
}

static void only_what_must_be_is_public(void **state)
{
    (void)state;
    static const char *const open_to_all[] = { "/v1/auth/login", "/v1/openapi.json", "/healthz" };
    size_t count = 0;
    const struct rest_route *routes = rest_routes(&count);
    for (size_t i = 0; i < count; i++) {
        bool expected = false;
        for (size_t j = 0; j < 3; j++) {
            expected = expected || strcmp(routes[i].pattern, open_to_all[j]) == 0;
        }
        assert_int_equal(routes[i].permission == PERMISSION_PUBLIC, expected);
        assert_true(routes[i].handle != NULL || routes[i].kind == REST_STREAM ||
                    routes[i].kind == REST_OPENAPI);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_route_and_what_stands_for_the_hole),
        cmocka_unit_test(tells_a_wrong_method_from_a_wrong_path),
        cmocka_unit_test(only_what_must_be_is_public),
    };
    return cmocka_run_group_tests_name("rest_routes", tests, NULL, NULL);
}
