// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <string.h>

#include "wiring_doctor.h"

static const double pi = 3.14159265358979323846;

enum { WINDOWS = 225, LOAD_LIMIT = 4, VERDICTS = WIRING_UNDECIDED + 1 };

static uint64_t random_state = 88172645463325252u;

static double random_between(double low, double high)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return low + (high - low) * ((double)(random_state >> 11) / 9007199254740992.0);
}

static bool chance(double probability)
{
    return random_between(0.0, 1.0) < probability;
}

static double noise(double sd)
{
    return sd * sqrt(-2.0 * log(1.0 - random_between(0.0, 1.0))) *
           cos(2.0 * pi * random_between(0.0, 1.0));
}

/// A load that may come on and go. Currents are phasors against the voltage of its own phase.
struct load {
    double complex current;
    double distortion; ///< Harmonics over the fundamental.
    double inrush;     ///< Times the current in the first window, gone after a second.
    double on_from_s;
    double on_until_s;
};

/// Loads on one phase, and a solar inverter.
struct phase {
    struct load load[LOAD_LIMIT];
    unsigned loads;
    double solar_a;
    double cloud_from_s; ///< A ramp of some seconds to `cloud_to`.
    double cloud_s;
    double cloud_to;
};

enum fault { OK, REVERSED, LATER_PHASE, EARLIER_PHASE, NEUTRAL, BOTH, UNPLUGGED, CLIPPED, FAULTS };

struct world {
    struct phase phase[3]; ///< The test load is on the first, always.
    enum fault fault;
    double sensor_lead_rad;
    double noise_a;
    double hum_a;
    double complex leak; ///< Of what cancels, this much shows.
};

static double complex lagging(double size, double degrees)
{
    const double angle = -degrees * pi / 180.0;
    return size * (cos(angle) + (double complex)I * sin(angle));
}

static struct load random_load(bool switches)
{
    struct load load = { .on_until_s = 1e9, .inrush = 1.0 };
    const double kind = random_between(0.0, 3.0);
    if (kind < 1.0) { // A heater.
        load.current = lagging(random_between(0.1, 8.0), 0.0);
    } else if (kind < 2.0) { // A motor.
        load.current = lagging(random_between(0.2, 5.0), random_between(20.0, 75.0));
        load.inrush = random_between(2.0, 6.0);
    } else { // Electronics.
        load.current = lagging(random_between(0.05, 2.0), random_between(-35.0, 25.0));
        load.distortion = random_between(0.1, 1.2);
    }
    load.on_from_s = -10.0;
    if (switches && chance(0.4)) {
        load.on_from_s = random_between(-10.0, 45.0);
        load.on_until_s = load.on_from_s + random_between(5.0, 60.0);
    }
    return load;
}

static struct phase random_phase(bool switches)
{
    struct phase phase = { .loads = (unsigned)random_between(0.0, 3.99) };
    for (unsigned i = 0; i < phase.loads; i++) {
        phase.load[i] = random_load(switches);
    }
    return phase;
}

static void add_solar(struct phase *phase)
{
    phase->solar_a = random_between(0.5, 22.0);
    phase->cloud_to = 1.0;
    if (chance(0.5)) {
        phase->cloud_from_s = random_between(0.0, 40.0);
        phase->cloud_s = random_between(2.0, 20.0);
        phase->cloud_to = random_between(0.1, 1.5);
    }
}

static double complex draw(const struct phase *phase, double now_s, double *harmonics_square)
{
    double complex sum = 0.0;
    for (unsigned i = 0; i < phase->loads; i++) {
        const struct load *load = &phase->load[i];
        if (now_s < load->on_from_s || now_s >= load->on_until_s) {
            continue;
        }
        const double age_s = now_s - load->on_from_s;
        const double inrush = 1.0 + (load->inrush - 1.0) * exp(-age_s / 0.2);
        sum += load->current * inrush;
        *harmonics_square += pow(cabs(load->current) * load->distortion, 2);
    }
    const double share = phase->cloud_s > 0.0
                             ? fmin(1.0, fmax(0.0, (now_s - phase->cloud_from_s) / phase->cloud_s))
                             : 0.0;
    return sum - phase->solar_a * (1.0 + (phase->cloud_to - 1.0) * share);
}

/// What a sensor in good order on this phase would see.
static struct raw_channel seen(const struct world *world, double complex current,
                               double rest_square)
{
    const double complex shown = current * lagging(1.0, -world->sensor_lead_rad * 180.0 / pi) +
                                 world->hum_a + noise(world->noise_a / 45.0) +
                                 (double complex)I * noise(world->noise_a / 45.0);
    return (struct raw_channel){
        .frequency_hz = 50.0,
        .voltage_v = 230.0,
        .voltage1_v = 230.0,
        .current_a = sqrt(pow(cabs(shown), 2) + rest_square + pow(world->noise_a, 2)),
        .in_phase_a = creal(shown),
        .quadrature_a = -cimag(shown),
        .active_w = 230.0 * creal(shown),
        .whole = true,
    };
}

static struct raw_channel look(const struct world *world, double now_s)
{
    double rest = 0.0;
    double complex current = draw(&world->phase[0], now_s, &rest);
    switch (world->fault) {
    case OK:
    case CLIPPED:
        break;
    case REVERSED:
        current = -current;
        break;
    case LATER_PHASE:
        current *= lagging(1.0, 120.0);
        break;
    case EARLIER_PHASE:
        current *= lagging(1.0, -120.0);
        break;
    case NEUTRAL:
        current += draw(&world->phase[1], now_s, &rest) * lagging(1.0, 120.0);
        current += draw(&world->phase[2], now_s, &rest) * lagging(1.0, -120.0);
        current = -current;
        break;
    case BOTH:
        current *= world->leak;
        rest = 0.0;
        break;
    case UNPLUGGED:
    case FAULTS:
        current = 0.0;
        rest = 0.0;
        break;
    }
    struct raw_channel window = seen(world, current, rest);
    window.voltage_clipped = world->fault == CLIPPED;
    return window;
}

static const enum wiring_verdict expected[FAULTS] = {
    [OK] = WIRING_OK,
    [REVERSED] = WIRING_REVERSED,
    [LATER_PHASE] = WIRING_WRONG_PHASE,
    [EARLIER_PHASE] = WIRING_WRONG_PHASE,
    [NEUTRAL] = WIRING_NEUTRAL,
    [BOTH] = WIRING_AROUND_BOTH,
    [UNPLUGGED] = WIRING_UNPLUGGED,
    [CLIPPED] = WIRING_VOLTAGE_CLIPPED,
};

static const char *const fault_names[FAULTS] = { "ok",         "reversed", "phase +120",
                                                 "phase -120", "neutral",  "around both",
                                                 "unplugged",  "clipped" };

struct trial {
    struct wiring_question question;
    bool others_switch; ///< Other loads come and go meanwhile.
    bool solar;
    bool companions; ///< The other phases have sensors of their own.
};

static struct world random_world(const struct trial *trial, enum fault fault)
{
    struct world world = {
        .fault = fault,
        .sensor_lead_rad = random_between(0.0, 4.5) * pi / 180.0,
        .noise_a = random_between(0.01, 0.1),
        .hum_a = fault == UNPLUGGED ? random_between(0.0, 0.002) : 0.0,
        .leak = lagging(random_between(0.004, 0.02), random_between(-180.0, 180.0)),
    };
    for (unsigned i = 0; i < 3; i++) {
        world.phase[i] = random_phase(trial->others_switch);
        if (trial->solar) {
            add_solar(&world.phase[i]);
        }
    }
    return world;
}

static struct wiring_finding run(const struct world *world, const struct trial *trial)
{
    static struct wiring_doctor doctor;
    static struct wiring_doctor companion[3];
    const struct wiring_doctor *const others[3] = { &companion[0], &companion[1], &companion[2] };
    memset(&doctor, 0, sizeof doctor);
    memset(companion, 0, sizeof companion);
    for (unsigned window = 0; window < WINDOWS; window++) {
        const double now_s = 0.2 * window;
        const struct raw_channel shown = look(world, now_s);
        wiring_doctor_observe(&doctor, &shown);
        // When the sensor is on the neutral, the first phase has its own; else it *is* that one.
        for (unsigned i = world->fault == NEUTRAL ? 0 : 1; i < 3 && trial->companions; i++) {
            double rest = 0.0;
            const double complex current = draw(&world->phase[i], now_s, &rest);
            const struct raw_channel beside = seen(world, current, rest);
            wiring_doctor_observe(&companion[i], &beside);
        }
    }
    return wiring_doctor_conclude(&doctor, &trial->question, others, trial->companions ? 3 : 0);
}

/// Adds the load of which the person speaks, and sometimes a wrong word about its power.
static void add_test_load(struct world *world, struct trial *trial)
{
    const double load_w = exp(random_between(log(110.0), log(3000.0)));
    struct phase *phase = &world->phase[0];
    struct load load = { .current = load_w / 230.0, .on_until_s = 1e9, .inrush = 1.0 };
    load.on_from_s = trial->question.load_switched ? random_between(6.0, 35.0) : -10.0;
    if (!trial->question.load_resistive) {
        const struct load any = random_load(false);
        load.current = load_w / 230.0 * any.current / cabs(any.current);
        load.distortion = any.distortion;
    }
    phase->load[phase->loads++] = load;
    trial->question.load_w = load_w * random_between(0.9, 1.1) < 100.0 ? 100.0 : load_w;
}

/// Runs `count` worlds of every fault in `faults` and prints who was taken for what. No verdict may
/// be false while the person does as asked; when other loads of the same size switch in the same
/// seconds, a few in ten thousand are.
static void try_many(const char *name, const struct trial *trial, unsigned faults, unsigned count,
                     double least_right, unsigned most_wrong)
{
    unsigned wrong = 0;
    unsigned right = 0;
    unsigned all = 0;
    print_message("%s\n  %-12s %6s %6s %6s\n", name, "truth", "right", "undec.", "wrong");
    for (unsigned fault = 0; fault < FAULTS; fault++) {
        unsigned counts[VERDICTS] = { 0 };
        unsigned turned = 0;
        for (unsigned n = 0; n < count && (faults & (1u << fault)) != 0; n++) {
            struct trial one = *trial;
            struct world world = random_world(&one, (enum fault)fault);
            add_test_load(&world, &one);
            const struct wiring_finding finding = run(&world, &one);
            counts[finding.verdict]++;
            turned += finding.verdict == WIRING_WRONG_PHASE &&
                              finding.phase_lag_deg != (fault == LATER_PHASE ? 120 : -120)
                          ? 1
                          : 0;
        }
        if ((faults & (1u << fault)) != 0) {
            const unsigned found = counts[expected[fault]];
            const unsigned bad = count - found - counts[WIRING_UNDECIDED] + turned;
            print_message("  %-12s %6u %6u %6u\n", fault_names[fault], found,
                          counts[WIRING_UNDECIDED], bad);
            right += found;
            wrong += bad;
            all += count;
        }
    }
    print_message("  identified %.1f %%, false verdicts %u of %u\n", 100.0 * right / all, wrong,
                  all);
    assert_true(wrong <= most_wrong);
    assert_true(right >= least_right * all);
}

enum {
    ONE_PHASE = 1u << OK | 1u << REVERSED | 1u << BOTH | 1u << UNPLUGGED | 1u << CLIPPED,
    BRANCH = ONE_PHASE | 1u << LATER_PHASE | 1u << EARLIER_PHASE,
    INCOMER = BRANCH | 1u << NEUTRAL,
};

static void finds_every_fault_when_a_heater_is_switched_on(void **state)
{
    (void)state;
    const struct trial quiet = { .question = { .load_resistive = true,
                                               .load_switched = true,
                                               .three_phase = true,
                                               .shared_neutral = true },
                                 .companions = true };
    struct trial busy = quiet;
    busy.others_switch = true;
    try_many("three phases, heater switched on, other loads steady", &quiet, INCOMER, 150, 0.97, 0);
    try_many("the same, other loads come and go", &busy, INCOMER, 150, 0.5, 2);
}

static void does_not_mistake_solar_export_for_a_reversed_sensor(void **state)
{
    (void)state;
    const struct trial solar = { .question = { .load_resistive = true,
                                               .load_switched = true,
                                               .three_phase = true,
                                               .may_export = true },
                                 .solar = true };
    struct trial running = solar;
    running.question.load_switched = false;
    try_many("solar inverter and clouds, heater switched on", &solar, BRANCH, 150, 0.75, 0);
    try_many("solar inverter, heater on all the time", &running, 1u << OK | 1u << REVERSED, 150,
             0.0, 0);
}

static void finds_faults_of_a_single_phase_with_any_load(void **state)
{
    (void)state;
    const struct trial switched = { .question = { .load_switched = true } };
    const struct trial running = { .question = { .load_switched = false } };
    struct trial busy = switched;
    busy.others_switch = true;
    try_many("one phase, any load switched on", &switched, ONE_PHASE, 150, 0.95, 0);
    try_many("one phase, any load switched on, others come and go", &busy, ONE_PHASE, 150, 0.6, 2);
    try_many("one phase, any load on all the time", &running,
             1u << OK | 1u << REVERSED | 1u << UNPLUGGED | 1u << CLIPPED, 150, 0.8, 0);
}

static void says_undecided_when_it_cannot_know(void **state)
{
    (void)state;
    struct trial trial = { .question = { .load_switched = true, .three_phase = true } };
    struct world world = random_world(&trial, OK);
    world.phase[0].loads = 0;
    add_test_load(&world, &trial);
    assert_int_equal(run(&world, &trial).reason, WIRING_NOT_RESISTIVE);

    trial.question.load_resistive = true;
    world.phase[0].load[0].current = 4.0;
    trial.question.load_w = 920.0;
    assert_int_equal(run(&world, &trial).verdict, WIRING_OK);

    trial.question.load_w = 5000.0;
    assert_int_equal(run(&world, &trial).reason, WIRING_LOAD_NOT_SEEN);
    trial.question.load_w = 60.0;
    assert_int_equal(run(&world, &trial).reason, WIRING_LOAD_TOO_SMALL);
    trial.question.load_w = 920.0;
    world.phase[0].load[world.phase[0].loads++] =
        (struct load){ .current = 3.0, .inrush = 1.0, .on_from_s = -1.0, .on_until_s = 40.0 };
    assert_int_equal(run(&world, &trial).reason, WIRING_ANOTHER_LOAD);

    world.fault = REVERSED;
    world.phase[0].loads = 1;
    trial.question.shared_neutral = true;
    assert_int_equal(run(&world, &trial).reason, WIRING_REVERSED_OR_NEUTRAL);
}

static void notices_export_that_was_not_declared(void **state)
{
    (void)state;
    struct trial trial = { .question = { .load_w = 920.0, .load_resistive = true } };
    struct world world = { .fault = OK, .noise_a = 0.03 };
    world.phase[0] = (struct phase){
        .solar_a = 7.0, .cloud_from_s = 5.0, .cloud_s = 5.0, .cloud_to = 0.1, .loads = 1
    };
    world.phase[0].load[0] = (struct load){ .current = 4.0, .inrush = 1.0, .on_until_s = 1e9 };
    const struct wiring_finding finding = run(&world, &trial);
    assert_int_equal(finding.verdict, WIRING_UNDECIDED);
}

static void tells_that_a_sensor_in_order_is_exporting(void **state)
{
    (void)state;
    struct trial trial = { .question = { .load_w = 920.0,
                                         .load_resistive = true,
                                         .load_switched = true,
                                         .may_export = true } };
    struct world world = { .fault = OK, .noise_a = 0.03 };
    world.phase[0] = (struct phase){ .solar_a = 12.0, .loads = 1 };
    world.phase[0].load[0] =
        (struct load){ .current = 4.0, .inrush = 1.0, .on_from_s = 15.0, .on_until_s = 1e9 };
    const struct wiring_finding finding = run(&world, &trial);
    assert_int_equal(finding.verdict, WIRING_OK);
    assert_true(finding.exporting);
}

static void refuses_windows_that_say_nothing(void **state)
{
    (void)state;
    static struct wiring_doctor doctor;
    const struct wiring_question question = { .load_w = 1000.0, .load_switched = true };
    memset(&doctor, 0, sizeof doctor);
    assert_int_equal(wiring_doctor_conclude(&doctor, &question, NULL, 0).reason, WIRING_TOO_SHORT);
    const struct raw_channel dark = { .current_a = 1.0, .whole = true };
    for (unsigned i = 0; i < WINDOWS; i++) {
        wiring_doctor_observe(&doctor, &dark);
    }
    assert_int_equal(wiring_doctor_conclude(&doctor, &question, NULL, 0).reason,
                     WIRING_NO_REFERENCE);
    memset(&doctor, 0, sizeof doctor);
    const double odd[] = {
        (double)NAN, (double)INFINITY, -(double)INFINITY, 1e300, 1e9, 0.0, -1e9
    };
    for (unsigned i = 0; i < 7 * WINDOWS; i++) {
        const struct raw_channel window = { .frequency_hz = 50.0,
                                            .voltage1_v = odd[i % 5],
                                            .current_a = odd[i / 5 % 7],
                                            .in_phase_a = odd[i / 7 % 7],
                                            .quadrature_a = odd[i / 11 % 7],
                                            .whole = true };
        wiring_doctor_observe(&doctor, &window);
    }
    const struct wiring_finding finding = wiring_doctor_conclude(&doctor, &question, NULL, 0);
    assert_non_null(wiring_finding_advice(&finding));
    assert_non_null(wiring_verdict_name(finding.verdict));
    assert_non_null(wiring_reason_name(finding.reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_fault_when_a_heater_is_switched_on),
        cmocka_unit_test(does_not_mistake_solar_export_for_a_reversed_sensor),
        cmocka_unit_test(finds_faults_of_a_single_phase_with_any_load),
        cmocka_unit_test(says_undecided_when_it_cannot_know),
        cmocka_unit_test(notices_export_that_was_not_declared),
        cmocka_unit_test(tells_that_a_sensor_in_order_is_exporting),
        cmocka_unit_test(refuses_windows_that_say_nothing),
    };
    return cmocka_run_group_tests_name("wiring_doctor", tests, NULL, NULL);
}
