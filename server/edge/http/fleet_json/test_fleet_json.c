// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_json.h"
#include "reading_example.h"

static char text[16384];
static struct json_writer writer;

static void start(void)
{
    json_writer_init(&writer, text, sizeof text);
}

static const char *finish(void)
{
    size_t size = 0;
    assert_int_equal(json_writer_finish(&writer, &size), STATUS_OK);
    assert_int_equal(strlen(text), size);
    return text;
}

static void says_null_for_everything_unknown(void **state)
{
    (void)state;
    const struct device_view device = { .device_id = "meter-1" };
    start();
    fleet_json_device(&writer, NULL, &device);
    assert_string_equal(finish(),
                        "{\"device_id\":\"meter-1\",\"name\":null,\"profile\":\"energy_meter\","
                        "\"online\":false,\"last_seen_ms\":null,\"last_reading_ms\":null,"
                        "\"relay_mask\":null,\"relay_mask_known\":false,\"firmware_version\":null,"
                        "\"journal_depth\":null,\"tamper\":null,\"unacknowledged_data\":false,"
                        "\"active_power_w\":null,\"reference_voltage_v\":null,"
                        "\"frequency_hz\":null,\"quality\":[]}");
}

static void says_what_is_known(void **state)
{
    (void)state;
    const struct device_view device = {
        .device_id = "meter-1",
        .name = "K\xc3\xbc"
                "che \"1\"",
        .online = true,
        .last_seen_ms = 5,
        .relay_mask_known = true,
        .relay_mask = 170,
        .journal_depth_known = true,
        .tamper = { .known = true, .latched = true, .count = 3 },
        .electrical_known = true,
        .active_power_w = -12.345678,
        .reference_voltage_v = 230.0,
        .frequency_hz = 49.9876,
        .quality = READING_QUALITY_GAP | READING_QUALITY_CLIPPED,
    };
    start();
    fleet_json_device(&writer, NULL, &device);
    assert_non_null(strstr(finish(), "\"name\":\"K\xc3\xbc"
                                     "che \\\"1\\\"\""));
    assert_non_null(strstr(text, "\"relay_mask\":170,\"relay_mask_known\":true"));
    assert_non_null(strstr(text, "\"journal_depth\":0,"));
    assert_non_null(strstr(text, "\"tamper\":{\"latched\":true,\"case_open\":false,\"count\":3},"));
    assert_non_null(strstr(text, "\"active_power_w\":-12.35,\"reference_voltage_v\":230,"
                                 "\"frequency_hz\":49.988,\"quality\":[\"gap\",\"clipped\"]}"));
}

static void a_reading_is_the_same_to_the_last_digit(void **state)
{
    (void)state;
    struct stored_reading stored = {
        .device_id = "m",
        .journal_id = { 0xAB, 0x01 },
        .seq = UINT64_MAX,
        .time_ms = 1763690000123,
        .time_source = ANCHOR_SOURCE_SNTP,
        .boot_id = 3,
        .reading = { .uptime_ms = 9,
                     .window_us = 1000123,
                     .frequency_mhz = 50012,
                     .channels = 0x81,
                     .connected = 0x80,
                     .quality =
                         READING_QUALITY_GAP | READING_QUALITY_MERGED | READING_QUALITY_FLAGGED,
                     .rate = 2,
                     .total = { .import_mj = { 1, 2, 9007199254740993, 0 },
                                .export_mj = { 0, 0, 5, 0 },
                                .reactive_mvars = { 6, 0, 0, 7 } } },
    };
    stored.reading.channel[7] = (struct reading_channel){
        .voltage_10mv = 23005,
        .current_100ua = 12345,
        .active_power_10mw = -28401,
        .power_factor_1e4 = -9999,
        .import_mj = 9007199254740993,
        .export_mj = 1,
        .quality = READING_QUALITY_CLIPPED | READING_QUALITY_CREEP,
        .apparent_power_10mva = 28405,
        .fundamental_voltage_10mv = 23000,
        .fundamental_current_100ua = 12000,
        .fundamental_power_10mw = -27590,
        .reactive_power_10mvar = 300,
        .reactive_mvars = { 1, 2, 3, 9007199254740995 },
    };
    start();
    fleet_json_reading(&writer, NULL, &stored);
    (void)finish();
    assert_non_null(strstr(text, "\"journal_id\":\"ab010000000000000000000000000000\","
                                 "\"seq\":18446744073709551615,\"time_ms\":1763690000123,"
                                 "\"time_source\":\"sntp\""));
    assert_non_null(strstr(
        text, "\"frequency_hz\":50.012,\"rate\":2,\"quality\":[\"gap\",\"merged\",\"flagged\"]"));
    assert_non_null(strstr(text, "{\"channel\":7,\"connected\":true,\"voltage_v\":230.05,"
                                 "\"current_a\":1.2345,\"active_power_w\":-284.01,"));
    assert_non_null(strstr(text, "\"power_factor\":-0.9999,\"import_mj\":9007199254740993,"
                                 "\"export_mj\":1,\"quality\":[\"clipped\",\"creep\"],"));
    assert_non_null(strstr(text, "\"fundamental_voltage_v\":230,\"fundamental_current_a\":1.2,"
                                 "\"fundamental_power_w\":-275.9,"));
    assert_non_null(strstr(text, "\"fundamental_apparent_power_va\":276,"));
    assert_non_null(strstr(text, "\"displacement_power_factor\":-0.9996,"));
    assert_non_null(strstr(text, "\"reactive_mvars\":[1,2,3,9007199254740995]}"));
    assert_non_null(strstr(text, "\"total\":{\"import_mj\":9007199254740996,\"export_mj\":5,"
                                 "\"rates\":[{\"import_mj\":1,\"export_mj\":0},"));
    assert_non_null(strstr(text, "\"reactive_mvars\":[6,0,0,7]}"));
    assert_null(strstr(text, "\"channel\":1"));
}

static void a_reading_without_a_reference_has_nulls(void **state)
{
    (void)state;
    struct stored_reading stored = { .device_id = "m", .reading = { .channels = 1 } };
    start();
    fleet_json_reading(&writer, NULL, &stored);
    (void)finish();
    assert_non_null(strstr(text, "\"frequency_hz\":null,"));
    assert_non_null(strstr(text, "\"fundamental_apparent_power_va\":null,"));
    assert_non_null(strstr(text, "\"displacement_power_factor\":null,\"voltage_thd\":null,"
                                 "\"current_thd\":null,"));
}

static void an_event_keeps_its_microseconds_and_its_name(void **state)
{
    (void)state;
    const struct stored_finding event = {
        .device_id = "m",
        .journal_id = { 0xAB, 0x01 },
        .seq = 42,
        .time_ms = 1763690000123,
        .has_waveform = true,
        .record = { .kind = RECORD_KIND_EVENT,
                    .event = { .started_us = 9000456,
                               .duration_us = 83400,
                               .extreme_10mv = 9212,
                               .declared_10mv = 23000,
                               .kind = POWER_EVENT_INTERRUPTION,
                               .channel = 4,
                               .quality = READING_QUALITY_CLIPPED } },
    };
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t seq = 0;
    start();
    fleet_json_finding(&writer, NULL, &event);
    assert_string_equal(finish(),
                        "{\"device_id\":\"m\","
                        "\"event_id\":\"ab010000000000000000000000000000-42\","
                        "\"kind\":\"interruption\",\"channel\":4,\"start_ms\":1763690000123.456,"
                        "\"duration_ms\":83.4,\"extreme_v\":92.12,\"declared_v\":230,"
                        "\"quality\":[\"clipped\"],\"has_waveform\":true}");
    char event_id[FLEET_JSON_EVENT_ID_SIZE];
    fleet_json_event_id(&event, event_id);
    assert_true(fleet_json_read_event_id(event_id, journal_id, &seq));
    assert_int_equal(seq, 42);
    assert_memory_equal(journal_id, event.journal_id, JOURNAL_ID_SIZE);
    static const char *const wrong[] = { "",
                                         "-1",
                                         "ab010000000000000000000000000000",
                                         "ab010000000000000000000000000000-",
                                         "ab010000000000000000000000000000-0",
                                         "ab010000000000000000000000000000-4x",
                                         "ab010000000000000000000000000000-1234567890123456789",
                                         "AB010000000000000000000000000000-42" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(fleet_json_read_event_id(wrong[i], journal_id, &seq));
    }
}

/// Parts that follow on are one signal; a hole begins another.
static void a_waveform_goes_on_until_there_is_a_hole(void **state)
{
    (void)state;
    const struct stored_finding event = { .record = { .kind = RECORD_KIND_EVENT,
                                                      .event = { .started_us = 20000 } } };
    struct waveform_chunk parts[4];
    for (unsigned i = 0; i < 4; i++) {
        parts[i] = (struct waveform_chunk){ .started_us = 19000 + 250 * (uint64_t)i,
                                            .interval_ns = 125000,
                                            .unit_per_1e6 = 250000,
                                            .count = 2,
                                            .sample = { (int16_t)i, -8 } };
    }
    parts[2].started_us += 500;
    parts[2].channel = 3;
    parts[2].signal = SIGNAL_CURRENT;
    parts[3].started_us += 5000;
    start();
    json_writer_begin_object(&writer, NULL);
    fleet_json_signals(&writer, &event, parts, 4);
    json_writer_end_object(&writer);
    assert_string_equal(finish(),
                        "{\"signals\":[{\"channel\":0,\"signal\":\"voltage\",\"unit\":\"V\","
                        "\"start_ms\":-1,\"interval_us\":125,\"values\":[0,-2,0.25,-2]},"
                        "{\"channel\":0,\"signal\":\"voltage\",\"unit\":\"V\","
                        "\"start_ms\":4.75,\"interval_us\":125,\"values\":[0.75,-2]},"
                        "{\"channel\":3,\"signal\":\"current\",\"unit\":\"A\","
                        "\"start_ms\":0,\"interval_us\":125,\"values\":[0.5,-2]}]}");
}

/// Whatever a batch can carry can be shown.
static void any_finding_is_a_document(void **state)
{
    (void)state;
    for (unsigned kind = RECORD_KIND_EVENT; kind < RECORD_KIND_COUNT; kind++) {
        for (unsigned high = 0; high < 2; high++) {
            const struct stored_finding finding = {
                .device_id = "m",
                .time_ms = high == 1 ? 253402300799999 : -62135596800000,
                .record = reading_example_extreme(kind, high == 1),
            };
            start();
            if (kind == RECORD_KIND_WAVEFORM) {
                json_writer_begin_object(&writer, NULL);
                fleet_json_signals(&writer, &finding, &finding.record.waveform, 1);
                json_writer_end_object(&writer);
            } else {
                fleet_json_finding(&writer, NULL, &finding);
            }
            assert_int_equal(finish()[0], '{');
        }
    }
}

static void a_series_has_nulls_where_nothing_was_measured(void **state)
{
    (void)state;
    const struct telemetry_point points[] = {
        { .start_ms = 1000,
          .measured_us = 5,
          .voltage_v = 230.1234,
          .active_power_w = (double)NAN,
          .import_mj = 7,
          .quality = 3 },
        { .start_ms = 2000 },
        { .start_ms = 3000, .measured_us = 1000000, .frequency_hz = 49.98765 },
    };
    const struct telemetry_series series = {
        .query = { .device_id = "m",
                   .channel = TELEMETRY_CHANNEL_TOTAL,
                   .start_ms = 1000,
                   .end_ms = 4000,
                   .bucket_ms = 1000 },
        .points = points,
        .count = 3,
    };
    start();
    fleet_json_series(&writer, &series);
    (void)finish();
    assert_non_null(strstr(text,
                           "\"channel\":\"total\",\"start_ms\":1000,\"end_ms\":4000,"
                           "\"bucket_ms\":1000,\"source\":\"raw\",\"time_ms\":[1000,2000,3000],"
                           "\"measured_us\":[5,0,1000000],"
                           "\"voltage_v\":[230.123,null,0],"));
    assert_non_null(strstr(text, "\"active_power_w\":[null,null,0]"));
    assert_non_null(strstr(text, "\"import_mj\":[7,null,0]"));
    // The first bucket holds a piece of a cycle only, which tells no frequency.
    assert_non_null(strstr(text, "\"frequency_hz\":[null,null,49.988]"));
    assert_non_null(strstr(text, "\"quality\":[3,null,0]}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_null_for_everything_unknown),
        cmocka_unit_test(says_what_is_known),
        cmocka_unit_test(a_reading_is_the_same_to_the_last_digit),
        cmocka_unit_test(a_reading_without_a_reference_has_nulls),
        cmocka_unit_test(an_event_keeps_its_microseconds_and_its_name),
        cmocka_unit_test(a_waveform_goes_on_until_there_is_a_hole),
        cmocka_unit_test(any_finding_is_a_document),
        cmocka_unit_test(a_series_has_nulls_where_nothing_was_measured),
    };
    return cmocka_run_group_tests_name("fleet_json", tests, NULL, NULL);
}
