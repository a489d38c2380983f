// SPDX-License-Identifier: MIT
#include "spectrum_task.h"

#include <stddef.h>

#include "portable_math.h"
#include "resampler.h"
#include "rfft.h"

enum {
    LEVEL_AGE = 5, ///< A level is given for so many of its lengths.
    SINC_LIMIT = 8,
};

static const double PI = 3.141592653589793;
static const double Q32 = 4294967296.0;

struct spectrum_settings spectrum_settings_default(void)
{
    return (struct spectrum_settings){ .spectrum_ms = 60000, .level_ms = 3000, .floor_codes = 2.0 };
}

static bool has_all_inputs(const struct wiring *wiring, unsigned inputs)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *wired = &wiring->channel[n];
        if ((wired->voltage_input != WIRING_NO_INPUT && wired->voltage_input >= inputs) ||
            (wired->current_input != WIRING_NO_INPUT && wired->current_input >= inputs)) {
            return false;
        }
    }
    return inputs <= ADC_INPUT_LIMIT;
}

enum status spectrum_task_init(struct spectrum_task *task, const struct spectrum_task_parts *parts,
                               const struct spectrum_settings *settings)
{
    if (!has_all_inputs(parts->wiring, parts->inputs) || settings->level_ms == 0 ||
        !(settings->floor_codes > 0.0) || settings->converter_sincs > SINC_LIMIT) {
        return STATUS_INVALID;
    }
    *task = (struct spectrum_task){ .wiring = parts->wiring,
                                    .calibration = parts->calibration,
                                    .capture = parts->capture,
                                    .sink = parts->sink,
                                    .record = parts->record,
                                    .settings = *settings,
                                    .input = parts->sums,
                                    .inputs = parts->inputs,
                                    .watcher = parts->watcher };
    for (unsigned n = 0; n < parts->inputs; n++) {
        parts->sums[n] = (struct spectrum_sums){ .windows = 0 };
    }
    return STATUS_OK;
}

void spectrum_task_listen(struct spectrum_task *task, const struct spectrum_tap *tap)
{
    task->tap = tap;
}

/// What is the same for every input of a window.
struct window_facts {
    double frequency_hz;
    uint64_t started_us;
    uint64_t ended_us;
    uint32_t cycles;
};

static struct window_facts facts_of(const struct captured_window *window)
{
    const double samples = (double)(window->end_q32 - window->start_q32) / Q32;
    const double seconds = samples / window->rate_hz;
    const uint64_t length_us = (uint64_t)portable_round(seconds * 1e6);
    return (struct window_facts){
        .frequency_hz = window->cycles / seconds,
        .started_us = window->ended_us > length_us ? window->ended_us - length_us : 0,
        .ended_us = window->ended_us,
        .cycles = window->cycles,
    };
}

static bool has_fundamental(const struct spectrum_task *task, double mean_square)
{
    return mean_square >= task->settings.floor_codes * task->settings.floor_codes;
}

static uint32_t to_uint32(double value)
{
    const int64_t rounded = portable_round(value);
    return rounded < 0 ? 0 : rounded > UINT32_MAX ? UINT32_MAX : (uint32_t)rounded;
}

/// The root mean square of a fundamental in volts or amperes.
static double calibrated_rms(const struct spectrum_task *task, unsigned input, double mean_square,
                             double frequency_hz)
{
    const struct calibration_input *known = calibration_input_of(task->calibration, input);
    const double nominal = portable_sqrt(mean_square) * task->wiring->unit_per_code[input];
    const double magnitude = nominal * known->gain;
    const double rms =
        nominal *
        calibration_at(known, magnitude < 0.0 ? -magnitude : magnitude, frequency_hz).gain;
    return rms < 0.0 ? -rms : rms;
}

static uint32_t ratio_ppm(double square, double of_square)
{
    return to_uint32(1e6 * portable_sqrt(square / of_square));
}

static void close_level(struct spectrum_task *task, unsigned input,
                        const struct window_facts *facts)
{
    struct spectrum_sums *sums = &task->input[input];
    const double fundamental = sums->level_fundamental / sums->level_windows;
    const double distortion = sums->level_distortion / sums->level_windows;
    sums->level = (struct spectrum_level){
        .at_us = facts->ended_us,
        .rms = calibrated_rms(task, input, fundamental, facts->frequency_hz),
        .distortion_ppm =
            has_fundamental(task, fundamental) ? ratio_ppm(distortion, fundamental) : 0,
        .quality = sums->level_quality,
    };
    sums->level_fundamental = 0.0;
    sums->level_distortion = 0.0;
    sums->level_windows = 0;
    sums->level_quality = 0;
}

static void add_level(struct spectrum_task *task, unsigned input, const struct window_facts *facts,
                      const double square[HARMONICS_COUNT], uint16_t quality)
{
    struct spectrum_sums *sums = &task->input[input];
    if (sums->level_windows == 0) {
        sums->level_started_us = facts->started_us;
    }
    sums->level_windows++;
    sums->level_fundamental += square[0];
    sums->level_distortion += harmonics_distortion(square);
    sums->level_quality |= quality;
    if (facts->ended_us - sums->level_started_us >= task->settings.level_ms * UINT64_C(1000)) {
        close_level(task, input, facts);
    }
}

static void add_spectrum(struct spectrum_task *task, unsigned input,
                         const struct window_facts *facts, const double square[HARMONICS_COUNT],
                         uint16_t quality)
{
    struct spectrum_sums *sums = &task->input[input];
    if (sums->windows == 0) {
        sums->started_us = facts->started_us;
    }
    for (unsigned n = 0; n < HARMONICS_COUNT; n++) {
        sums->square[n] += square[n];
    }
    sums->windows++;
    sums->frequency_mhz += 1000.0 * facts->frequency_hz;
    sums->ended_us = facts->ended_us;
    sums->quality |= quality;
    if (sums->refused) {
        sums->quality |= READING_QUALITY_MERGED;
    }
}

static void tell(const struct spectrum_task *task, unsigned input, const struct window_facts *facts,
                 double scale, bool clipped)
{
    if (task->tap != NULL) {
        const struct spectrum_bins bins = {
            .ended_us = facts->ended_us,
            .frequency_hz = facts->frequency_hz,
            .cycles = facts->cycles,
            .input = input,
            .clipped = clipped,
            .scale = scale,
            .bin = task->bins,
        };
        task->tap->bins(task->tap->ctx, &bins);
    }
}

static void take_input(struct spectrum_task *task, struct captured_window *window, unsigned input,
                       int32_t *samples, const struct window_facts *facts)
{
    const struct resampler_window places = { samples, window->count, window->start_q32,
                                             window->end_q32 };
    double scale;
    task->phasor[input] = (struct spectrum_phasor){ 0.0, 0.0 };
    if (resampler_run(&places, task->bins, &scale) != STATUS_OK) {
        return;
    }
    rfft(task->bins);
    // The samples are sums of frames.
    scale *= window->decimation;
    double square[HARMONICS_COUNT];
    harmonics_mean_squares(task->bins, facts->cycles, scale, task->gain, square);
    const size_t fundamental = 2 * (size_t)facts->cycles;
    task->phasor[input].re = task->bins[fundamental] / scale;
    task->phasor[input].im = task->bins[fundamental + 1] / scale;
    const bool clipped = (window->clipped & 1u << input) != 0;
    const uint16_t quality = clipped ? READING_QUALITY_CLIPPED : 0;
    tell(task, input, facts, scale, clipped);
    add_level(task, input, facts, square, quality);
    add_spectrum(task, input, facts, square, quality);
}

/// The angle by which the calibration says that a fundamental is seen too early.
static double lead_of(const struct spectrum_task *task, unsigned input, double frequency_hz)
{
    const struct calibration_correction correction = calibration_at(
        calibration_input_of(task->calibration, input), task->input[input].level.rms, frequency_hz);
    return correction.lead_rad + 2.0 * PI * frequency_hz * correction.delay_s;
}

/// The sign of an input's scale: a reversed sensor turns the angle by half a turn.
static double sign_of(const struct spectrum_task *task, unsigned input)
{
    const bool negative = (task->wiring->unit_per_code[input] < 0.0) !=
                          (calibration_input_of(task->calibration, input)->gain < 0.0);
    return negative ? -1.0 : 1.0;
}

static void close_phase(struct spectrum_task *task, unsigned channel,
                        const struct window_facts *facts)
{
    struct spectrum_phase *phase = &task->channel[channel];
    const struct wiring_channel *wired = &task->wiring->channel[channel];
    const unsigned v = wired->voltage_input;
    const unsigned i = wired->current_input;
    const double sign = sign_of(task, v) * sign_of(task, i);
    const double seen = portable_atan2(sign * phase->lagging, sign * phase->in_phase);
    const double angle =
        seen - lead_of(task, v, facts->frequency_hz) + lead_of(task, i, facts->frequency_hz);
    // Twice the product of root mean squares, added.
    const double floor =
        2.0 * phase->windows * task->settings.floor_codes * task->settings.floor_codes;
    const double square = phase->in_phase * phase->in_phase + phase->lagging * phase->lagging;
    phase->angle_rad = portable_atan2(portable_sin(angle), portable_cos(angle));
    phase->at_us = square >= floor * floor ? facts->ended_us : 0;
    phase->windows = 0;
    phase->in_phase = 0.0;
    phase->lagging = 0.0;
}

static void take_channel(struct spectrum_task *task, unsigned channel,
                         const struct window_facts *facts)
{
    struct spectrum_phase *phase = &task->channel[channel];
    const struct wiring_channel *wired = &task->wiring->channel[channel];
    const struct spectrum_phasor v = task->phasor[wired->voltage_input];
    const struct spectrum_phasor i = task->phasor[wired->current_input];
    if (phase->windows == 0) {
        phase->started_us = facts->started_us;
    }
    phase->windows++;
    phase->in_phase += v.re * i.re + v.im * i.im;
    phase->lagging += v.im * i.re - v.re * i.im;
    if (facts->ended_us - phase->started_us >= task->settings.level_ms * UINT64_C(1000)) {
        close_phase(task, channel, facts);
    }
}

static bool window_has(const struct captured_window *window, unsigned input)
{
    return input < ADC_INPUT_LIMIT && (window->inputs & 1u << input) != 0;
}

/// Windows that were dropped are missing from every spectrum that has begun.
static void note_missed(struct spectrum_task *task, uint16_t missed)
{
    for (unsigned input = 0; input < task->inputs; input++) {
        task->input[input].quality |= task->input[input].windows > 0 ? missed : 0;
    }
}

static void take_window(struct spectrum_task *task, struct captured_window *window)
{
    if (window->end_q32 <= window->start_q32) {
        return;
    }
    const struct window_facts facts = facts_of(window);
    const struct harmonics_sampling sampling = {
        .frequency = (float)(facts.frequency_hz / window->rate_hz),
        .decimation = window->decimation,
        .converter_sincs = task->settings.converter_sincs,
    };
    harmonics_squared_gains(&sampling, task->gain);
    note_missed(task, window->missed);
    int32_t *samples = window->sample;
    for (unsigned input = 0; input < task->inputs; input++) {
        if (window_has(window, input)) {
            take_input(task, window, input, samples, &facts);
            samples += window->capacity;
        }
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *wired = &task->wiring->channel[n];
        if (window_has(window, wired->voltage_input) && window_has(window, wired->current_input)) {
            take_channel(task, n, &facts);
        }
    }
    task->counters.windows++;
}

/// Finds the first channel that uses an input; false when none does.
static bool name_of(const struct wiring *wiring, unsigned input, struct spectrum *spectrum)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *wired = &wiring->channel[n];
        if (wired->voltage_input == WIRING_NO_INPUT || wired->current_input == WIRING_NO_INPUT) {
            continue;
        }
        if (wired->voltage_input == input || wired->current_input == input) {
            spectrum->channel = (uint8_t)n;
            spectrum->signal = wired->voltage_input == input ? SIGNAL_VOLTAGE : SIGNAL_CURRENT;
            return true;
        }
    }
    return false;
}

/// Whether an event of the supply touched the time of a spectrum (IEC 61000-4-30).
static bool is_disturbed(const struct spectrum_task *task, const struct spectrum_sums *sums)
{
    const struct window_watcher *watcher = task->watcher;
    return watcher != NULL && watcher->disturbed != NULL &&
           watcher->disturbed(watcher->ctx, sums->started_us, sums->ended_us);
}

static void write_spectrum(const struct spectrum_task *task, unsigned input,
                           struct spectrum *spectrum)
{
    const struct spectrum_sums *sums = &task->input[input];
    const double frequency_mhz = sums->frequency_mhz / sums->windows;
    const double fundamental = sums->square[0] / sums->windows;
    const double rms = calibrated_rms(task, input, fundamental, 0.001 * frequency_mhz);
    spectrum->uptime_ms = sums->ended_us / 1000;
    spectrum->span_ms = to_uint32((double)(sums->ended_us - sums->started_us) / 1000.0);
    spectrum->windows = sums->windows;
    spectrum->frequency_mhz = to_uint32(frequency_mhz);
    spectrum->fundamental_rms = to_uint32(rms * (spectrum->signal == SIGNAL_VOLTAGE ? 1e2 : 1e4));
    spectrum->quality =
        (uint16_t)(sums->quality | (is_disturbed(task, sums) ? READING_QUALITY_FLAGGED : 0u));
    if (!has_fundamental(task, fundamental)) {
        return;
    }
    spectrum->distortion_ppm = ratio_ppm(harmonics_distortion(sums->square), sums->square[0]);
    for (unsigned n = 0; n < HARMONICS_COUNT; n++) {
        spectrum->harmonic_ppm[n] = ratio_ppm(sums->square[n], sums->square[0]);
    }
}

static void clear_spectrum(struct spectrum_sums *sums)
{
    for (unsigned n = 0; n < HARMONICS_COUNT; n++) {
        sums->square[n] = 0.0;
    }
    sums->frequency_mhz = 0.0;
    sums->windows = 0;
    sums->quality = 0;
    sums->refused = false;
}

static enum status offer(struct spectrum_task *task, unsigned input)
{
    struct spectrum_sums *sums = &task->input[input];
    *task->record = (struct record){ .kind = RECORD_KIND_SPECTRUM };
    if (name_of(task->wiring, input, &task->record->spectrum)) {
        write_spectrum(task, input, &task->record->spectrum);
        const enum status status = task->sink->commit(task->sink->ctx, task->record);
        if (status != STATUS_OK) {
            sums->refused = true;
            task->counters.refused++;
            return status;
        }
        task->counters.spectra++;
    }
    clear_spectrum(sums);
    return STATUS_OK;
}

/// Offers what is due; `all` that there is, when the task ends.
static enum status offer_due(struct spectrum_task *task, bool all)
{
    const uint64_t length_us = task->settings.spectrum_ms * UINT64_C(1000);
    enum status result = STATUS_OK;
    for (unsigned input = 0; input < task->inputs; input++) {
        struct spectrum_sums *sums = &task->input[input];
        if (length_us == 0 || sums->windows == 0) {
            continue;
        }
        const bool due = sums->ended_us - sums->started_us >= length_us;
        if (!due && !all) {
            continue;
        }
        sums->quality |= due ? 0 : READING_QUALITY_PARTIAL;
        const enum status status = offer(task, input);
        result = status != STATUS_OK ? status : result;
    }
    return result;
}

static void take_all(struct spectrum_task *task)
{
    struct captured_window *window;
    while ((window = waveform_capture_peek(task->capture)) != NULL) {
        take_window(task, window);
        waveform_capture_release(task->capture);
    }
}

enum status spectrum_task_step(struct spectrum_task *task)
{
    take_all(task);
    return offer_due(task, false);
}

enum status spectrum_task_flush(struct spectrum_task *task)
{
    take_all(task);
    return offer_due(task, true);
}

static bool is_fresh(const struct spectrum_task *task, uint64_t at_us, uint64_t now_us)
{
    const uint64_t age_us = now_us > at_us ? now_us - at_us : 0;
    return at_us != 0 && age_us <= LEVEL_AGE * UINT64_C(1000) * task->settings.level_ms;
}

enum status spectrum_task_level(const struct spectrum_task *task, unsigned channel,
                                enum signal_kind signal, uint64_t now_us,
                                struct spectrum_level *level)
{
    if (channel >= READING_CHANNEL_COUNT) {
        return STATUS_MISSING;
    }
    const struct wiring_channel *wired = &task->wiring->channel[channel];
    const unsigned input = signal == SIGNAL_VOLTAGE ? wired->voltage_input : wired->current_input;
    if (input >= task->inputs || !is_fresh(task, task->input[input].level.at_us, now_us)) {
        return STATUS_MISSING;
    }
    *level = task->input[input].level;
    return STATUS_OK;
}

enum status spectrum_task_angle(const struct spectrum_task *task, unsigned channel, uint64_t now_us,
                                double *angle_rad)
{
    if (channel >= READING_CHANNEL_COUNT || !is_fresh(task, task->channel[channel].at_us, now_us)) {
        return STATUS_MISSING;
    }
    *angle_rad = task->channel[channel].angle_rad;
    return STATUS_OK;
}
