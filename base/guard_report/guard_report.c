// SPDX-License-Identifier: MIT
#include "guard_report.h"

#include <string.h>

#include "json_reader.h"
#include "json_writer.h"

enum { VERSION = 1, HEX_SIZE = 2 * CRYPTO_SHA256_SIZE + 1, WORD_SIZE = 32 };

static const char digits[] = "0123456789abcdef";

const char *guard_event_name(enum guard_event event)
{
    switch (event) {
    case GUARD_EVENT_AUTHORISED:
        return "authorised";
    case GUARD_EVENT_REFUSED:
        return "refused";
    case GUARD_EVENT_DISCONNECTED:
        return "disconnected";
    case GUARD_EVENT_LIST:
        return "list";
    case GUARD_EVENT_COUNT:
        break;
    }
    return "";
}

static bool event_parse(const char *name, enum guard_event *event)
{
    for (int i = 0; i < GUARD_EVENT_COUNT; i++) {
        if (strcmp(name, guard_event_name((enum guard_event)i)) == 0) {
            *event = (enum guard_event)i;
            return true;
        }
    }
    return false;
}

static void write_hex(const uint8_t bytes[CRYPTO_SHA256_SIZE], char hex[HEX_SIZE])
{
    for (size_t i = 0; i < CRYPTO_SHA256_SIZE; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[HEX_SIZE - 1] = '\0';
}

static bool read_hex(const char hex[HEX_SIZE], uint8_t bytes[CRYPTO_SHA256_SIZE])
{
    if (strlen(hex) != HEX_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < HEX_SIZE - 1; i++) {
        const char *digit = strchr(digits, hex[i]);
        if (digit == NULL) {
            return false;
        }
        const uint8_t value = (uint8_t)(digit - digits);
        bytes[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : bytes[i / 2] | value);
    }
    return true;
}

static void write_address(const char *address, char clean[GUARD_ADDRESS_SIZE])
{
    size_t i = 0;
    for (; i < GUARD_ADDRESS_SIZE - 1 && address[i] != '\0'; i++) {
        const bool printable = address[i] > ' ' && address[i] < 0x7F;
        clean[i] = (char)(printable ? address[i] : '?');
    }
    clean[i] = '\0';
}

enum status guard_report_encode(const struct guard_report *report, char *out, size_t capacity,
                                size_t *size)
{
    struct json_writer writer;
    char hex[HEX_SIZE];
    char address[GUARD_ADDRESS_SIZE];

    if ((unsigned)report->event >= GUARD_EVENT_COUNT ||
        (unsigned)report->verdict >= GUARD_VERDICT_COUNT) {
        return STATUS_INVALID;
    }
    write_hex(report->certificate_sha256, hex);
    write_address(report->address, address);
    json_writer_init(&writer, out, capacity);
    json_writer_begin_object(&writer, NULL);
    json_writer_unsigned(&writer, "v", VERSION);
    json_writer_string(&writer, "event", guard_event_name(report->event));
    json_writer_string(&writer, "reason", guard_verdict_name(report->verdict));
    json_writer_string(&writer, "name", report->name);
    json_writer_string(&writer, "certificate", hex);
    json_writer_string(&writer, "address", address);
    json_writer_unsigned(&writer, "at", report->at_s);
    json_writer_unsigned(&writer, "lost", report->lost);
    json_writer_end_object(&writer);
    return json_writer_finish(&writer, size);
}

static bool read_count(const struct json_reader *reader, const char *name, uint64_t *out)
{
    int64_t value = 0;
    if (json_reader_integer(reader, name, &value) != STATUS_OK || value < 0) {
        return false;
    }
    *out = (uint64_t)value;
    return true;
}

static bool read_words(const struct json_reader *reader, struct guard_report *report)
{
    char word[WORD_SIZE];
    return json_reader_string(reader, "event", word, sizeof word) == STATUS_OK &&
           event_parse(word, &report->event) &&
           json_reader_string(reader, "reason", word, sizeof word) == STATUS_OK &&
           guard_verdict_parse(word, &report->verdict);
}

static bool read_party(const struct json_reader *reader, struct guard_report *report)
{
    char hex[HEX_SIZE];
    if (json_reader_string(reader, "name", report->name, sizeof report->name) != STATUS_OK ||
        json_reader_string(reader, "address", report->address, sizeof report->address) !=
            STATUS_OK ||
        json_reader_string(reader, "certificate", hex, sizeof hex) != STATUS_OK) {
        return false;
    }
    for (const char *c = report->address; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7F) {
            return false;
        }
    }
    const size_t name_size = strlen(report->name);
    return (name_size == 0 || identity_name_is_good(report->name, name_size)) &&
           read_hex(hex, report->certificate_sha256);
}

enum status guard_report_decode(const void *data, size_t size, struct guard_report *report)
{
    struct json_reader reader;
    uint64_t version = 0;

    *report = (struct guard_report){ 0 };
    const bool good =
        json_reader_open(&reader, data, size) == STATUS_OK && read_count(&reader, "v", &version) &&
        version == VERSION && read_words(&reader, report) && read_party(&reader, report) &&
        read_count(&reader, "at", &report->at_s) && read_count(&reader, "lost", &report->lost);
    return good ? STATUS_OK : STATUS_CORRUPT;
}
