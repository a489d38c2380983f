// SPDX-License-Identifier: MIT

/// Holds the running server against the description that it serves: every documented call is made,
/// and every answer must have a documented status and the documented members, no more and no less.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "http_test_client.h"
#include "rest.h"

static struct http_test_bed bed;
static struct http_client client;
static cJSON *contract;

static int open_and_sign_in(void **state)
{
    const struct http_server_config config = { 0 };
    (void)state;
    bed_open_enrolling(&bed, &config);
    client_open(&client, &bed, false);
    if (client_send(&client, "GET", "/v1/openapi.json", NULL) != 200) {
        return -1;
    }
    contract = cJSON_Parse(client.body);
    return contract != NULL && client_sign_in(&client, bed.password) == 200 ? 0 : -1;
}

static int close_bed(void **state)
{
    (void)state;
    cJSON_Delete(contract);
    client_close(&client);
    bed_close(&bed);
    return 0;
}

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(get(object, name));
    return text != NULL ? text : "";
}

static const cJSON *resolve(const cJSON *schema)
{
    static const char prefix[] = "#/components/schemas/";
    const char *reference = text_of(schema, "$ref");
    if (strncmp(reference, prefix, sizeof prefix - 1) != 0) {
        return schema;
    }
    const cJSON *schemas = get(get(contract, "components"), "schemas");
    const cJSON *found = get(schemas, reference + sizeof prefix - 1);
    assert_non_null(found);
    return found;
}

static bool has_type(const cJSON *value, const char *type)
{
    if (strcmp(type, "integer") == 0) {
        return cJSON_IsNumber(value) && value->valuedouble == (double)(int64_t)value->valuedouble;
    }
    return (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
           (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
           (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
           (strcmp(type, "number") == 0 && cJSON_IsNumber(value)) ||
           (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
           (strcmp(type, "null") == 0 && cJSON_IsNull(value));
}

static bool fits(const cJSON *value, const cJSON *schema);

static bool fits_type(const cJSON *value, const cJSON *type)
{
    if (type == NULL) {
        return true;
    }
    if (cJSON_IsString(type)) {
        return has_type(value, type->valuestring);
    }
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, type)
    {
        if (has_type(value, one->valuestring)) {
            return true;
        }
    }
    return false;
}

static bool fits_one(const cJSON *value, const cJSON *choices, bool schemas)
{
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, choices)
    {
        if (schemas ? fits(value, one) : cJSON_Compare(value, one, true)) {
            return true;
        }
    }
    return choices == NULL;
}

static bool fits_members(const cJSON *value, const cJSON *schema)
{
    const cJSON *properties = get(schema, "properties");
    const cJSON *others = get(schema, "additionalProperties");
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, get(schema, "required"))
    {
        if (get(value, one->valuestring) == NULL) {
            print_error("missing: %s\n", one->valuestring);
            return false;
        }
    }
    cJSON_ArrayForEach(one, value)
    {
        const cJSON *property = get(properties, one->string);
        if (property != NULL
                ? !fits(one, property)
                : cJSON_IsFalse(others) || (cJSON_IsObject(others) && !fits(one, others))) {
            print_error("wrong or undocumented: %s\n", one->string);
            return false;
        }
    }
    return true;
}

/// The part of JSON Schema that the contract uses.
static bool fits(const cJSON *value, const cJSON *reference)
{
    const cJSON *schema = resolve(reference);
    const cJSON *constant = get(schema, "const");
    const cJSON *least = get(schema, "minimum");
    const cJSON *most = get(schema, "maximum");
    const cJSON *items = get(schema, "items");
    const cJSON *one = NULL;

    if (!fits_type(value, get(schema, "type")) || !fits_one(value, get(schema, "enum"), false) ||
        !fits_one(value, get(schema, "oneOf"), true) ||
        (constant != NULL && !cJSON_Compare(value, constant, true)) ||
        (least != NULL && cJSON_IsNumber(value) && value->valuedouble < least->valuedouble) ||
        (most != NULL && cJSON_IsNumber(value) && value->valuedouble > most->valuedouble)) {
        return false;
    }
    if (cJSON_IsArray(value) && items != NULL) {
        cJSON_ArrayForEach(one, value)
        {
            if (!fits(one, items)) {
                return false;
            }
        }
    }
    return !cJSON_IsObject(value) || fits_members(value, schema);
}

/// Checks the last answer against what the contract says of this call.
static void check_answer(const cJSON *operation, const char *path)
{
    char code[8];
    (void)snprintf(code, sizeof code, "%ld", client.code);
    const cJSON *response = get(get(operation, "responses"), code);
    if (response == NULL) {
        fail_msg("%s answered %s, which is not documented", path, code);
    }
    const cJSON *schema = get(get(get(response, "content"), "application/json"), "schema");
    if (schema == NULL) {
        assert_int_equal(client.body_size, 0);
        return;
    }
    cJSON *body = cJSON_Parse(client.body);
    if (body == NULL || !fits(body, schema)) {
        fail_msg("%s answered %s: %s", path, code, client.body);
    }
    cJSON_Delete(body);
}

static const cJSON *operation_of(const char *path, const char *method)
{
    const cJSON *operation = get(get(get(contract, "paths"), path), method);
    if (operation == NULL) {
        fail_msg("%s %s is not documented", method, path);
    }
    return operation;
}

static void every_route_is_documented_and_nothing_else(void **state)
{
    (void)state;
    static const char *const methods[] = { "get", "post", "put", "delete" };
    size_t count = 0;
    size_t documented = 0;
    const struct rest_route *routes = rest_routes(&count);

    assert_string_equal(text_of(contract, "openapi"), "3.1.0");
    for (size_t i = 0; i < count; i++) {
        const cJSON *operation = operation_of(routes[i].pattern, methods[routes[i].method]);
        const bool is_public = cJSON_GetArraySize(get(operation, "security")) == 0 &&
                               get(operation, "security") != NULL;
        const bool enrols = routes[i].permission == PERMISSION_ENROLMENT;
        assert_int_equal(is_public, routes[i].permission == PERMISSION_PUBLIC || enrols);
        // Some of what devices fetch is for everybody.
        if (!enrols || routes[i].method != REST_GET) {
            assert_int_equal(get(get(operation, "responses"), "401") != NULL,
                             !is_public || enrols || strstr(routes[i].pattern, "login") != NULL);
        }
    }
    const cJSON *path = NULL;
    cJSON_ArrayForEach(path, get(contract, "paths"))
    {
        for (size_t i = 0; i < 4; i++) {
            documented += get(path, methods[i]) != NULL ? 1u : 0u;
        }
    }
    assert_int_equal(documented, count);
}

struct call {
    const char *method;
    const char *pattern;
    const char *path;
    const char *body;
    long code;
};

static void assert_call(const struct call *call)
{
    char method[8] = "";
    for (size_t i = 0; call->method[i] != '\0'; i++) {
        method[i] = (char)(call->method[i] | 0x20);
    }
    if (client_send(&client, call->method, call->path, call->body) != call->code) {
        fail_msg("%s answered %ld: %s", call->path, client.code, client.body);
    }
    check_answer(operation_of(call->pattern, method), call->path);
}

#define DEVICE "/v1/devices/{id}"
#define METER "/v1/devices/" BED_DEVICE
#define WAVEFORM DEVICE "/events/{event_id}/waveform"
#define PRESET DEVICE "/registers/preset"
#define API "/api/v1"
#define CERTIFICATES API "/certificates"
#define ENROLL "/v2/enroll"
#define EST "/.well-known/est"
#define EVENT "ab000000000000000000000000000000-"

#define LOGIN "/v1/auth/login"

/// In this order: later ones find what earlier ones did.
static const struct call documented_calls[] = {
    { "GET", "/healthz", "/healthz", NULL, 200 },
    { "GET", "/v1/openapi.json", "/v1/openapi.json", NULL, 200 },
    { "GET", "/v1/auth/session", "/v1/auth/session", NULL, 200 },
    { "GET", "/v1/system", "/v1/system", NULL, 200 },
    { "GET", "/v1/system", "/v1/system?x=1", NULL, 400 },
    { "GET", "/v1/devices", "/v1/devices?page=1&per_page=1", NULL, 200 },
    { "GET", "/v1/devices", "/v1/devices?page=9", NULL, 200 },
    { "GET", "/v1/devices", "/v1/devices?page=x", NULL, 400 },
    { "GET", DEVICE, METER, NULL, 200 },
    { "GET", DEVICE, "/v1/devices/quiet", NULL, 200 },
    { "GET", DEVICE, "/v1/devices/nobody", NULL, 404 },
    { "GET", DEVICE, "/v1/devices/no%20body", NULL, 404 },
    { "PUT", DEVICE, METER, "{\"name\":\"Kitchen\"}", 200 },
    { "PUT", DEVICE, METER, "{\"name\":null}", 400 },
    { "PUT", DEVICE, "/v1/devices/nobody", "{\"name\":\"x\"}", 404 },
    { "GET", DEVICE "/telemetry/latest", METER "/telemetry/latest", NULL, 200 },
    { "GET", DEVICE "/telemetry/latest", "/v1/devices/quiet/telemetry/latest", NULL, 404 },
    { "GET", DEVICE "/telemetry", METER "/telemetry", NULL, 200 },
    { "GET", DEVICE "/telemetry",
      METER "/telemetry?start_ms=1763690000000&end_ms=1763776400000&points=100&channel=7", NULL,
      200 },
    { "GET", DEVICE "/telemetry", METER "/telemetry?channel=8", NULL, 400 },
    { "GET", DEVICE "/energy", METER "/energy", NULL, 200 },
    { "GET", DEVICE "/energy", METER "/energy?period=all", NULL, 200 },
    { "GET", DEVICE "/energy", METER "/energy?start_ms=1&end_ms=2", NULL, 200 },
    { "GET", DEVICE "/energy", METER "/energy?period=x", NULL, 400 },
    { "GET", DEVICE "/events", METER "/events", NULL, 200 },
    { "GET", DEVICE "/events", METER "/events?start_ms=1&end_ms=2&limit=1", NULL, 200 },
    { "GET", DEVICE "/events", METER "/events?limit=1001", NULL, 400 },
    { "GET", DEVICE "/events", "/v1/devices/nobody/events", NULL, 404 },
    { "GET", WAVEFORM, METER "/events/" EVENT "77/waveform", NULL, 200 },
    { "GET", WAVEFORM, METER "/events/" EVENT "78/waveform", NULL, 404 },
    { "GET", WAVEFORM, METER "/events/" EVENT "077/waveform", NULL, 404 },
    { "GET", WAVEFORM, METER "/events/x/waveform", NULL, 404 },
    { "GET", WAVEFORM, METER "/events/" EVENT "77/waveform?x=1", NULL, 400 },
    { "GET", DEVICE "/spectra/latest", METER "/spectra/latest", NULL, 200 },
    { "GET", DEVICE "/spectra/latest", METER "/spectra/latest?x=1", NULL, 400 },
    { "GET", DEVICE "/spectra", METER "/spectra?channel=0&signal=voltage", NULL, 200 },
    { "GET", DEVICE "/spectra", METER "/spectra", NULL, 200 },
    { "GET", DEVICE "/spectra", METER "/spectra?channel=0", NULL, 400 },
    { "GET", DEVICE "/spectra", METER "/spectra?channel=0&signal=power", NULL, 400 },
    { "GET", DEVICE "/intervals", METER "/intervals?kind=quality_10min", NULL, 200 },
    { "GET", DEVICE "/intervals", METER "/intervals?kind=demand", NULL, 200 },
    { "GET", DEVICE "/intervals", METER "/intervals", NULL, 400 },
    { "POST", PRESET, METER "/registers/preset",
      "{\"register\":\"total_import\",\"value_mj\":1234}", 200 },
    { "POST", PRESET, METER "/registers/preset",
      "{\"register\":\"channel_7_export\",\"value_mj\":0}", 409 },
    { "POST", PRESET, METER "/registers/preset",
      "{\"register\":\"channel_8_import\",\"value_mj\":0}", 400 },
    { "POST", PRESET, METER "/registers/preset", "{\"register\":\"total_import\",\"value_mj\":-1}",
      400 },
    { "GET", PRESET, METER "/registers/preset", NULL, 200 },
    { "GET", PRESET, "/v1/devices/nobody/registers/preset", NULL, 404 },
    { "GET", DEVICE "/deliveries", METER "/deliveries", NULL, 200 },
    { "GET", DEVICE "/deliveries", "/v1/devices/nobody/deliveries", NULL, 404 },
    { "POST", DEVICE "/command", METER "/command",
      "{\"command\":\"set_relay\",\"relay\":0,\"state\":true}", 200 },
    { "POST", DEVICE "/command", METER "/command", "{\"command\":\"set_relays\",\"mask\":255}",
      200 },
    { "POST", DEVICE "/command", METER "/command", "{\"command\":\"fly\"}", 400 },
    { "POST", DEVICE "/command", "/v1/devices/quiet/command",
      "{\"command\":\"set_relays\",\"mask\":255}", 503 },
    { "POST", DEVICE "/calibration", METER "/calibration",
      "{\"channel\":2,\"resistive\":true,\"current_ma\":8700,\"voltage_mv\":230100,"
      "\"seconds\":20,\"turns\":4,\"sensor\":\"sct-013-000\"}",
      200 },
    { "POST", DEVICE "/calibration", METER "/calibration", "{\"channel\":2,\"sensor\":\"\\\"\"}",
      400 },
    { "POST", DEVICE "/calibration", METER "/calibration", "{\"channel\":8}", 400 },
    { "POST", DEVICE "/calibration", METER "/calibration", "{\"channel\":2,\"current_ma\":-1}",
      400 },
    { "POST", DEVICE "/calibration", METER "/calibration", "{\"channel\":2,\"watts\":1}", 400 },
    { "POST", DEVICE "/calibration", "/v1/devices/quiet/calibration", "{\"channel\":2}", 503 },
    { "GET", DEVICE "/calibration", METER "/calibration?channel=2", NULL, 200 },
    { "GET", DEVICE "/calibration", METER "/calibration?channel=9", NULL, 400 },
    { "GET", DEVICE "/calibration", "/v1/devices/nobody/calibration", NULL, 404 },
    { "POST", DEVICE "/calibration/apply", METER "/calibration/apply", "{\"channel\":2}", 200 },
    { "POST", DEVICE "/calibration/apply", METER "/calibration/apply", "{}", 400 },
    { "POST", DEVICE "/calibration/cancel", METER "/calibration/cancel", "{\"channel\":2}", 200 },
    { "POST", DEVICE "/wiring-check", METER "/wiring-check",
      "{\"channel\":0,\"load_mw\":2000000,\"resistive\":true,\"switched\":true,"
      "\"may_export\":true}",
      200 },
    { "POST", DEVICE "/wiring-check", METER "/wiring-check", "{\"channel\":0}", 400 },
    { "POST", DEVICE "/linearity", METER "/linearity",
      "{\"voltage\":true,\"channels\":5,\"seconds\":60}", 200 },
    { "POST", DEVICE "/linearity", METER "/linearity", "{\"channels\":256}", 400 },
    { "POST", DEVICE "/linearity", METER "/linearity", "{\"seconds\":2}", 400 },
    { "POST", DEVICE "/linearity", METER "/linearity", "{\"channel\":2}", 400 },
    { "POST", DEVICE "/linearity", "/v1/devices/quiet/linearity", "{\"voltage\":true}", 503 },
    { "GET", DEVICE "/linearity", METER "/linearity", NULL, 200 },
    { "GET", DEVICE "/linearity", METER "/linearity?channel=0", NULL, 400 },
    { "GET", DEVICE "/linearity", "/v1/devices/nobody/linearity", NULL, 404 },
    { "POST", DEVICE "/linearity/apply", METER "/linearity/apply", "{}", 200 },
    { "POST", DEVICE "/linearity/apply", METER "/linearity/apply", "{\"channel\":2}", 400 },
    { "POST", DEVICE "/linearity/clear", METER "/linearity/clear", "{}", 200 },
    { "POST", DEVICE "/linearity/cancel", METER "/linearity/cancel", "{}", 200 },
    { "POST", DEVICE "/demand/reset", METER "/demand/reset", "{}", 200 },
    { "POST", DEVICE "/demand/reset", METER "/demand/reset", "{\"now\":true}", 400 },
    { "POST", DEVICE "/demand/reset", "/v1/devices/quiet/demand/reset", "{}", 503 },
    { "GET", DEVICE "/demand", METER "/demand", NULL, 200 },
    { "GET", DEVICE "/demand", "/v1/devices/nobody/demand", NULL, 404 },
    { "GET", "/v1/certificates", "/v1/certificates", NULL, 200 },
    { "GET", "/v1/certificates", "/v1/certificates?x=1", NULL, 400 },
    { "POST", DEVICE "/enrolment", METER "/enrolment", "{\"life_s\":600}", 200 },
    { "POST", DEVICE "/enrolment", METER "/enrolment", "{\"life_s\":1}", 400 },
    { "POST", DEVICE "/enrolment", "/v1/devices/ohmd/enrolment", "{}", 400 },
    { "GET", "/v1/certificates", "/v1/certificates", NULL, 200 },
    { "GET", "/v1/certificates/audit", "/v1/certificates/audit?limit=5", NULL, 200 },
    { "GET", "/v1/certificates/audit", "/v1/certificates/audit?limit=0", NULL, 400 },
    { "POST", DEVICE "/revocation", METER "/revocation", "{\"reason\":\"x\"}", 200 },
    { "POST", DEVICE "/revocation", METER "/revocation", "{\"reason\":\"x\"}", 404 },
    { "POST", DEVICE "/revocation", METER "/revocation", "{\"why\":\"x\"}", 400 },
    { "POST", API "/onboarding", API "/onboarding", "{\"device_id\":\"m\"}", 200 },
    { "POST", API "/onboarding", API "/onboarding", "{}", 400 },
    { "POST", CERTIFICATES "/renewAuth", CERTIFICATES "/renewAuth", "{\"device_id\":\"m\"}", 200 },
    { "POST", CERTIFICATES "/reissue", CERTIFICATES "/reissue", "{\"device_id\":\"m\"}", 404 },
    { "POST", CERTIFICATES "/recover", CERTIFICATES "/recover", "{\"device_id\":\"n\"}", 404 },
    { "GET", CERTIFICATES "/{id}/download", CERTIFICATES "/n/download", NULL, 404 },
    { "GET", CERTIFICATES "/{id}/status", CERTIFICATES "/n/status", NULL, 404 },
    { "DELETE", CERTIFICATES "/{id}", CERTIFICATES "/n", NULL, 404 },
    { "POST", "/sign-csr", "/sign-csr", "{}", 401 },
    { "POST", "/sign-csr", "/sign-csr", "[]", 400 },
    { "POST", API "/sign-csr", API "/sign-csr", "{}", 401 },
    { "POST", CERTIFICATES "/renew", CERTIFICATES "/renew", "{}", 401 },
    { "POST", CERTIFICATES "/confirm", CERTIFICATES "/confirm", NULL, 401 },
    { "GET", ENROLL "/challenge", ENROLL "/challenge?device_id=m", NULL, 200 },
    { "GET", ENROLL "/challenge", ENROLL "/challenge", NULL, 400 },
    { "POST", ENROLL "/renew", ENROLL "/renew", "{}", 401 },
    { "POST", ENROLL "/confirm", ENROLL "/confirm", NULL, 401 },
    { "GET", "/v1/crl", "/v1/crl?x=1", NULL, 400 },
    { "GET", EST "/csrattrs", EST "/csrattrs?x=1", NULL, 400 },
    { "POST", EST "/simpleenroll", EST "/simpleenroll", "{}", 415 },
    { "POST", EST "/simplereenroll", EST "/simplereenroll", "{}", 401 },
    { "GET", "/v1/stream", "/v1/stream?device=nobody", NULL, 404 },
    { "POST", LOGIN, LOGIN, "{\"username\":\"admin\"}", 400 },
    { "POST", LOGIN, LOGIN, "{\"username\":\"admin\",\"password\":\"x\"}", 401 },
    { "POST", "/v1/auth/logout", "/v1/auth/logout", NULL, 204 },
    { "POST", "/v1/auth/logout", "/v1/auth/logout", NULL, 401 },
};

static void every_answer_is_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documented_calls / sizeof documented_calls[0]; i++) {
        assert_call(&documented_calls[i]);
    }
}

/// An enrolment from end to end, each answer held against the description.
static void a_signed_certificate_is_as_documented(void **state)
{
    (void)state;
    static const char path[] = "/v1/devices/meter-9/enrolment";
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char pem[2048] = "";
    assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
    assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
    assert_true(BIO_read(bio, pem, sizeof pem - 1) > 0);
    assert_int_equal(client_send(&client, "POST", path, "{}"), 200);
    check_answer(operation_of(DEVICE "/enrolment", "post"), path);
    cJSON *answer = cJSON_Parse(client.body);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "device_id", "meter-9");
    cJSON_AddStringToObject(body, "csr", pem);
    cJSON_AddStringToObject(body, "provisioning_token", text_of(answer, "provisioning_token"));
    char *text = cJSON_PrintUnformatted(body);
    const struct call calls[] = {
        { "POST", "/sign-csr", "/sign-csr", text, 200 },
        { "POST", API "/sign-csr", API "/sign-csr", text, 200 },
        { "GET", "/v1/certificates", "/v1/certificates", NULL, 200 },
        { "GET", CERTIFICATES "/{id}/status", CERTIFICATES "/meter-9/status", NULL, 200 },
        { "GET", CERTIFICATES "/{id}/download", CERTIFICATES "/meter-9/download", NULL, 200 },
        { "POST", CERTIFICATES "/reissue", CERTIFICATES "/reissue", "{\"device_id\":\"meter-9\"}",
          200 },
        { "POST", DEVICE "/revocation", "/v1/devices/meter-9/revocation", "{}", 200 },
        { "DELETE", CERTIFICATES "/{id}", CERTIFICATES "/meter-9", NULL, 200 },
        { "POST", CERTIFICATES "/recover", CERTIFICATES "/recover", "{\"device_id\":\"meter-9\"}",
          200 },
        { "GET", "/v1/certificates/audit", "/v1/certificates/audit", NULL, 200 },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        assert_call(&calls[i]);
    }
    cJSON_free(text);
    cJSON_Delete(body);
    cJSON_Delete(answer);
    BIO_free(bio);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

static void series_have_arrays_of_equal_length_and_no_more_points_than_asked_for(void **state)
{
    (void)state;
    assert_int_equal(client_send(&client, "GET",
                                 METER "/telemetry?start_ms=1763690000123&end_ms=1763776400456"
                                       "&points=100",
                                 NULL),
                     200);
    cJSON *body = cJSON_Parse(client.body);
    const int count = cJSON_GetArraySize(get(body, "time_ms"));
    assert_true(count > 50 && count <= 100);
    const cJSON *one = NULL;
    unsigned arrays = 0;
    cJSON_ArrayForEach(one, body)
    {
        if (cJSON_IsArray(one)) {
            assert_int_equal(cJSON_GetArraySize(one), count);
            arrays++;
        }
    }
    assert_int_equal(arrays, 14);
    assert_string_equal(text_of(body, "source"), "minute");
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(get(body, "voltage_v"), 2)));
    cJSON_Delete(body);
}

static void the_file_in_the_repository_is_the_one_that_is_served(void **state)
{
    (void)state;
    static char text[262144];
    FILE *file = fopen(CONTRACTS_DIR "/openapi.json", "rb");
    assert_non_null(file);
    const size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    assert_int_equal(client_send(&client, "GET", "/v1/openapi.json", NULL), 200);
    assert_int_equal(client.body_size, size);
    assert_memory_equal(client.body, text, size);
}

int main(void)
{
#define SIGNED_IN(name) cmocka_unit_test_setup_teardown(name, open_and_sign_in, close_bed)
    const struct CMUnitTest tests[] = {
        SIGNED_IN(every_route_is_documented_and_nothing_else),
        SIGNED_IN(every_answer_is_as_documented),
        SIGNED_IN(a_signed_certificate_is_as_documented),
        SIGNED_IN(series_have_arrays_of_equal_length_and_no_more_points_than_asked_for),
        SIGNED_IN(the_file_in_the_repository_is_the_one_that_is_served),
    };
    return cmocka_run_group_tests_name("http_contract", tests, NULL, NULL);
}
