// SPDX-License-Identifier: MIT

/// Asks a device for a report on itself, and has judged what comes.

#include <string.h>

#include "attestation_judge.h"
#include "base64url.h"
#include "certificate_key.h"
#include "openssl_crypto.h"
#include "rest_body.h"
#include "rest_handlers.h"
#include "rest_identity.h"

enum { REPORT_TEXT_SIZE = BASE64URL_LENGTH(ATTESTATION_SIZE_LIMIT) + 1 };

/// Takes the report out of the device's answer. @return its size, 0 when there is none.
static size_t read_report(const struct command_result *result, uint8_t *message, size_t capacity)
{
    struct json_reader json;
    char text[REPORT_TEXT_SIZE];
    size_t size = 0;
    return json_reader_open(&json, result->detail, strlen(result->detail)) == STATUS_OK &&
                   json_reader_string(&json, "report", text, sizeof text) == STATUS_OK &&
                   base64url_decode(text, strlen(text), message, capacity, &size) == STATUS_OK
               ? size
               : 0;
}

static struct attestation_judgement judge(const struct attestation_question *question,
                                          const struct command_result *result)
{
    const struct crypto crypto = openssl_crypto();
    uint8_t message[ATTESTATION_SIZE_LIMIT];
    const size_t size = read_report(result, message, sizeof message);
    return attestation_judge(&crypto, question->key, question->nonce, message, size);
}

static void write_hex(struct json_writer *writer, const char *name, const uint8_t *bytes)
{
    char hex[REST_FINGERPRINT_SIZE];
    rest_write_hex(bytes, CRYPTO_SHA256_SIZE, hex);
    json_writer_string(writer, name, hex);
}

static void write_report(struct json_writer *writer, const struct attestation *report)
{
    json_writer_begin_object(writer, "report");
    json_writer_string(writer, "level", attestation_level_name(report->level));
    json_writer_string(writer, "hardware", report->hardware);
    json_writer_string(writer, "software", report->software);
    json_writer_string(writer, "version", report->version);
    json_writer_string(writer, "keystore", report->keystore);
    write_hex(writer, "image_sha256", report->image_digest);
    json_writer_boolean(writer, "secure_boot", report->secure_boot);
    json_writer_boolean(writer, "debugging", report->debug == ATTESTATION_DEBUG_ENABLED);
    json_writer_unsigned(writer, "boot_count", report->boot_count);
    json_writer_unsigned(writer, "uptime_s", report->uptime_s);
    if (report->time_s != 0) {
        json_writer_integer(writer, "time_ms", report->time_s * 1000);
    } else {
        json_writer_null(writer, "time_ms");
    }
    json_writer_boolean(writer, "tampered", report->tampered);
    json_writer_unsigned(writer, "tamper_count", report->tamper_count);
    json_writer_end_object(writer);
}

static void build(struct json_writer *writer, const void *ctx)
{
    const struct attestation_judgement *judgement = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "verdict", attestation_verdict_name(judgement->verdict));
    json_writer_begin_array(writer, "reasons");
    for (size_t i = 0; i < judgement->reason_count; i++) {
        json_writer_string(writer, NULL, judgement->reasons[i]);
    }
    json_writer_end_array(writer);
    if (judgement->verdict != ATTESTATION_FAILED) {
        write_report(writer, &judgement->report);
    } else {
        json_writer_null(writer, "report");
    }
    json_writer_end_object(writer);
}

void rest_reply_attestation(const struct attestation_question *question,
                            const struct command_result *result, struct http_reply *reply)
{
    const struct attestation_judgement judgement = judge(question, result);
    http_reply_json(reply, HTTP_OK, build, &judgement);
}

bool rest_attest(struct rest *rest, const struct rest_request *request, struct http_reply *reply)
{
    struct relay_command command = { .action = COMMAND_ACTION_ATTEST };
    struct certificate_record record;
    struct device_view device;

    struct json_reader reader;

    if (!rest_has_identities(rest, reply) || !rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, NULL, 0, reply)) {
        return true;
    }
    const enum identity_verdict verdict =
        identities_find(rest->identities, device.device_id, &record);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
        return true;
    }
    if (record.state != CERTIFICATE_ACTIVE ||
        certificate_key_read(record.certificate.der, record.certificate.size,
                             command.attestation.key) != STATUS_OK) {
        http_reply_error(reply, HTTP_CONFLICT, "no_certificate",
                         "The device has no certificate in force that a report could be held "
                         "against.");
        return true;
    }
    const struct identity_parts *parts = identities_parts(rest->identities);
    if (parts->random(parts->random_ctx, command.attestation.nonce,
                      sizeof command.attestation.nonce) != STATUS_OK) {
        rest_reply_unavailable(reply);
        return true;
    }
    return rest_send_and_wait(rest, request, &device, &command, reply);
}
