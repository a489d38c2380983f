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
    { REST_GET, "/v1/devices/{id}/events", PERMISSION_FLEET_READ, REST_SLOW, rest_list_events },
    { REST_GET, "/v1/devices/{id}/events/{event_id}/waveform", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_waveform },
    { REST_GET, "/v1/devices/{id}/spectra/latest", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_latest_spectra },
    { REST_GET, "/v1/devices/{id}/spectra", PERMISSION_FLEET_READ, REST_SLOW, rest_list_spectra },
    { REST_GET, "/v1/devices/{id}/intervals", PERMISSION_FLEET_READ, REST_SLOW,
      rest_list_intervals },
    { REST_POST, "/v1/devices/{id}/registers/preset", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_preset_register },
    { REST_GET, "/v1/devices/{id}/registers/preset", PERMISSION_FLEET_READ, REST_SLOW,
      rest_list_presets },
    { REST_GET, "/v1/devices/{id}/deliveries", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_deliveries },
    { REST_POST, "/v1/devices/{id}/command", PERMISSION_DEVICE_COMMAND, REST_SLOW,
      rest_send_command },
    { REST_POST, "/v1/devices/{id}/attestation", PERMISSION_DEVICE_CONFIG, REST_SLOW, rest_attest },
    { REST_POST, "/v1/devices/{id}/tamper/clear", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_clear_tamper },
    { REST_POST, "/v1/devices/{id}/calibration", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_calibrate },
    { REST_GET, "/v1/devices/{id}/calibration", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_calibration },
    { REST_POST, "/v1/devices/{id}/calibration/apply", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_apply_calibration },
    { REST_POST, "/v1/devices/{id}/calibration/cancel", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_cancel_calibration },
    { REST_POST, "/v1/devices/{id}/wiring-check", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_check_wiring },
    { REST_POST, "/v1/devices/{id}/linearity", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_gather_linearity },
    { REST_GET, "/v1/devices/{id}/linearity", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_linearity },
    { REST_POST, "/v1/devices/{id}/linearity/apply", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_apply_linearity },
    { REST_POST, "/v1/devices/{id}/linearity/clear", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_clear_linearity },
    { REST_POST, "/v1/devices/{id}/linearity/cancel", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_cancel_linearity },
    { REST_GET, "/v1/devices/{id}/demand", PERMISSION_FLEET_READ, REST_SLOW, rest_show_demand },
    { REST_POST, "/v1/devices/{id}/demand/reset", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_reset_demand },
    { REST_GET, "/v1/stream", PERMISSION_FLEET_READ, REST_STREAM, NULL },
    { REST_POST, "/v1/qr", PERMISSION_FLEET_READ, REST_SLOW, rest_draw_code },
    { REST_GET, "/v1/system", PERMISSION_SYSTEM_READ, REST_QUICK, rest_show_system },
    { REST_GET, "/v1/openapi.json", PERMISSION_PUBLIC, REST_OPENAPI, NULL },
    { REST_GET, "/v1/certificates", PERMISSION_FLEET_READ, REST_SLOW, rest_list_identities },
    { REST_GET, "/v1/certificates/audit", PERMISSION_SYSTEM_READ, REST_SLOW, rest_list_audit },
    { REST_POST, "/v1/devices/{id}/enrolment", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_issue_token },
    { REST_POST, "/v1/devices/{id}/revocation", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_revoke_device },
    { REST_POST, "/api/v1/onboarding", PERMISSION_DEVICE_CONFIG, REST_SLOW, rest_onboard },
    { REST_POST, "/api/v1/certificates/renewAuth", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_authorise_renewal },
    { REST_POST, "/api/v1/certificates/reissue", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_reissue },
    { REST_POST, "/api/v1/certificates/recover", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_recover },
    { REST_GET, "/api/v1/certificates/{id}/download", PERMISSION_FLEET_READ, REST_SLOW,
      rest_download_certificate },
    { REST_GET, "/api/v1/certificates/{id}/status", PERMISSION_FLEET_READ, REST_SLOW,
      rest_show_certificate },
    { REST_DELETE, "/api/v1/certificates/{id}", PERMISSION_DEVICE_CONFIG, REST_SLOW,
      rest_delete_certificate },
    { REST_POST, "/sign-csr", PERMISSION_ENROLMENT, REST_SLOW, rest_sign_request },
    { REST_POST, "/api/v1/sign-csr", PERMISSION_ENROLMENT, REST_SLOW, rest_sign_request_flat },
    { REST_POST, "/api/v1/certificates/renew", PERMISSION_ENROLMENT, REST_SLOW, rest_renew },
    { REST_POST, "/api/v1/certificates/confirm", PERMISSION_ENROLMENT, REST_SLOW, rest_confirm },
    { REST_GET, "/v2/enroll/challenge", PERMISSION_ENROLMENT, REST_SLOW, rest_challenge },
    { REST_POST, "/v2/enroll/renew", PERMISSION_ENROLMENT, REST_SLOW, rest_renew },
    { REST_POST, "/v2/enroll/confirm", PERMISSION_ENROLMENT, REST_SLOW, rest_confirm },
    { REST_GET, "/.well-known/est/cacerts", PERMISSION_ENROLMENT, REST_SLOW, rest_est_authorities },
    { REST_GET, "/.well-known/est/csrattrs", PERMISSION_ENROLMENT, REST_QUICK, rest_est_wishes },
    { REST_POST, "/.well-known/est/simpleenroll", PERMISSION_ENROLMENT, REST_SLOW, rest_est_enrol },
    { REST_POST, "/.well-known/est/simplereenroll", PERMISSION_ENROLMENT, REST_SLOW,
      rest_est_renew },
    // Open to all, also at the listener for devices.
    { REST_GET, "/v1/crl", PERMISSION_ENROLMENT, REST_SLOW, rest_show_revocations },
    { REST_GET, "/healthz", PERMISSION_PUBLIC, REST_SLOW, rest_show_health },
};

static const char *const METHODS[REST_METHOD_COUNT] = { "GET", "POST", "PUT", "DELETE" };

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

/// Copies the segment at `*path` and steps past it. @return false  it is empty or too long.
static bool take_segment(const char **path, char argument[REST_ARGUMENT_SIZE])
{
    const size_t size = strcspn(*path, "/");
    if (size == 0 || size >= REST_ARGUMENT_SIZE) {
        return false;
    }
    memcpy(argument, *path, size);
    argument[size] = '\0';
    *path += size;
    return true;
}

static bool matches(const char *pattern, const char *path, struct rest_arguments *arguments)
{
    char(*hole)[REST_ARGUMENT_SIZE] = &arguments->id;
    arguments->id[0] = '\0';
    arguments->detail[0] = '\0';
    while (*pattern != '\0') {
        if (*pattern == '{') {
            if (!take_segment(&path, *hole)) {
                return false;
            }
            hole = &arguments->detail;
            pattern = strchr(pattern, '}') + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

enum status rest_find_route(enum rest_method method, const char *path,
                            const struct rest_route **route, struct rest_arguments *arguments,
                            char allowed[32])
{
    size_t used = 0;
    allowed[0] = '\0';
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
        if (!matches(ROUTES[i].pattern, path, arguments)) {
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
