// SPDX-License-Identifier: MIT
#include "plans.h"

enum { RANDOM_CASES = 24, KHZ = 1000000 };

static const uint32_t DEGREE = 11930465; // 2^32 / 360

static struct guest_case one_voltage(uint32_t mains_mhz, uint32_t rate_mhz, int32_t full,
                                     int32_t offset, unsigned currents)
{
    struct guest_case made = {
        .plan = { .rate_mhz = rate_mhz,
                  .frames = rate_mhz * UINT64_C(2) / 1000,
                  .mains_mhz = mains_mhz,
                  .block_frames = 100,
                  .input_count = currents + 1,
                  .code_min = offset - full,
                  .code_max = offset + full - 1,
                  .seed = mains_mhz + rate_mhz },
        .wiring = wiring_of_one_voltage(currents, 400.0 / full, 50.0 / full),
    };
    const uint32_t peak = (uint32_t)full / 100 * 81;
    made.plan.input[0] = (struct code_input){
        .offset = offset + full / 97,
        .noise = 1,
        .tone = { { .order = 1, .amplitude = peak }, { .order = 5, .amplitude = peak / 40 } },
    };
    for (unsigned n = 1; n <= currents; n++) {
        made.plan.input[n] = (struct code_input){
            .offset = offset - full / (int32_t)(50 + n),
            .noise = n % 4,
            .tone = { { .order = 1, .amplitude = peak / (n * n), .angle = n * 23 * DEGREE },
                      { .order = 3, .amplitude = peak / (4 * n * n), .angle = n * 51 * DEGREE },
                      { .order = 7, .amplitude = peak / (9 * n * n), .angle = n * 9 * DEGREE } },
        };
    }
    return made;
}

/// A house on eight channels, 12-bit codes: a converter like the ESP32's.
static bool house(unsigned index, struct guest_case *out)
{
    *out = one_voltage(index == 0 ? 50013 : 59981, 10 * KHZ, 2048, 2048, 8);
    out->plan.input[5].half_wave = true;
    out->plan.input[6].every_second_cycle = true;
    out->plan.input[7].noise = 0;
    out->plan.input[8].tone[0].angle += 180 * DEGREE;
    return index < 2;
}

/// Three phases with a converter of 24 bits, currents down to thousandths of the range.
static bool laboratory(unsigned index, struct guest_case *out)
{
    *out = one_voltage(49870, 8 * KHZ, 1 << 23, 0, 7);
    struct code_plan *plan = &out->plan;
    for (unsigned phase = 0; phase < 3; phase++) {
        plan->input[phase] = plan->input[0];
        plan->input[phase].offset = -4000 * (int32_t)phase;
        plan->input[phase].tone[0].angle = phase * 120 * DEGREE;
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const bool used = n < 5;
        out->wiring.channel[n].voltage_input = used ? (uint8_t)(n % 3) : WIRING_NO_INPUT;
        out->wiring.channel[n].current_input = used ? (uint8_t)(n + 3) : WIRING_NO_INPUT;
        plan->input[n % 5 + 3].noise = 90;
    }
    for (unsigned phase = 0; phase < 3; phase++) {
        out->wiring.unit_per_code[phase] = 400.0 / (1 << 23);
    }
    plan->change[0] = (struct code_change){ 6000, CODE_CHANGE_LEVEL, 5, 1 + index };
    return index < 2;
}

/// Codes of 16 bits with everything that happens to a mains and to a converter.
static bool disturbances(unsigned index, struct guest_case *out)
{
    *out = one_voltage(50000, 6400000, 1 << 15, 0, 4);
    struct code_change *change = out->plan.change;
    out->plan.frames = 25600;
    switch (index) {
    case 0: // Dip, swell, interruption.
        change[0] = (struct code_change){ 5000, CODE_CHANGE_LEVEL, 0, 700 };
        change[1] = (struct code_change){ 5500, CODE_CHANGE_LEVEL, 0, 1000 };
        change[2] = (struct code_change){ 9000, CODE_CHANGE_LEVEL, 0, 1150 };
        change[3] = (struct code_change){ 9700, CODE_CHANGE_LEVEL, 0, 1000 };
        change[4] = (struct code_change){ 14000, CODE_CHANGE_LEVEL, 0, 0 };
        change[5] = (struct code_change){ 20000, CODE_CHANGE_LEVEL, 0, 1000 };
        return true;
    case 1: // What a converter does.
        change[0] = (struct code_change){ 4000, CODE_CHANGE_LOSE, 0, 17 };
        change[1] = (struct code_change){ 8000, CODE_CHANGE_SWAP, 0, 0 };
        change[2] = (struct code_change){ 12000, CODE_CHANGE_LOSE, 0, 0 };
        change[3] = (struct code_change){ 16000, CODE_CHANGE_LOSE, 0, 2000 };
        return true;
    case 2: // What a generator does.
        change[0] = (struct code_change){ 4000, CODE_CHANGE_PHASE, 0, 70 * DEGREE };
        change[1] = (struct code_change){ 8000, CODE_CHANGE_FREQUENCY, 0, 47000 };
        change[2] = (struct code_change){ 12000, CODE_CHANGE_FREQUENCY, 0, 48111 };
        change[3] = (struct code_change){ 16000, CODE_CHANGE_FREQUENCY, 0, 64999 };
        change[4] = (struct code_change){ 21000, CODE_CHANGE_FREQUENCY, 0, 30000 };
        return true;
    default:
        return false;
    }
}

/// Clipped, silent and wildly set inputs.
static bool nonsense(unsigned index, struct guest_case *out)
{
    *out = one_voltage(52345, 3 * KHZ, 2048, 0, 3);
    switch (index) {
    case 0: // Everything beyond the rails.
        for (unsigned n = 0; n < 4; n++) {
            out->plan.input[n].tone[0].amplitude = 40000;
        }
        return true;
    case 1: // No mains at all.
        for (unsigned n = 0; n < 4; n++) {
            out->plan.input[n].tone[0].amplitude = n;
        }
        return true;
    case 2: // Scales of another world.
        out->wiring.unit_per_code[0] = -1e3;
        out->wiring.unit_per_code[1] = 1e-7;
        out->wiring.unit_per_code[2] = 9e8;
        return true;
    case 3: // The slowest converter, the largest codes.
        *out = one_voltage(40000, KHZ, 1 << 23, 0, 2);
        out->plan.input[0].offset = 8000000;
        out->plan.input[1].offset = -8000000;
        out->plan.input[2].offset = -8388608;
        return true;
    default:
        return false;
    }
}

static uint32_t draw(uint32_t *state, uint32_t low, uint32_t high)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return low + (uint32_t)(((uint64_t)*state * (high - low + 1u)) >> 32);
}

/// Drawn at random, from a generator of integers.
static bool random_case(unsigned index, struct guest_case *out)
{
    uint32_t state = 977 * index + 5;
    const uint32_t bits = draw(&state, 10, 24);
    const int32_t full = INT32_C(1) << (bits - 1);
    const uint32_t rate_mhz = draw(&state, 1500, 16000) * 1000;
    const uint32_t mains_mhz = draw(&state, 42000, 69000);
    const unsigned currents = draw(&state, 1, 8);
    const int32_t offset = draw(&state, 0, 1) != 0 ? full : 0;
    *out = one_voltage(mains_mhz, rate_mhz, full, offset, currents);
    struct code_plan *plan = &out->plan;
    plan->frames = rate_mhz / 1500;
    plan->block_frames = draw(&state, 1, ADC_FRAME_LIMIT);
    plan->start_angle = draw(&state, 0, UINT32_MAX - 1);
    for (unsigned n = 0; n <= currents; n++) {
        plan->input[n].noise = draw(&state, 0, (uint32_t)full / 500);
        plan->input[n].half_wave = n > 0 && draw(&state, 0, 7) == 0;
        plan->input[n].tone[0].amplitude = draw(&state, 0, (uint32_t)full);
    }
    uint32_t frame = 0;
    const uint32_t changes = draw(&state, 0, 5);
    for (unsigned n = 0; n < changes; n++) {
        frame += draw(&state, 0, (uint32_t)plan->frames / 2);
        const uint32_t kind = draw(&state, CODE_CHANGE_LEVEL, CODE_CHANGE_SWAP);
        const uint32_t input = draw(&state, 0, 8);
        const uint32_t value = kind == CODE_CHANGE_FREQUENCY ? draw(&state, 42000, 69000)
                               : kind == CODE_CHANGE_PHASE   ? draw(&state, 0, 360) * DEGREE
                                                             : draw(&state, 0, 1500);
        plan->change[n] = (struct code_change){ frame, (enum code_change_kind)kind, input, value };
    }
    return index < RANDOM_CASES;
}

const char *guest_set_name(unsigned set)
{
    static const char *const name[GUEST_SET_COUNT] = { "house", "laboratory", "disturbances",
                                                       "nonsense", "random" };
    return name[set % GUEST_SET_COUNT];
}

bool guest_set_case(unsigned set, unsigned index, struct guest_case *out)
{
    static bool (*const maker[GUEST_SET_COUNT])(
        unsigned, struct guest_case *) = { house, laboratory, disturbances, nonsense, random_case };
    return maker[set % GUEST_SET_COUNT](index, out);
}
