// SPDX-License-Identifier: MIT

/// Real mains, further than V, I and P: the energy of a load that skips cycles, and what a meter
/// finds that looks at one cycle of a channel at a time.

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "burst_peer.h"
#include "recorded_codes.h"
#include "waveform_catalogue.h"

static struct waveform_catalogue catalogue;
static struct recorded_codes codes;

struct sums {
    double seconds;
    double active; ///< Times seconds.
    int64_t import_mj;
};

static void add_up(void *ctx, const struct reading *reading)
{
    struct sums *sums = ctx;
    sums->import_mj = reading->channel[0].import_mj;
    if (reading->frequency_mhz != 0) {
        const double seconds = reading->window_us * 1e-6;
        sums->seconds += seconds;
        sums->active += reading->channel[0].active_power_10mw * 0.01 * seconds;
    }
}

static void load(const struct waveform *waveform)
{
    assert_int_equal(recorded_codes_load(&codes, waveform), STATUS_OK);
}

/// The energy of the codes from `start` up to `end`, by the trapezoidal rule, in joules. The zeros
/// are means over whole cycles of the whole recording.
static double energy_of(const struct recorded_codes *c, size_t start, size_t end)
{
    const double cycle = c->waveform->rate_hz / c->waveform->expected.frequency_hz;
    const size_t whole = (size_t)(floor((double)c->count / cycle) * cycle + 0.5);
    double mean_v = 0.0;
    double mean_i = 0.0;
    for (size_t n = 0; n < whole; n++) {
        mean_v += c->voltage[n] / (double)whole;
        mean_i += c->current[n] / (double)whole;
    }
    double sum = 0.0;
    for (size_t n = start; n < end; n++) {
        const double p = (c->voltage[n] - mean_v) * (c->current[n] - mean_i);
        sum += n == start || n + 1 == end ? 0.5 * p : p;
    }
    return sum * c->waveform->volts_per_code * c->waveform->amperes_per_code / c->waveform->rate_hz;
}

static void counts_the_energy_of_a_load_that_skips_cycles_from_every_start(void **state)
{
    (void)state;
    unsigned cookers = 0;
    for (size_t n = 0; n < catalogue.count; n++) {
        const struct waveform *waveform = &catalogue.waveform[n];
        if (strstr(waveform->name, "induction_cooker") == NULL) {
            continue;
        }
        double worst = 0.0;
        load(waveform);
        for (size_t start = 0; start < 256; start += 8) { // Two cycles, of which one conducts.
            struct sums sums = { .seconds = 0.0 };
            recorded_codes_meter(&codes, start, 1.0, 1.0, add_up, &sums);
            const double truth = energy_of(&codes, start, codes.count);
            const double off = 100.0 * ((double)sums.import_mj / 1000.0 / truth - 1.0);
            worst = fabs(off) > fabs(worst) ? off : worst;
        }
        print_message("%s: energy off by %+.4f %% at worst of 32 starts (target 0.05)\n",
                      waveform->name, worst);
        assert_true(fabs(worst) <= 0.05);
        cookers++;
    }
    assert_int_equal(cookers, 3);
}

enum { PEER_CHANNELS = 8 };

/// What a peer finds that gives each of eight channels one cycle in turn, in watts.
static double peer_power(const struct waveform *waveform, uint32_t cycle, uint32_t start)
{
    struct burst_peer peer;
    burst_peer_init(&peer, cycle, PEER_CHANNELS);
    for (size_t n = start; n < codes.count; n++) {
        burst_peer_take(&peer, codes.voltage[n], codes.current[n]);
    }
    return burst_peer_power(&peer) * waveform->volts_per_code * waveform->amperes_per_code;
}

static double our_power(uint32_t start)
{
    struct sums sums = { .seconds = 0.0 };
    recorded_codes_meter(&codes, start, 1.0, 1.0, add_up, &sums);
    return sums.active / sums.seconds;
}

/// The larger of two errors, whatever their signs.
static double worse(double left, double right)
{
    return fabs(left) > fabs(right) ? left : right;
}

/// The mean power from `start` on, over an even number of whole cycles, since there are loads that
/// conduct in every second one.
static double true_power(const struct waveform *waveform, size_t start)
{
    const double cycle = waveform->rate_hz / waveform->expected.frequency_hz;
    const double whole = 2.0 * floor((double)(codes.count - 1 - start) / cycle / 2.0) * cycle;
    const size_t end = start + (size_t)(whole + 0.5) + 1;
    return energy_of(&codes, start, end) / ((double)(end - 1 - start) / waveform->rate_hz);
}

/// Both from the same 32 starts, against the mean power of what each of them was given.
static void print_the_errors_of_a_peer(const struct waveform *waveform, double *ours, double *peers)
{
    const double percent_of_s = 100.0 / waveform->expected.apparent_va;
    const uint32_t cycle = burst_peer_cycle_frames(waveform->rate_hz);
    *ours = 0.0;
    *peers = 0.0;
    load(waveform);
    for (uint32_t start = 0; start < PEER_CHANNELS * cycle; start += cycle / 4u) {
        const double truth = true_power(waveform, start);
        *ours = worse(percent_of_s * (our_power(start) - truth), *ours);
        *peers = worse(percent_of_s * (peer_power(waveform, cycle, start) - truth), *peers);
    }
    print_message("%-19s P off by %+9.4f %% of S here, by %+9.3f %% with one cycle of eight\n",
                  waveform->name, *ours, *peers);
}

static void is_closer_than_a_meter_that_looks_at_one_cycle_in_turn(void **state)
{
    (void)state;
    unsigned closer = 0;
    unsigned compared = 0;
    for (size_t n = 0; n < catalogue.count; n++) {
        const struct waveform *waveform = &catalogue.waveform[n];
        if (waveform->damaged || !waveform->has_fundamental) {
            continue;
        }
        double ours;
        double peers;
        print_the_errors_of_a_peer(waveform, &ours, &peers);
        closer += fabs(ours) < fabs(peers) ? 1u : 0u;
        compared++;
        if (strstr(waveform->name, "induction_cooker") != NULL) {
            assert_true(fabs(peers) > 50.0);
        }
    }
    print_message("closer on %u of %u recordings\n", closer, compared);
    assert_int_equal(closer, compared);
}

int main(void)
{
    const int code = waveform_catalogue_open(&catalogue, OHM_DEFAULT_TEST_DATA);
    if (code != 0) {
        return code;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_energy_of_a_load_that_skips_cycles_from_every_start),
        cmocka_unit_test(is_closer_than_a_meter_that_looks_at_one_cycle_in_turn),
    };
    return cmocka_run_group_tests_name("recordings", tests, NULL, NULL);
}
