// SPDX-License-Identifier: MIT
#include "metering_engine.h"

enum { INPUTS_IN_TURN = 2 }; ///< A voltage and its current.

static const double USUAL_V = 230.0;
static const double USUAL_A = 5.0;

static enum status complain(const char **fault, enum status status, const char *text)
{
    *fault = text;
    return status;
}

static enum status open_windows(struct metering_engine *metering)
{
    const struct metering_engine_parts *parts = &metering->parts;
    const struct sampling_settings sampling = sampling_settings_default();
    struct processing_settings processing = processing_settings_default();
    processing.reading_ms = parts->settings->reading_ms;
    processing.total_channels = (uint8_t)parts->settings->total_channels;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        processing.creep_va[n] = (double)parts->settings->creep_va;
    }
    enum status status = ring_init(&metering->ring, metering->windows, sizeof metering->windows[0],
                                   METERING_ENGINE_WINDOWS);
    if (status == STATUS_OK) {
        status = sampling_task_init(&metering->sampling, parts->adc, parts->wiring, &metering->ring,
                                    &sampling);
    }
    if (status == STATUS_OK) {
        status = processing_task_init(&metering->processing, parts->wiring, &metering->ring,
                                      parts->readings, &processing, parts->latest);
    }
    if (status == STATUS_OK) {
        processing_task_calibrate(&metering->processing,
                                  calibration_store_current(&metering->calibrations));
    }
    return status;
}

static void observe(void *ctx, const struct window_report *report)
{
    struct metering_engine *metering = ctx;
    calibration_session_observe(&metering->session, report->raw, report->seconds);
    linearity_session_observe(&metering->linearity, report->raw, report->seconds);
}

static void listen(void *ctx, const struct spectrum_bins *bins)
{
    struct metering_engine *metering = ctx;
    calibration_session_take_bins(&metering->session, bins);
}

static void open_calibration(struct metering_engine *metering)
{
    const struct metering_engine_parts *parts = &metering->parts;
    metering->calibration_damaged =
        calibration_store_load(&metering->calibrations, parts->values) != STATUS_OK;
    calibration_store_place(&metering->calibrations, parts->adc->input_spacing_s);
    calibration_session_init(&metering->session, parts->wiring, parts->adc->input_spacing_s,
                             &metering->calibrations, &metering->workspace.calibration);
    metering->session_watcher = (struct window_watcher){ .window = observe, .ctx = metering };
    metering->session_tap = (struct spectrum_tap){ .bins = listen, .ctx = metering };
}

/// Has the table of the converter in force that was kept.
static enum status open_linearity(struct metering_engine *metering)
{
    const struct adc_source *adc = metering->parts.adc;
    const struct linearity_parts parts = { .wiring = metering->parts.wiring,
                                           .values = metering->parts.values,
                                           .census = &metering->census,
                                           .workspace = &metering->workspace.linearity,
                                           .code_min = adc->code_min,
                                           .code_max = adc->code_max };
    metering->linearity_damaged = linearity_session_init(&metering->linearity, &parts) != STATUS_OK;
    const struct code_tap tap = code_census_tap(&metering->census);
    sampling_task_tap_codes(&metering->sampling, &tap);
    enum status status = STATUS_OK;
    for (unsigned n = 0; n < adc->input_count && status == STATUS_OK; n++) {
        status =
            sampling_task_linearise(&metering->sampling, n, code_census_table(&metering->census));
    }
    return status;
}

/// Tells the newest distortion of a channel to whoever adds up intervals.
static bool distortion_of(void *ctx, unsigned channel, uint32_t *voltage_ppm, uint32_t *current_ppm)
{
    struct metering_engine *metering = ctx;
    const struct clock *clock = metering->parts.clock;
    const uint64_t now_us = clock->uptime_us(clock->ctx);
    struct spectrum_level voltage;
    struct spectrum_level current;
    if (spectrum_task_level(&metering->spectrum, channel, SIGNAL_VOLTAGE, now_us, &voltage) !=
        STATUS_OK) {
        return false;
    }
    const bool flows = spectrum_task_level(&metering->spectrum, channel, SIGNAL_CURRENT, now_us,
                                           &current) == STATUS_OK;
    *voltage_ppm = voltage.distortion_ppm;
    *current_ppm = flows ? current.distortion_ppm : 0;
    return true;
}

/// Lets events and waveforms be in calibrated units. Of a sensor's curve, the gain at a usual
/// magnitude holds for all.
static void scale_quality(struct metering_engine *metering)
{
    const struct metering_engine_parts *parts = &metering->parts;
    const struct wiring *wiring = parts->wiring;
    const struct calibration *calibration = calibration_store_current(&metering->calibrations);
    for (unsigned n = 0; n < parts->adc->input_count; n++) {
        const double usual = n == wiring->reference_input ? USUAL_V : USUAL_A;
        const struct calibration_correction correction =
            calibration_at(&calibration->input[n], usual, parts->nominal_hz);
        quality_task_scale(&metering->quality, n, wiring->unit_per_code[n] * correction.gain);
    }
    metering->scaled_for = metering->calibrations.newest;
}

static enum status open_quality(struct metering_engine *metering)
{
    const struct metering_engine_parts *parts = &metering->parts;
    const struct adc_source *adc = parts->adc;
    const struct wiring *wiring = parts->wiring;
    const uint64_t rate_mhz = adc->frame_rate_mhz(adc->ctx);
    const struct snapshot_source source = { .rate_mhz = rate_mhz,
                                            .input_count = adc->input_count,
                                            .code_min = adc->code_min,
                                            .code_max = adc->code_max,
                                            .points_hz = METERING_ENGINE_POINTS_HZ };
    enum status status = ring_init(&metering->half_ring, metering->halves,
                                   sizeof metering->halves[0], METERING_ENGINE_HALVES);
    if (status == STATUS_OK) {
        status = half_cycles_init(&metering->half_cycles, wiring, &metering->half_ring, rate_mhz,
                                  parts->nominal_hz);
    }
    if (status == STATUS_OK) {
        status = snapshot_init(&metering->snapshot, metering->snapshot_store,
                               METERING_ENGINE_SNAPSHOT, &source);
    }
    metering->distortion =
        (struct quality_distortion){ .of_channel = distortion_of, .ctx = metering };
    const struct quality_task_parts quality = {
        .wiring = wiring,
        .half_cycles = &metering->half_ring,
        .snapshot = &metering->snapshot,
        .sink = parts->records,
        .clock = parts->clock,
        .distortion = &metering->distortion,
        .record = &metering->record,
        .rate_hz = (double)rate_mhz / 1000.0,
    };
    struct quality_task_settings settings = quality_task_settings_default();
    settings.power.declared_v = parts->settings->declared_v;
    settings.snapshots_per_hour = parts->settings->snapshots_per_hour;
    if (status == STATUS_OK) {
        status = quality_task_init(&metering->quality, &quality, &settings);
    }
    if (status == STATUS_OK) {
        scale_quality(metering);
    }
    return status;
}

static enum status open_spectra(struct metering_engine *metering)
{
    const struct metering_engine_parts *parts = &metering->parts;
    const struct adc_source *adc = parts->adc;
    const struct wiring *wiring = parts->wiring;
    const uint64_t rate_mhz = adc->frame_rate_mhz(adc->ctx);
    struct spectrum_settings settings = spectrum_settings_default();
    struct waveform_plan plan;
    settings.spectrum_ms = parts->settings->spectrum_ms;
    enum status status = waveform_plan_make(&plan, wiring, parts->harmonics, rate_mhz,
                                            parts->capture_slots, parts->capture_size);
    if (status == STATUS_OK) {
        status =
            waveform_capture_init(&metering->capture, &plan, parts->capture, parts->capture_size);
    }
    if (status == STATUS_OK) {
        metering->capture_tap = waveform_capture_tap(&metering->capture);
        const struct spectrum_task_parts spectrum = {
            .wiring = wiring,
            .calibration = calibration_store_current(&metering->calibrations),
            .capture = &metering->capture,
            .sink = parts->records,
            .record = &metering->record,
            .sums = metering->spectrum_sums,
            .inputs = ADC_INPUT_LIMIT,
            .watcher = quality_task_watcher(&metering->quality),
        };
        status = spectrum_task_init(&metering->spectrum, &spectrum, &settings);
    }
    if (status == STATUS_OK) {
        spectrum_task_listen(&metering->spectrum, &metering->session_tap);
    }
    return status;
}

static enum status open_demand(struct metering_engine *metering)
{
    const struct metering_engine_parts *parts = &metering->parts;
    const struct settings *settings = parts->settings;
    const unsigned last_rate = parts->latest != NULL ? parts->latest->rate : 0;
    struct tariff_fault fault;
    if (time_zone_parse(&metering->zone, settings->time_zone, NULL) != STATUS_OK ||
        tariff_parse(&metering->tariff, settings->tariff, &fault) != STATUS_OK) {
        return STATUS_INVALID;
    }
    tariff_clock_init(&metering->tariff_clock, &metering->tariff, &metering->zone, last_rate);
    // A maximum that is lost begins anew; measuring goes on.
    (void)!maximum_demand_load(&metering->maximum, parts->values);
    const struct demand_settings demand = { .block_min = settings->demand_min,
                                            .sub_min = settings->demand_sub_min };
    return demand_init(&metering->demand, &demand, parts->clock, &metering->zone, parts->records,
                       &metering->maximum, &metering->tariff_clock.rate);
}

static enum status bind(struct metering_engine *metering)
{
    const struct frame_tap *const taps[] = { half_cycles_tap(&metering->half_cycles),
                                             snapshot_tap(&metering->snapshot),
                                             &metering->capture_tap };
    const struct window_watcher *const watchers[] = { quality_task_watcher(&metering->quality),
                                                      demand_watcher(&metering->demand),
                                                      &metering->session_watcher };
    enum status status = STATUS_OK;
    for (size_t n = 0; n < sizeof taps / sizeof taps[0] && status == STATUS_OK; n++) {
        status = sampling_task_add_tap(&metering->sampling, taps[n]);
    }
    for (size_t n = 0; n < sizeof watchers / sizeof watchers[0] && status == STATUS_OK; n++) {
        status = processing_task_watch(&metering->processing, watchers[n]);
    }
    return status;
}

size_t metering_engine_capture_size(const struct adc_source *adc, enum waveform_mode harmonics,
                                    uint32_t slots)
{
    const uint32_t inputs = harmonics == WAVEFORM_AT_ONCE ? adc->input_count : INPUTS_IN_TURN;
    return waveform_plan_size(adc->frame_rate_mhz(adc->ctx), 1, inputs, slots);
}

enum status metering_engine_open(struct metering_engine *metering,
                                 const struct metering_engine_parts *parts, const char **fault)
{
    metering->parts = *parts;
    open_calibration(metering);
    enum status status = open_windows(metering);
    if (status != STATUS_OK) {
        return complain(fault, status, "this source cannot be measured: check rate and scales");
    }
    status = open_linearity(metering);
    if (status != STATUS_OK) {
        return complain(fault, status, "this source has too many inputs");
    }
    status = open_quality(metering);
    if (status != STATUS_OK) {
        return complain(fault, status, "power quality: declared_v does not fit this source");
    }
    status = open_spectra(metering);
    if (status != STATUS_OK) {
        return complain(fault, status, "harmonics: there is no room for a window of this rate");
    }
    status = open_demand(metering);
    if (status != STATUS_OK) {
        return complain(fault, status, "time_zone, tariff or demand_min is not as it should be");
    }
    metering->desk = (struct metering_desk){ .mailbox = parts->requests,
                                             .calibration = &metering->session,
                                             .linearity = &metering->linearity,
                                             .maximum = &metering->maximum };
    status = bind(metering);
    return status == STATUS_OK ? status : complain(fault, status, "too many listeners");
}

static void set_rate(struct metering_engine *metering)
{
    const struct clock *clock = metering->parts.clock;
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;
    const bool is_known = clock->utc_ms(clock->ctx, &utc_ms, &uncertainty_ms);
    const unsigned rate = tariff_clock_rate(&metering->tariff_clock, is_known, utc_ms);
    processing_task_set_rate(&metering->processing, rate, metering->tariff_clock.is_stale);
}

/// The first that is not STATUS_OK.
static enum status worst(const enum status *status, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        if (status[n] != STATUS_OK) {
            return status[n];
        }
    }
    return STATUS_OK;
}

enum status metering_engine_step(struct metering_engine *metering)
{
    const struct clock *clock = metering->parts.clock;
    set_rate(metering);
    const enum status steps[] = {
        quality_task_step(&metering->quality, clock->uptime_us(clock->ctx)),
        processing_task_step(&metering->processing),
        spectrum_task_step(&metering->spectrum),
        demand_step(&metering->demand),
    };
    metering_desk_step(&metering->desk);
    waveform_capture_stay(&metering->capture, calibration_session_wants(&metering->session));
    if (metering->scaled_for != metering->calibrations.newest) {
        scale_quality(metering);
    }
    return worst(steps, sizeof steps / sizeof steps[0]);
}

enum status metering_engine_flush(struct metering_engine *metering)
{
    const struct clock *clock = metering->parts.clock;
    set_rate(metering);
    const enum status steps[] = {
        processing_task_flush(&metering->processing),
        quality_task_flush(&metering->quality, clock->uptime_us(clock->ctx)),
        spectrum_task_flush(&metering->spectrum),
        demand_step(&metering->demand),
    };
    return worst(steps, sizeof steps / sizeof steps[0]);
}

enum status metering_engine_save(struct metering_engine *metering)
{
    const struct clock *clock = metering->parts.clock;
    const uint64_t now_us = clock->uptime_us(clock->ctx);
    const uint64_t least_us = METERING_ENGINE_SAVE_S * UINT64_C(1000000);

    if (metering->has_saved && now_us - metering->saved_us < least_us) {
        return metering_engine_step(metering);
    }
    metering->has_saved = true;
    metering->saved_us = now_us;
    return metering_engine_flush(metering);
}
