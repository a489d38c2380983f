// SPDX-License-Identifier: MIT
#include "waveform_catalogue.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/// Reads a JSON file; NULL when it is missing or broken.
static cJSON *read_json(const char *path, enum status *status)
{
    *status = STATUS_MISSING;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    const size_t size = text == NULL ? 0 : fread(text, 1, SIZE, file);
    (void)fclose(file);
    cJSON *json = cJSON_ParseWithLength(text, size);
    free(text);
    *status = json == NULL ? STATUS_CORRUPT : STATUS_OK;
    return json;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static struct waveform_values expected_values(const cJSON *object)
{
    return (struct waveform_values){
        .frequency_hz = number(object, "freq_hz"),
        .voltage_v = number(object, "v_rms"),
        .current_a = number(object, "i_rms"),
        .active_w = number(object, "p"),
        .apparent_va = number(object, "s"),
        .power_factor = number(object, "pf"),
    };
}

static struct waveform_fundamental expected_fundamental(const cJSON *object)
{
    return (struct waveform_fundamental){
        .voltage_v = number(object, "v1"),
        .current_a = number(object, "i1"),
        .active_w = number(object, "p1"),
        .reactive_var = number(object, "q1"),
        .harmonic_w = number(object, "ph"),
        .angle_deg = number(object, "phi1_deg"),
        .voltage_distortion = number(object, "thd_v_pct_rms") / 100.0,
        .current_distortion = number(object, "thd_i_pct_rms") / 100.0,
    };
}

/// V1, I1 and the powers may differ as V, I and P do. Angle and distortion of two appliances drown
/// in the noise of the recording, and are wider for them.
static struct waveform_fundamental fundamental_tolerance(const struct waveform_values *whole,
                                                         const char *appliance)
{
    const bool drowns = strcmp(appliance, "desktop_pc") == 0 || strcmp(appliance, "laptop") == 0;
    return (struct waveform_fundamental){
        .voltage_v = whole->voltage_v,
        .current_a = whole->current_a,
        .active_w = whole->active_w,
        .reactive_var = whole->active_w,
        .harmonic_w = whole->active_w,
        .angle_deg = drowns ? 0.5 : 0.05,
        .voltage_distortion = 0.0005,
        .current_distortion = drowns ? 0.02 : 0.002,
    };
}

/// Appliances that vary within a recording depend on which of its cycles are taken.
static struct waveform_values appliance_tolerance(const char *appliance)
{
    static const struct {
        const char *appliance;
        double power;
        double power_factor;
    } wider[] = {
        { "refrigerator", 0.001, 0.0005 }, { "washing_machine", 0.002, 0.0005 },
        { "desktop_pc", 0.005, 0.003 },    { "induction_cooker", 0.007, 0.003 },
        { "laptop", 0.01, 0.003 },
    };
    struct waveform_values tolerance = { .frequency_hz = 0.001,
                                         .voltage_v = 0.0001,
                                         .current_a = 0.0005,
                                         .active_w = 0.0005,
                                         .apparent_va = 0.0005,
                                         .power_factor = 0.0005 };
    for (size_t n = 0; n < sizeof wider / sizeof wider[0]; n++) {
        if (strcmp(appliance, wider[n].appliance) == 0) {
            tolerance.current_a = wider[n].power;
            tolerance.active_w = wider[n].power;
            tolerance.apparent_va = wider[n].power;
            tolerance.power_factor = wider[n].power_factor;
        }
    }
    return tolerance;
}

static unsigned read_orders(const cJSON *object, const char *name, double orders[WAVEFORM_ORDERS])
{
    const cJSON *item;
    unsigned count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, name))
    {
        if (count < WAVEFORM_ORDERS) {
            orders[count++] = item->valuedouble;
        }
    }
    return count;
}

static struct waveform_harmonics expected_harmonics(const cJSON *object)
{
    struct waveform_harmonics harmonics = {
        .voltage_distortion = 0.01 * number(object, "thd_v_pct_h40"),
        .current_distortion = 0.01 * number(object, "thd_i_pct_h40"),
        .angle_deg = number(object, "phi1_deg"),
    };
    harmonics.orders = read_orders(object, "v_harm_rms", harmonics.voltage_v);
    (void)read_orders(object, "i_harm_rms", harmonics.current_a);
    return harmonics;
}

static struct waveform *add(struct waveform_catalogue *catalogue, const cJSON *object,
                            const char *folder, const char *suffix)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
    if (!cJSON_IsString(name) || catalogue->count == WAVEFORM_LIMIT) {
        return NULL;
    }
    struct waveform *waveform = &catalogue->waveform[catalogue->count];
    *waveform = (struct waveform){ .expected = expected_values(object),
                                   .harmonics = expected_harmonics(object) };
    const int length = snprintf(waveform->path, sizeof waveform->path, "%s/%s%s", folder,
                                name->valuestring, suffix);
    if (length < 0 || (size_t)length >= sizeof waveform->path ||
        strlen(name->valuestring) >= sizeof waveform->name) {
        return NULL;
    }
    memcpy(waveform->name, name->valuestring, strlen(name->valuestring) + 1);
    catalogue->count++;
    return waveform;
}

static enum status add_appliances(struct waveform_catalogue *catalogue, const cJSON *json,
                                  const char *folder)
{
    const cJSON *recordings = cJSON_GetObjectItemCaseSensitive(json, "recordings");
    const cJSON *item;
    cJSON_ArrayForEach(item, recordings)
    {
        struct waveform *waveform = add(catalogue, item, folder, ".i16");
        const cJSON *appliance = cJSON_GetObjectItemCaseSensitive(item, "appliance");
        if (waveform == NULL || !cJSON_IsString(appliance)) {
            return STATUS_CORRUPT;
        }
        waveform->layout = (struct recording_layout){
            .format = RECORDING_FORMAT_I16, .input_count = 2, .columns = 2, .column = { 1, 0 }
        };
        waveform->rate_hz = number(json, "fs_hz");
        waveform->volts_per_code = 1.0 / number(json, "scale_counts_per_volt");
        waveform->amperes_per_code = 1.0 / number(json, "scale_counts_per_amp");
        waveform->damaged = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "glitch"));
        waveform->tolerance = appliance_tolerance(appliance->valuestring);
        waveform->has_fundamental = true;
        waveform->fundamental = expected_fundamental(item);
        waveform->fundamental_tolerance =
            fundamental_tolerance(&waveform->tolerance, appliance->valuestring);
    }
    return cJSON_GetArraySize(recordings) > 0 ? STATUS_OK : STATUS_CORRUPT;
}

static enum status add_rectifiers(struct waveform_catalogue *catalogue, const cJSON *json,
                                  const char *folder)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        struct waveform *waveform = add(catalogue, item, folder, ".csv");
        if (waveform == NULL) {
            return STATUS_CORRUPT;
        }
        waveform->layout = (struct recording_layout){ .format = RECORDING_FORMAT_CSV,
                                                      .input_count = 2,
                                                      .column = { 1, 2 },
                                                      .codes_per_unit = { 100.0, 1000.0 } };
        waveform->rate_hz = number(item, "fs_hz");
        waveform->volts_per_code = 0.01;
        waveform->amperes_per_code = 0.001;
        // Three cycles of an 8-bit oscilloscope, in steps of 2 V: single cycles differ by more
        // than the tolerances of 150 of them.
        waveform->tolerance = (struct waveform_values){ .frequency_hz = 0.010,
                                                        .voltage_v = 0.0005,
                                                        .current_a = 0.002,
                                                        .active_w = 0.002,
                                                        .apparent_va = 0.002,
                                                        .power_factor = 0.001 };
    }
    return cJSON_GetArraySize(json) > 0 ? STATUS_OK : STATUS_CORRUPT;
}

enum status waveform_catalogue_load(struct waveform_catalogue *catalogue, const char *data)
{
    catalogue->count = 0;
    char folder[WAVEFORM_PATH_SIZE];
    char path[WAVEFORM_PATH_SIZE + 32];
    enum status status;
    (void)snprintf(folder, sizeof folder, "%s/waveforms/raw", data);
    (void)snprintf(path, sizeof path, "%s/../expected.json", folder);
    cJSON *json = read_json(path, &status);
    status = status == STATUS_OK ? add_appliances(catalogue, json, folder) : status;
    cJSON_Delete(json);
    if (status != STATUS_OK) {
        return status;
    }
    (void)snprintf(folder, sizeof folder, "%s/rectifier60hz", data);
    (void)snprintf(path, sizeof path, "%s/expected.json", folder);
    json = read_json(path, &status);
    status = status == STATUS_OK ? add_rectifiers(catalogue, json, folder) : status;
    cJSON_Delete(json);
    return status;
}

int waveform_catalogue_open(struct waveform_catalogue *catalogue, const char *fallback)
{
    const char *data = getenv("TEST_DATA_DIR");
    const char *required = getenv("OHM_REQUIRE_DATA");
    const enum status status = waveform_catalogue_load(catalogue, data != NULL ? data : fallback);
    if (status == STATUS_MISSING) {
        const bool fails = required != NULL && strcmp(required, "1") == 0;
        (void)fprintf(stderr, "%s: no test data (set TEST_DATA_DIR)\n",
                      fails ? "FAILED" : "skipped");
        return fails ? 1 : 77;
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "FAILED: the test data is %s\n", status_name(status));
        return 1;
    }
    return 0;
}

void waveform_result_add(struct waveform_result *result, const struct reading *reading,
                         unsigned channel)
{
    const struct reading_channel *measured = &reading->channel[channel];
    const double seconds = reading->window_us * 1e-6;
    const double voltage = measured->voltage_10mv * 0.01;
    const double current = measured->current_100ua * 0.0001;
    result->readings++;
    result->quality |= reading->quality;
    // A reading without a whole cycle has energy, but nothing to compare.
    if (reading->frequency_mhz == 0) {
        return;
    }
    result->seconds += seconds;
    result->frequency += reading->frequency_mhz * 0.001 * seconds;
    result->voltage_square += voltage * voltage * seconds;
    result->current_square += current * current * seconds;
    result->active += measured->active_power_10mw * 0.01 * seconds;
}

struct waveform_values waveform_result_values(const struct waveform_result *result)
{
    const double seconds = result->seconds > 0.0 ? result->seconds : 1.0;
    struct waveform_values values = {
        .frequency_hz = result->frequency / seconds,
        .voltage_v = sqrt(result->voltage_square / seconds),
        .current_a = sqrt(result->current_square / seconds),
        .active_w = result->active / seconds,
    };
    values.apparent_va = values.voltage_v * values.current_a;
    values.power_factor = values.apparent_va > 0.0 ? values.active_w / values.apparent_va : 0.0;
    return values;
}

bool waveform_check(const struct waveform *waveform, const struct waveform_result *result,
                    FILE *out)
{
    const struct waveform_values got = waveform_result_values(result);
    const struct waveform_values *want = &waveform->expected;
    const struct waveform_values *may = &waveform->tolerance;
    const struct waveform_values off = {
        .frequency_hz = got.frequency_hz - want->frequency_hz,
        .voltage_v = got.voltage_v / want->voltage_v - 1.0,
        .current_a = got.current_a / want->current_a - 1.0,
        .active_w = (got.active_w - want->active_w) / want->apparent_va,
        .apparent_va = got.apparent_va / want->apparent_va - 1.0,
        .power_factor = got.power_factor - want->power_factor,
    };
    const bool agrees =
        fabs(off.frequency_hz) <= may->frequency_hz && fabs(off.voltage_v) <= may->voltage_v &&
        fabs(off.current_a) <= may->current_a && fabs(off.active_w) <= may->active_w &&
        fabs(off.apparent_va) <= may->apparent_va + may->voltage_v &&
        fabs(off.power_factor) <= may->power_factor;
    (void)fprintf(
        out,
        "%-19s f %.4f Hz (%+.2f of %.0f mHz)  V %.3f (%+.4f of %.2f %%)  I %.4f (%+.3f of "
        "%.2f %%)  P %.2f (%+.3f of %.2f %%)  S %.2f (%+.3f %%)  PF %.4f (%+.5f of %.4f)  %s\n",
        waveform->name, got.frequency_hz, 1e3 * off.frequency_hz, 1e3 * may->frequency_hz,
        got.voltage_v, 100 * off.voltage_v, 100 * may->voltage_v, got.current_a,
        100 * off.current_a, 100 * may->current_a, got.active_w, 100 * off.active_w,
        100 * may->active_w, got.apparent_va, 100 * off.apparent_va, got.power_factor,
        off.power_factor, may->power_factor, agrees ? "agrees" : "DIFFERS");
    return agrees;
}
