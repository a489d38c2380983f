// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rest_handlers.h"

static const struct rest_route ROUTES[] = {
    { REST_POST, "/v1/auth/login", PERMISSION_PUBLIC, REST_SLOW, rest_sign_in },
    { REST_GET, "/v1/auth/session", PERMISSION_SESSION, REST_QUICK, rest_show_session },
    { REST_POST, "/v1/auth/logout", PERMISSION_SESSION, REST_SLOW, rest_sign_out },
    { REST_GET, "/v1/devices", PERMISSION_FLEET_READ, REST_QUICK, rest_list_devices },
    { REST_GET, "/v1/devices/{id}", PERMISSION_FLEET_READ, REST_QUICK, rest_show_device },
    { REST_PUT, "/v1/devices/{id}", PERMISSION_DEVICE_CONFIG, REST_SLOW, rest_rename_device },
    { REST_GET, "/v1/devices/{id}/telemetry/latest", PERMISSION_FLEET_READ, REST_QUICK,
      rest_show_latest },
    { REST_GET, "/v1/devices/{id}/telemetry", PERMISSION_FLEET_READ, REST_SLOW, rest_show_series },
    { REST_GET, "/v1/devices/{id}/energy", PERMISSION_FLEET_READ, REST_SLOW, rest_show_energy },
    { REST_GET, "/v1/devices/{id}/deliveries", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_deliveries },
    { REST_POST, "/v1/devices/{id}/command", PERMISSION_DEVICE_COMMAND, REST_SLOW,
      rest_send_command },
    { REST_GET, "/v1/stream", PERMISSION_FLEET_READ, REST_STREAM, NULL },
    { REST_GET, "/v1/system", PERMISSION_SYSTEM_READ, REST_QUICK, rest_show_system },
    { REST_GET, "/v1/openapi.json", PERMISSION_PUBLIC, REST_OPENAPI, NULL },
    { REST_GET, "/healthz", PERMISSION_PUBLIC, REST_SLOW, rest_show_health },
};

static const char *const METHODS[REST_METHOD_COUNT] = { "GET", "POST", "PUT" };

const struct rest_route *rest_routes(size_t *count)
{
    *count = sizeof ROUTES / sizeof ROUTES[0];
    return ROUTES;
}

bool rest_method_parse(const char *text, enum rest_method *method)
{
    for (unsigned i = 0; i < REST_METHOD_COUNT; i++) {
        if (strcmp(text, METHODS[i]) == 0) {
            *method = (enum rest_method)i;
            return true;
        }
    }
    return false;
}

static bool matches(const char *pattern, const char *path, char argument[REST_ARGUMENT_SIZE])
{
    static const char hole[] = "{id}";
    const char *brace = strstr(pattern, hole);
    argument[0] = '\0';
    if (brace == NULL) {
        return strcmp(pattern, path) == 0;
    }
    const size_t head = (size_t)(brace - pattern);
    if (strncmp(pattern, path, head) != 0) {
        return false;
    }
    const size_t size = strcspn(path + head, "/");
    if (size == 0 || size >= REST_ARGUMENT_SIZE ||
        strcmp(brace + sizeof hole - 1, path + head + size) != 0) {
        return false;
    }
    memcpy(argument, path + head, size);
    argument[size] = '\0';
    return true;
}

enum status rest_find_route(enum rest_method method, const char *path,
                            const struct rest_route **route, char argument[REST_ARGUMENT_SIZE],
                            char allowed[32])
{
    size_t used = 0;
    allowed[0] = '\0';
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
        if (!matches(ROUTES[i].pattern, path, argument)) {
            continue;
        }
        if (ROUTES[i].method == method) {
            *route = &ROUTES[i];
            return STATUS_OK;
        }
        used += (size_t)snprintf(allowed + used, 32 - used, "%s%s", used > 0 ? ", " : "",
                                 METHODS[ROUTES[i].method]);
    }
    return used > 0 ? STATUS_INVALID : STATUS_MISSING;
}

bool rest_check_query(const struct rest_request *request, const char *const *names, size_t count,
                      struct http_reply *reply)
{
    for (size_t i = 0; i < request->target->query_count; i++) {
        bool known = false;
        for (size_t j = 0; j < count && !known; j++) {
            known = strcmp(request->target->query[i].name, names[j]) == 0;
        }
        if (!known) {
            http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                             "There is no query member \"%.64s\".", request->target->query[i].name);
            return false;
        }
    }
    return true;
}

bool rest_query_number(const struct rest_request *request, const char *name, int64_t least,
                       int64_t most, int64_t *value, struct http_reply *reply)
{
    const char *text = http_target_query(request->target, name);
    if (text == NULL || http_target_number(text, least, most, value) == STATUS_OK) {
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                     "\"%s\" must be a whole number from %" PRId64 " to %" PRId64 ".", name, least,
                     most);
    return false;
}

void rest_reply_unavailable(struct http_reply *reply)
{
    http_reply_error(reply, HTTP_UNAVAILABLE, "store_unavailable",
                     "The server's store cannot be read or written at the moment.");
    http_reply_header(reply, "Retry-After", "5");
}
