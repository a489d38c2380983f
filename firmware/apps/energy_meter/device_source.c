// SPDX-License-Identifier: MIT
#include "device_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// Reads "1,0": the column of the voltage, then those of the currents.
static bool read_inputs(const char *text, struct recording_layout *layout)
{
    layout->input_count = 0;
    for (;;) {
        char *end = NULL;
        const long column = strtol(text, &end, 10);
        if (end == text || column < 0 || column >= RECORDING_COLUMN_LIMIT ||
            layout->input_count > READING_CHANNEL_COUNT) {
            return false;
        }
        layout->column[layout->input_count++] = (uint8_t)column;
        if (*end == '\0') {
            return layout->input_count >= 2;
        }
        if (*end != ',') {
            return false;
        }
        text = end + 1;
    }
}

static bool read_format(const char *text, enum recording_format *format)
{
    static const char *const names[] = { "i16", "csv", "wav" };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            *format = (enum recording_format)i;
            return true;
        }
    }
    return false;
}

static const char *reason_of(enum status status)
{
    switch (status) {
    case STATUS_MISSING:
        return "there is no such file";
    case STATUS_IO:
        return "it cannot be read";
    case STATUS_INVALID:
        return "recording_inputs or recording_columns do not fit it, or rate_hz is not known";
    case STATUS_CORRUPT:
        return "it is no file of the given recording_format";
    case STATUS_FULL:
        return "it does not fit into memory";
    case STATUS_OK:
    case STATUS_BUSY:
        break;
    }
    return "it cannot be used";
}

static enum status complain(char *fault, enum status status, const char *what, const char *why)
{
    (void)snprintf(fault, OPTIONS_FAULT_SIZE, "%.150s: %s", what, why);
    return status;
}

static enum status open_recording(struct device_source *source, const struct options *options,
                                  const struct clock *clock, char *fault)
{
    struct recording_settings settings = { .rate_hz = options->rate_hz,
                                           .loop = options->recording_loop,
                                           .clock = options->paced ? clock : NULL };
    settings.layout.columns = (uint8_t)options->recording_columns;
    if (!read_format(options->recording_format, &settings.layout.format) ||
        !read_inputs(options->recording_inputs, &settings.layout)) {
        return complain(fault, STATUS_INVALID, "recording",
                        "recording_format takes i16, csv or wav; recording_inputs takes the "
                        "column of the voltage and one to eight of currents, such as 1,0");
    }
    for (unsigned i = 0; i < settings.layout.input_count && options->recording_units; i++) {
        settings.layout.codes_per_unit[i] =
            i == 0 ? options->codes_per_volt : options->codes_per_ampere;
    }
    const enum status status = recording_open(options->recording, &settings, &source->recording);
    if (status != STATUS_OK) {
        return complain(fault, status, options->recording, reason_of(status));
    }
    source->adc = recording_source(source->recording);
    source->wiring =
        wiring_of_one_voltage(settings.layout.input_count - 1u, 1.0 / options->codes_per_volt,
                              1.0 / options->codes_per_ampere);
    return STATUS_OK;
}

/// The household's day begins at the host's time of day.
static enum status open_synthesizer(struct device_source *source, const struct options *options,
                                    const struct clock *clock, char *fault)
{
    struct synthesizer_settings settings = synthesizer_settings_default();
    struct tm local;
    const time_t now = time(NULL);

    settings.clock = options->paced ? clock : NULL;
    settings.seed = options->seed;
    if (options->rate_hz > 0.0) {
        settings.rate_hz = options->rate_hz;
    }
    if (disturbances_parse(options->disturbances, &settings.disturbances) != STATUS_OK) {
        return complain(
            fault, STATUS_INVALID, "disturbances",
            "words like dip:600, at least 60 s each: dip, swell, interruption, harmonics");
    }
    if (localtime_r(&now, &local) != NULL) {
        settings.start_s = (uint32_t)(local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec);
    }
    const enum status status = synthesizer_open(&settings, &source->synthesizer);
    if (status != STATUS_OK) {
        return complain(fault, status, "synthesizer", "rate_hz must be 1000 to 100000");
    }
    source->adc = synthesizer_source(source->synthesizer);
    source->wiring = synthesizer_wiring();
    return STATUS_OK;
}

enum status device_source_open(struct device_source *source, const struct options *options,
                               const struct clock *clock, char fault[OPTIONS_FAULT_SIZE])
{
    *source =
        (struct device_source){ .paced = options->paced, .start_us = clock->uptime_us(clock->ctx) };
    const enum status status = strcmp(options->adc_source, "recording") == 0
                                   ? open_recording(source, options, clock, fault)
                                   : open_synthesizer(source, options, clock, fault);
    if (status == STATUS_OK) {
        wiring_keep_first(&source->wiring, options->settings.channels);
        source->rate_hz = (double)source->adc.frame_rate_mhz(source->adc.ctx) / 1000.0;
    }
    return status;
}

void device_source_close(struct device_source *source)
{
    recording_close(source->recording);
    synthesizer_close(source->synthesizer);
}
