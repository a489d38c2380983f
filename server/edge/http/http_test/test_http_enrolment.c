// SPDX-License-Identifier: MIT

/// Enrolment over real sockets, as devices and the first app speak it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>
#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base64url.h"
#include "fleet_audit.h"
#include "http_test_client.h"
#include "identities.h"
#include "test_report.h"

#define DAY_MS (INT64_C(86400) * 1000)

static struct http_test_bed bed;
static struct http_client operator_client;
static struct http_client device_client;

/// A device: its key, and the files of its identity.
struct device {
    EVP_PKEY *key;
    char csr[2048];
    char der_base64[2048];
    char key_file[128];
    char certificate_file[128];
    char pem[4096];
};

static int open_bed(void **state)
{
    const struct http_server_config config = { 0 };
    (void)state;
    bed_open_enrolling(&bed, &config);
    client_open(&operator_client, &bed, false);
    client_open(&device_client, &bed, false);
    device_client.as_device = true;
    return client_sign_in(&operator_client, bed.password) == 200 ? 0 : -1;
}

static int close_bed(void **state)
{
    (void)state;
    client_close(&operator_client);
    client_close(&device_client);
    bed_close(&bed);
    return 0;
}

static struct device make_device(const char *name)
{
    struct device device = { .key = EVP_EC_gen("P-256") };
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    uint8_t *der = NULL;
    assert_int_equal(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
                                                MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                                                0),
                     1);
    assert_int_equal(X509_REQ_set_pubkey(request, device.key), 1);
    assert_true(X509_REQ_sign(request, device.key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
    assert_true(BIO_read(bio, device.csr, sizeof device.csr - 1) > 0);
    const int size = i2d_X509_REQ(request, &der);
    (void)EVP_EncodeBlock((unsigned char *)device.der_base64, der, size);
    OPENSSL_free(der);
    BIO_free(bio);
    X509_REQ_free(request);
    static unsigned number;
    number++;
    (void)snprintf(device.key_file, sizeof device.key_file, "%s/pki/dev_%u.key", bed.folder,
                   number);
    (void)snprintf(device.certificate_file, sizeof device.certificate_file, "%s/pki/dev_%u.pem",
                   bed.folder, number);
    FILE *file = fopen(device.key_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, device.key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(file);
    return device;
}

/// A body of sign-csr; `token` NULL: not in the body. The caller frees it.
static char *make_body(const char *device_id, const char *csr, const char *token)
{
    cJSON *body = cJSON_CreateObject();
    if (device_id != NULL) {
        cJSON_AddStringToObject(body, "device_id", device_id);
    }
    cJSON_AddStringToObject(body, "csr", csr);
    if (token != NULL) {
        cJSON_AddStringToObject(body, "provisioning_token", token);
    }
    char *text = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    return text;
}

static const char *text_at(const cJSON *root, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));
    return text != NULL ? text : "";
}

/// Fetches a token as the first app does.
static void fetch_token(const char *device_id, char token[64])
{
    char body[96];
    (void)snprintf(body, sizeof body, "{\"device_id\":\"%s\"}", device_id);
    assert_int_equal(client_send(&operator_client, "POST", "/api/v1/onboarding", body), 200);
    cJSON *answer = cJSON_Parse(operator_client.body);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "success")));
    assert_int_equal(cJSON_GetObjectItem(answer, "expires_in")->valueint, 300);
    assert_string_equal(text_at(answer, "device_id"), device_id);
    (void)snprintf(token, 64, "%s", text_at(answer, "provisioning_token"));
    assert_int_equal(strlen(token), 43);
    cJSON_Delete(answer);
}

static long sign(const char *path, const char *device_id, const struct device *device,
                 const char *header_token, const char *body_token)
{
    char header[128];
    char *body = make_body(device_id, device->csr, body_token);
    if (header_token != NULL) {
        (void)snprintf(header, sizeof header, "Authorization: Bearer %s", header_token);
        device_client.headers[0] = header;
    }
    const long code = client_send(&device_client, "POST", path, body);
    cJSON_free(body);
    return code;
}

/// Keeps the certificate of the last answer in the device's file.
static void keep_certificate(struct device *device)
{
    cJSON *answer = cJSON_Parse(device_client.body);
    const cJSON *certificate = cJSON_GetObjectItem(answer, "certificate");
    const char *pem = cJSON_IsObject(certificate) ? text_at(certificate, "content")
                                                  : cJSON_GetStringValue(certificate);
    (void)snprintf(device->pem, sizeof device->pem, "%s", pem);
    FILE *file = fopen(device->certificate_file, "w");
    assert_non_null(file);
    (void)fputs(pem, file);
    (void)fclose(file);
    cJSON_Delete(answer);
}

static struct device enrol(const char *name)
{
    struct device device = make_device(name);
    char token[64];
    fetch_token(name, token);
    assert_int_equal(sign("/sign-csr", name, &device, token, NULL), 200);
    keep_certificate(&device);
    return device;
}

static long call_as(const struct device *device, const char *path, const char *body)
{
    device_client.certificate = device->certificate_file;
    device_client.key = device->key_file;
    const long code = client_send(&device_client, "POST", path, body);
    device_client.certificate = NULL;
    device_client.key = NULL;
    return code;
}

static void assert_code(const struct http_client *client, const char *word)
{
    char value[512];
    char expected[96];
    assert_string_equal(client_header(client, "X-Error-Code", value), word);
    (void)snprintf(expected, sizeof expected, "{\"error\":\"%s\",\"message\":\"", word);
    if (strncmp(client->body, expected, strlen(expected)) != 0) {
        fail_msg("%s", client->body);
    }
}

static X509 *parse(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(certificate);
    return certificate;
}

static void the_first_devices_get_the_nested_answer(void **state)
{
    (void)state;
    struct device device = enrol("device_0070");
    char name[128];
    cJSON *answer = cJSON_Parse(device_client.body);
    const cJSON *authority = cJSON_GetObjectItem(answer, "ca_certificate");
    assert_true(strstr(text_at(authority, "content"), "BEGIN CERTIFICATE") != NULL);
    X509 *certificate = parse(device.pem);
    (void)X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof name);
    assert_string_equal(name, "/O=Ohmstead/CN=device_0070");
    assert_int_equal(X509_check_private_key(certificate, device.key), 1);
    X509_free(certificate);
    cJSON_Delete(answer);
    EVP_PKEY_free(device.key);
}

static void the_first_server_answers_flat_and_takes_the_token_in_the_body(void **state)
{
    (void)state;
    struct device device = make_device("meter-2");
    char token[64];
    char base64[4096];
    fetch_token("meter-2", token);
    assert_int_equal(sign("/api/v1/sign-csr", "meter-2", &device, NULL, token), 200);
    static const char *const members[] = { "device_id",   "certificate",   "ca_certificate",
                                           "expires_at",  "serial_number", "certificateId",
                                           "downloadUrl", "message",       "timestamp" };
    cJSON *answer = cJSON_Parse(device_client.body);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        assert_true(text_at(answer, members[i])[0] != '\0');
    }
    // The same again, since the answer may have been lost: base64 of PEM, asking for the other
    // form.
    (void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)device.csr,
                          (int)strlen(device.csr));
    char *body = make_body("meter-2", base64, token);
    device_client.headers[0] = "Accept: application/json;form=nested";
    assert_int_equal(client_send(&device_client, "POST", "/api/v1/sign-csr", body), 200);
    cJSON *again = cJSON_Parse(device_client.body);
    assert_string_equal(text_at(cJSON_GetObjectItem(again, "certificate"), "content"),
                        text_at(answer, "certificate"));
    // And by its own address, for the operator.
    assert_int_equal(client_send(&operator_client, "GET", text_at(answer, "downloadUrl"), NULL),
                     200);
    cJSON *download = cJSON_Parse(operator_client.body);
    assert_string_equal(text_at(cJSON_GetObjectItem(download, "certificate"), "content"),
                        text_at(answer, "certificate"));
    cJSON_free(body);
    cJSON_Delete(download);
    cJSON_Delete(again);
    cJSON_Delete(answer);
    EVP_PKEY_free(device.key);
}

static void tokens_are_refused_with_the_documented_codes(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    struct device other = make_device("meter-1");
    char token[64];
    static const char unknown[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    fetch_token("meter-1", token);
    assert_int_equal(sign("/sign-csr", "meter-1", &device, NULL, NULL), 401);
    assert_code(&device_client, "TOKEN_MISSING");
    assert_int_equal(sign("/sign-csr", "meter-1", &device, "x", NULL), 401);
    assert_code(&device_client, "TOKEN_INVALID_FORMAT");
    assert_int_equal(sign("/sign-csr", "meter-1", &device, "eyJh.eyJh.x", NULL), 401);
    assert_code(&device_client, "TOKEN_INVALID_TYPE");
    assert_int_equal(sign("/sign-csr", "meter-1", &device, unknown, NULL), 401);
    assert_code(&device_client, "TOKEN_NOT_FOUND");
    assert_int_equal(sign("/sign-csr", "meter-9", &device, token, NULL), 401);
    assert_code(&device_client, "TOKEN_DEVICE_MISMATCH");
    assert_int_equal(sign("/sign-csr", "meter-1", &device, token, NULL), 200);
    assert_int_equal(sign("/sign-csr", "meter-1", &other, token, NULL), 409);
    assert_code(&device_client, "TOKEN_ALREADY_USED");
    bed_skip_ms(&bed, INT64_C(300) * 1000);
    assert_int_equal(sign("/sign-csr", "meter-1", &device, token, NULL), 401);
    assert_code(&device_client, "TOKEN_EXPIRED");
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(other.key);
}

static void bad_requests_change_nothing(void **state)
{
    (void)state;
    char token[64];
    struct device device = make_device("meter-1");
    struct device liar = make_device("<script>alert(1)</script>");
    static char huge[12289];
    fetch_token("meter-1", token);
    assert_int_equal(sign("/sign-csr", "meter-1", &liar, token, NULL), 400);
    assert_code(&device_client, "INVALID_CSR_DEVICE_ID");
    EVP_PKEY_free(liar.key);
    liar.key = EVP_RSA_gen(2048);
    struct device broken = device;
    broken.csr[80] ^= 1;
    assert_int_equal(sign("/sign-csr", "meter-1", &broken, token, NULL), 400);
    assert_code(&device_client, "INVALID_CSR");
    static const char *const bodies[] = { "",
                                          "{",
                                          "[]",
                                          "{\"csr\":1}",
                                          "{\"csr\":\"\xFF\"}",
                                          "{\"csr\":\"a\",\"csr\":\"b\"}",
                                          "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}" };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(client_send(&device_client, "POST", "/sign-csr", bodies[i]), 400);
    }
    memset(huge, ' ', sizeof huge - 1);
    assert_int_equal(client_send(&device_client, "POST", "/sign-csr", huge), 400);
    huge[sizeof huge - 1] = ' ';
    char *longer = strndup(huge, sizeof huge);
    assert_int_equal(client_send(&device_client, "POST", "/sign-csr", longer), 413);
    free(longer);
    // What was refused is on record, escaped; and the token is still good.
    assert_int_equal(client_send(&operator_client, "GET", "/v1/certificates/audit", NULL), 200);
    assert_null(strstr(operator_client.body, "<script>"));
    assert_non_null(strstr(operator_client.body, "INVALID_CSR_DEVICE_ID"));
    assert_int_equal(sign("/sign-csr", "meter-1", &device, token, NULL), 200);
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(liar.key);
}

/// How many records of the newest 100 are of this kind and tell this.
static unsigned count_records(const char *kind, const char *device_id, const char *detail)
{
    unsigned count = 0;
    fleet_audit_tick(bed_identity_audit(bed.identity));
    assert_int_equal(client_send(&operator_client, "GET", "/v1/certificates/audit", NULL), 200);
    cJSON *root = cJSON_Parse(operator_client.body);
    const cJSON *record = NULL;
    cJSON_ArrayForEach(record, cJSON_GetObjectItem(root, "records"))
    {
        count += strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(record, "kind")), kind) == 0 &&
                 strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(record, "device_id")),
                        device_id) == 0 &&
                 strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(record, "detail")), detail) == 0;
    }
    cJSON_Delete(root);
    return count;
}

static void what_strangers_are_refused_is_on_record_once(void **state)
{
    (void)state;
    static const char kind[] = "intake_refused";
    static const char good[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static char huge[12290];
    memset(huge, ' ', sizeof huge - 1);
    struct device device = enrol("meter-1");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(client_send(&device_client, "POST", "/sign-csr", "{\"a\":1,\"a\":2}"),
                         400);
        assert_int_equal(sign("/sign-csr", "meter-2", &device, NULL, NULL), 401);
        assert_int_equal(sign("/sign-csr", "meter-2", &device, "short", NULL), 401);
        assert_int_equal(sign("/sign-csr", "meter-2", &device, good, NULL), 401);
        assert_int_equal(sign("/sign-csr", "a/b", &device, good, NULL), 400);
        assert_int_equal(client_send(&device_client, "POST", "/v2/enroll/confirm", ""), 401);
        assert_int_equal(client_send(&device_client, "POST", "/sign-csr", huge), 413);
    }
    assert_int_equal(count_records(kind, "", "UNREADABLE_REQUEST"), 1);
    assert_int_equal(count_records(kind, "", "TOKEN_MISSING"), 1);
    assert_int_equal(count_records(kind, "", "TOKEN_INVALID_FORMAT"), 1);
    assert_int_equal(count_records(kind, "", "TOKEN_NOT_FOUND"), 1);
    assert_int_equal(count_records(kind, "", "INVALID_DEVICE_ID"), 1);
    assert_int_equal(count_records(kind, "", "CLIENT_CERTIFICATE_REQUIRED"), 1);
    assert_int_equal(count_records(kind, "", "content_too_large"), 1);
    // A revoked certificate has a name.
    assert_int_equal(client_send(&operator_client, "POST", "/v1/devices/meter-1/revocation",
                                 "{\"reason\":\"stolen\"}"),
                     200);
    assert_int_equal(call_as(&device, "/v2/enroll/renew", "{}"), 403);
    assert_int_equal(count_records(kind, "meter-1", "CERTIFICATE_REVOKED"), 1);
    assert_int_equal(count_records(kind, "", "CERTIFICATE_REVOKED"), 0);
    EVP_PKEY_free(device.key);
}

static void renewal_needs_the_certificate_and_goes_on_when_it_is_confirmed(void **state)
{
    (void)state;
    struct device device = enrol("meter-1");
    struct device next = make_device("meter-1");
    char *body = make_body(NULL, next.csr, NULL);
    assert_int_equal(client_send(&device_client, "POST", "/v2/enroll/renew", body), 401);
    assert_code(&device_client, "CLIENT_CERTIFICATE_REQUIRED");
    assert_int_equal(call_as(&device, "/v2/enroll/confirm", ""), 200);
    assert_int_equal(call_as(&device, "/v2/enroll/renew", body), 200);
    keep_certificate(&next);
    assert_int_equal(call_as(&device, "/v2/enroll/renew", body), 200);
    assert_int_equal(call_as(&next, "/api/v1/certificates/confirm", ""), 200);
    assert_int_equal(call_as(&device, "/v2/enroll/renew", body), 403);
    assert_code(&device_client, "CERTIFICATE_SUPERSEDED");
    assert_int_equal(client_send(&operator_client, "GET", "/v1/certificates?device=meter-1", NULL),
                     200);
    assert_non_null(strstr(operator_client.body, "\"state\":\"active\""));
    assert_non_null(strstr(operator_client.body, "\"state\":\"superseded\""));
    cJSON_free(body);
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(next.key);
}

static void an_operator_cannot_be_asked_for_a_certificate(void **state)
{
    (void)state;
    struct device device = enrol("meter-1");
    // Shown at the operators' listener, the certificate is worth nothing.
    device_client.as_device = false;
    assert_int_equal(call_as(&device, "/v2/enroll/confirm", ""), 401);
    assert_code(&device_client, "CLIENT_CERTIFICATE_REQUIRED");
    device_client.as_device = true;
    // And the devices' listener knows no operators.
    assert_int_equal(client_send(&device_client, "GET", "/v1/devices", NULL), 404);
    assert_int_equal(client_send(&device_client, "POST", "/v1/auth/login", "{}"), 404);
    assert_int_equal(client_send(&device_client, "GET", "/", NULL), 404);
    EVP_PKEY_free(device.key);
}

/// A certificate of an authority that only has the name of ours.
static void forge(const struct device *device, struct device *forged)
{
    X509 *real = parse(device->pem);
    X509 *copy = X509_dup(real);
    EVP_PKEY *stranger = EVP_EC_gen("P-256");
    assert_int_equal(X509_set_pubkey(copy, forged->key), 1);
    assert_true(X509_sign(copy, stranger, EVP_sha256()) > 0);
    FILE *file = fopen(forged->certificate_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, copy), 1);
    (void)fclose(file);
    EVP_PKEY_free(stranger);
    X509_free(copy);
    X509_free(real);
}

static void strangers_certificates_are_refused(void **state)
{
    (void)state;
    struct device device = enrol("meter-1");
    struct device forged = make_device("meter-1");
    forge(&device, &forged);
    assert_int_equal(call_as(&forged, "/v2/enroll/confirm", ""), 401);
    assert_code(&device_client, "CLIENT_CERTIFICATE_REQUIRED");
    // A server's certificate of the same installation: it is not for clients.
    char path[128];
    (void)snprintf(forged.certificate_file, sizeof forged.certificate_file, "%s",
                   bed_path(&bed, "pki/https/cert.pem", path));
    (void)snprintf(forged.key_file, sizeof forged.key_file, "%s",
                   bed_path(&bed, "pki/https/key.pem", path));
    assert_int_equal(call_as(&forged, "/v2/enroll/confirm", ""), 401);
    // The server's own client certificate: of our authority, but nobody enrolled it.
    (void)snprintf(forged.certificate_file, sizeof forged.certificate_file, "%s",
                   bed_path(&bed, "pki/ohmd/cert.pem", path));
    (void)snprintf(forged.key_file, sizeof forged.key_file, "%s",
                   bed_path(&bed, "pki/ohmd/key.pem", path));
    assert_int_equal(call_as(&forged, "/v2/enroll/confirm", ""), 401);
    EVP_PKEY_free(forged.key);
    EVP_PKEY_free(device.key);
}

/// Renews with a report of `speaker` on a challenge that was fetched `wait_ms` ago.
static long renew_with_report(const struct device *device, const struct device *next,
                              const struct device *speaker, int64_t wait_ms)
{
    uint8_t challenge[IDENTITY_CHALLENGE_SIZE];
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    char report[BASE64URL_LENGTH(ATTESTATION_SIZE_LIMIT) + 1];
    size_t size = 0;
    assert_int_equal(
        client_send(&device_client, "GET", "/v2/enroll/challenge?device_id=meter-1", NULL), 200);
    cJSON *answer = cJSON_Parse(device_client.body);
    const char *text = text_at(answer, "challenge");
    assert_int_equal(base64url_decode(text, strlen(text), challenge, sizeof challenge, &size),
                     STATUS_OK);
    base64url_encode(message, test_report_sign(speaker->key, challenge, message), report);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "csr", next->csr);
    cJSON_AddStringToObject(body, "challenge", text);
    cJSON_AddStringToObject(body, "attestation", report);
    char *sent = cJSON_PrintUnformatted(body);
    bed_skip_ms(&bed, wait_ms);
    const long code = call_as(device, "/v2/enroll/renew", sent);
    cJSON_free(sent);
    cJSON_Delete(body);
    cJSON_Delete(answer);
    return code;
}

static void what_is_over_may_only_renew(void **state)
{
    (void)state;
    struct device device = enrol("meter-1");
    struct device next = make_device("meter-1");
    char *body = make_body(NULL, next.csr, NULL);
    assert_int_equal(call_as(&device, "/v2/enroll/confirm", ""), 200);
    bed_skip_ms(&bed, 91 * DAY_MS);
    assert_int_equal(call_as(&device, "/v2/enroll/confirm", ""), 403);
    assert_code(&device_client, "CERTIFICATE_EXPIRED");
    assert_int_equal(call_as(&device, "/v2/enroll/renew", body), 403);
    assert_code(&device_client, "ATTESTATION_REQUIRED");
    assert_int_equal(renew_with_report(&device, &next, &next, 0), 401);
    assert_code(&device_client, "INVALID_ATTESTATION");
    assert_int_equal(renew_with_report(&device, &next, &device, 301 * INT64_C(1000)), 401);
    assert_code(&device_client, "INVALID_CHALLENGE");
    assert_int_equal(renew_with_report(&device, &next, &device, 0), 200);
    assert_int_equal(client_sign_in(&operator_client, bed.password), 200); // Months have passed.
    assert_int_equal(client_send(&operator_client, "GET", "/v1/certificates", NULL), 200);
    assert_non_null(strstr(operator_client.body, "\"attestation\":{\"verdict\":\"degraded\","
                                                 "\"level\":\"software\",\"time_ms\":"));
    bed_skip_ms(&bed, 30 * DAY_MS);
    assert_int_equal(call_as(&device, "/v2/enroll/renew", body), 403);
    assert_code(&device_client, "CERTIFICATE_EXPIRED");
    cJSON_free(body);
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(next.key);
}

static void a_revoked_device_is_out_at_once(void **state)
{
    (void)state;
    struct device device = enrol("meter-1");
    struct device next = make_device("meter-1");
    char *body = make_body(NULL, next.csr, NULL);
    assert_int_equal(call_as(&device, "/v2/enroll/confirm", ""), 200);
    assert_int_equal(client_send(&operator_client, "POST", "/v1/devices/meter-1/revocation",
                                 "{\"reason\":\"stolen \\\"at night\\\"\"}"),
                     200);
    assert_string_equal(operator_client.body, "{\"device_id\":\"meter-1\",\"revoked\":1}");
    assert_int_equal(call_as(&device, "/v2/enroll/renew", body), 403);
    assert_code(&device_client, "CERTIFICATE_REVOKED");
    assert_int_equal(
        client_send(&operator_client, "GET", "/api/v1/certificates/meter-1/status", NULL), 200);
    assert_non_null(strstr(operator_client.body, "\"state\":\"revoked\""));
    assert_int_equal(client_send(&operator_client, "DELETE", "/api/v1/certificates/nobody", NULL),
                     404);
    assert_code(&operator_client, "CERTIFICATE_NOT_FOUND");
    cJSON_free(body);
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(next.key);
}

static void the_first_app_sends_its_session_as_a_bearer_token(void **state)
{
    (void)state;
    struct http_client app;
    char header[128];
    char id[80];
    const char *start = strchr(operator_client.cookie, '=') + 1;
    client_open(&app, &bed, false);
    assert_int_equal(client_send(&app, "POST", "/api/v1/onboarding", "{\"device_id\":\"m\"}"), 401);
    assert_code(&app, "AUTH_TOKEN_MISSING");
    app.headers[0] = "Authorization: Bearer nonsense";
    assert_int_equal(client_send(&app, "POST", "/api/v1/onboarding", "{\"device_id\":\"m\"}"), 401);
    assert_code(&app, "AUTH_TOKEN_INVALID");
    (void)snprintf(id, sizeof id, "%.64s", start);
    (void)snprintf(header, sizeof header, "Authorization: Bearer %s", id);
    app.headers[0] = header;
    assert_int_equal(client_send(&app, "POST", "/api/v1/onboarding", "{}"), 400);
    assert_code(&app, "DEVICE_ID_REQUIRED");
    app.headers[0] = header;
    assert_int_equal(client_send(&app, "POST", "/api/v1/onboarding", "{\"device_id\":\"m\"}"), 200);
    // Only there: elsewhere a session comes as a cookie, with its token.
    app.headers[0] = header;
    assert_int_equal(client_send(&app, "GET", "/v1/devices", NULL), 401);
    client_close(&app);
}

static void a_lost_device_is_recovered_with_another_key(void **state)
{
    (void)state;
    struct device device = enrol("meter-1");
    struct device next = make_device("meter-1");
    static const char body[] = "{\"device_id\":\"meter-1\"}";
    assert_int_equal(call_as(&device, "/v2/enroll/confirm", ""), 200);
    assert_int_equal(client_send(&operator_client, "POST", "/api/v1/onboarding", body), 409);
    assert_code(&operator_client, "DEVICE_HAS_ACTIVE_CERTIFICATE");
    assert_int_equal(client_send(&operator_client, "POST", "/api/v1/certificates/reissue", body),
                     200);
    assert_non_null(strstr(operator_client.body, "BEGIN CERTIFICATE"));
    assert_int_equal(client_send(&operator_client, "POST", "/api/v1/certificates/renewAuth", body),
                     200);
    assert_int_equal(client_send(&operator_client, "POST", "/api/v1/certificates/recover", body),
                     200);
    cJSON *answer = cJSON_Parse(operator_client.body);
    assert_int_equal(
        sign("/sign-csr", "meter-1", &device, text_at(answer, "provisioning_token"), NULL), 409);
    assert_code(&device_client, "KEY_ALREADY_IN_USE");
    assert_int_equal(
        sign("/sign-csr", "meter-1", &next, text_at(answer, "provisioning_token"), NULL), 200);
    cJSON_Delete(answer);
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(next.key);
}

/// The certificates in an answer of EST.
static int count_certificates(const char *body)
{
    uint8_t der[8192];
    EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
    int size = 0;
    int more = 0;
    EVP_DecodeInit(context);
    assert_true(
        EVP_DecodeUpdate(context, der, &size, (const unsigned char *)body, (int)strlen(body)) >= 0);
    assert_int_equal(EVP_DecodeFinal(context, der + size, &more), 1);
    EVP_ENCODE_CTX_free(context);
    const uint8_t *at = der;
    PKCS7 *bundle = d2i_PKCS7(NULL, &at, size + more);
    assert_non_null(bundle);
    const int count = sk_X509_num(bundle->d.sign->cert);
    PKCS7_free(bundle);
    return count;
}

static void est_speaks_the_same_rules(void **state)
{
    (void)state;
    struct device device = make_device("meter-1");
    char token[64];
    char credentials[128];
    char header[256] = "Authorization: Basic ";
    char value[512];
    assert_int_equal(client_send(&device_client, "GET", "/.well-known/est/cacerts", NULL), 200);
    assert_int_equal(count_certificates(device_client.body), 3);
    assert_string_equal(client_header(&device_client, "Content-Type", value),
                        "application/pkcs7-mime");
    fetch_token("meter-1", token);
    device_client.headers[0] = "Content-Type: application/pkcs10";
    assert_int_equal(
        client_send(&device_client, "POST", "/.well-known/est/simpleenroll", device.der_base64),
        401);
    assert_string_equal(client_header(&device_client, "WWW-Authenticate", value),
                        "Basic realm=\"enrolment\"");
    (void)snprintf(credentials, sizeof credentials, "meter-1:%s", token);
    (void)EVP_EncodeBlock((unsigned char *)header + strlen(header),
                          (const unsigned char *)credentials, (int)strlen(credentials));
    device_client.headers[0] = "Content-Type: application/pkcs10";
    device_client.headers[1] = header;
    assert_int_equal(
        client_send(&device_client, "POST", "/.well-known/est/simpleenroll", device.der_base64),
        200);
    assert_int_equal(count_certificates(device_client.body), 4);
    assert_string_equal(client_header(&device_client, "Content-Type", value),
                        "application/pkcs7-mime; smime-type=certs-only");
    // The same token and key again, in the other protocol, to have the certificate as PEM.
    assert_int_equal(sign("/sign-csr", "meter-1", &device, token, NULL), 200);
    keep_certificate(&device);
    struct device next = make_device("meter-1");
    device_client.headers[0] = "Content-Type: application/pkcs10";
    assert_int_equal(call_as(&device, "/.well-known/est/simplereenroll", next.der_base64), 200);
    assert_int_equal(count_certificates(device_client.body), 4);
    assert_int_equal(call_as(&device, "/.well-known/est/simplereenroll", next.der_base64), 415);
    EVP_PKEY_free(device.key);
    EVP_PKEY_free(next.key);
}

static void a_server_without_an_authority_says_so(void **state)
{
    const struct http_server_config config = { 0 };
    struct http_client client;
    (void)state;
    bed_open(&bed, &config);
    client_open(&client, &bed, false);
    assert_int_equal(client_send(&client, "POST", "/sign-csr", "{}"), 503);
    assert_non_null(strstr(client.body, "no_authority"));
    client_close(&client);
    bed_close(&bed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_devices_get_the_nested_answer),
        TEST(the_first_server_answers_flat_and_takes_the_token_in_the_body),
        TEST(tokens_are_refused_with_the_documented_codes),
        TEST(bad_requests_change_nothing),
        TEST(what_strangers_are_refused_is_on_record_once),
        TEST(renewal_needs_the_certificate_and_goes_on_when_it_is_confirmed),
        TEST(an_operator_cannot_be_asked_for_a_certificate),
        TEST(strangers_certificates_are_refused),
        TEST(what_is_over_may_only_renew),
        TEST(a_revoked_device_is_out_at_once),
        TEST(the_first_app_sends_its_session_as_a_bearer_token),
        TEST(a_lost_device_is_recovered_with_another_key),
        TEST(est_speaks_the_same_rules),
        cmocka_unit_test(a_server_without_an_authority_says_so),
    };
    return cmocka_run_group_tests_name("http_enrolment", tests, NULL, NULL);
}
