// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay_bank.h"

enum { DWELL_MS = 500, NEVER = -1, PATTERNS = 256 };

/// An output register made of variables. It powers up with random outputs, as the real one does.
struct fake_register {
    uint8_t latched;
    bool enabled;
    bool loaded;
    bool showed_garbage;    ///< Outputs were enabled before the first latch.
    bool live_during_latch; ///< Outputs were enabled while the last latch was tried.
    int latches_left;       ///< Until the bus dies, or NEVER.
};

struct fixture {
    struct fake_register reg;
    struct relay_bank_port port;
    struct relay_bank bank;
};

static enum status fake_latch(void *ctx, uint8_t outputs)
{
    struct fake_register *reg = ctx;
    reg->live_during_latch = reg->enabled;
    if (reg->latches_left == 0) {
        return STATUS_IO;
    }
    if (reg->latches_left > 0) {
        reg->latches_left--;
    }
    reg->latched = outputs;
    reg->loaded = true;
    return STATUS_OK;
}

static void fake_enable(void *ctx, bool on)
{
    struct fake_register *reg = ctx;
    reg->enabled = on;
    reg->showed_garbage |= on && !reg->loaded;
}

static uint8_t driven(const struct fake_register *reg)
{
    return reg->enabled ? reg->latched : 0;
}

static int power_up(void **state)
{
    static struct fixture f; // Rebuilt from nothing before every test.
    f = (struct fixture){ .reg = { .latched = 0xA5, .latches_left = NEVER } };
    f.port = (struct relay_bank_port){ .latch = fake_latch, .enable = fake_enable, .ctx = &f.reg };
    *state = &f;
    return relay_bank_init(&f.bank, &f.port, DWELL_MS, 0) == STATUS_OK ? 0 : -1;
}

static void starts_with_every_relay_open(void **state)
{
    struct fixture *f = *state;
    assert_true(f->reg.enabled);
    assert_false(f->reg.showed_garbage);
    assert_int_equal(driven(&f->reg), 0x00);
}

static void closes_one_relay_and_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_bank_set(&f->bank, 0, true, 500), STATUS_OK);
    assert_int_equal(relay_bank_set(&f->bank, 7, true, 500), STATUS_OK);
    assert_int_equal(relay_bank_set(&f->bank, 0, false, 1000), STATUS_OK);
    assert_int_equal(driven(&f->reg), 0x80);
    assert_true(relay_bank_is_closed(&f->bank, 7));
    assert_false(relay_bank_is_closed(&f->bank, 0));
}

static void refuses_to_chatter(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_bank_set(&f->bank, 3, true, 499), STATUS_BUSY);
    assert_int_equal(relay_bank_set(&f->bank, 3, true, 500), STATUS_OK);
    assert_int_equal(relay_bank_set(&f->bank, 3, true, 501), STATUS_OK);
    assert_int_equal(relay_bank_set(&f->bank, 3, false, 999), STATUS_BUSY);
    assert_int_equal(relay_bank_set(&f->bank, 4, true, 999), STATUS_OK);
    assert_int_equal(driven(&f->reg), 0x18);
}

static void rejects_a_relay_that_does_not_exist(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_bank_set(&f->bank, RELAY_BANK_COUNT, true, 500), STATUS_INVALID);
    assert_int_equal(relay_bank_set(&f->bank, 32, true, 500), STATUS_INVALID);
    assert_int_equal(relay_bank_set(&f->bank, UINT32_MAX, true, 500), STATUS_INVALID);
    assert_false(relay_bank_is_closed(&f->bank, RELAY_BANK_COUNT));
    assert_false(relay_bank_is_closed(&f->bank, 32)); // A careless shift would wrap to relay 0.
    assert_int_equal(driven(&f->reg), 0x00);
}

static void goes_from_every_pattern_to_every_other(void **state)
{
    struct fixture *f = *state;
    uint64_t now_ms = 0;
    for (unsigned from = 0; from < PATTERNS; from++) {
        for (unsigned to = 0; to < PATTERNS; to++) {
            now_ms += DWELL_MS;
            assert_int_equal(relay_bank_set_all(&f->bank, (uint8_t)from, now_ms), STATUS_OK);
            now_ms += DWELL_MS;
            assert_int_equal(relay_bank_set_all(&f->bank, (uint8_t)to, now_ms), STATUS_OK);
            assert_int_equal(driven(&f->reg), to);
            assert_int_equal(relay_bank_mask(&f->bank), to);
        }
    }
}

/// For every set of relays in their dwell time and every mask: it moves all it has to, or nothing.
static void a_mask_is_all_or_nothing_under_dwell(void **state)
{
    struct fixture *f = *state;
    uint64_t now_ms = 0;
    for (unsigned dwelling = 0; dwelling < PATTERNS; dwelling++) {
        for (unsigned mask = 0; mask < PATTERNS; mask++) {
            now_ms += DWELL_MS;
            assert_int_equal(relay_bank_set_all(&f->bank, 0, now_ms), STATUS_OK);
            now_ms += DWELL_MS;
            assert_int_equal(relay_bank_set_all(&f->bank, (uint8_t)dwelling, now_ms), STATUS_OK);
            const unsigned moving = dwelling ^ mask;
            const bool refused = (moving & dwelling) != 0;
            assert_int_equal(relay_bank_set_all(&f->bank, (uint8_t)mask, now_ms + DWELL_MS - 1),
                             refused ? STATUS_BUSY : STATUS_OK);
            assert_int_equal(driven(&f->reg), refused ? dwelling : mask);
            now_ms += DWELL_MS;
        }
    }
}

static void a_refused_mask_restarts_no_dwell(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_bank_set(&f->bank, 0, true, 1000), STATUS_OK);
    assert_int_equal(relay_bank_set_all(&f->bank, 0x02, 1400), STATUS_BUSY);
    assert_int_equal(relay_bank_set_all(&f->bank, 0x02, 1500), STATUS_OK);
    assert_int_equal(driven(&f->reg), 0x02);
}

static void opens_everything_in_dwell_time_and_restarts_every_dwell(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_bank_set_all(&f->bank, 0xFF, 500), STATUS_OK);
    assert_int_equal(relay_bank_open_all(&f->bank, 501), STATUS_OK);
    assert_int_equal(driven(&f->reg), 0x00);
    for (unsigned relay = 0; relay < RELAY_BANK_COUNT; relay++) {
        assert_int_equal(relay_bank_set(&f->bank, relay, true, 1000), STATUS_BUSY);
    }
    assert_int_equal(relay_bank_set_all(&f->bank, 0xFF, 1001), STATUS_OK);
}

static void opens_everything_when_the_bus_is_dead(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_bank_set(&f->bank, 2, true, 500), STATUS_OK);

    f->reg.latches_left = 0;
    assert_int_equal(relay_bank_open_all(&f->bank, 510), STATUS_IO);
    assert_true(relay_bank_is_tripped(&f->bank));
    assert_int_equal(driven(&f->reg), 0x00);
    assert_false(f->reg.live_during_latch);

    f->reg.latches_left = NEVER;
    assert_int_equal(relay_bank_set(&f->bank, 2, true, 2000), STATUS_IO);
    assert_int_equal(relay_bank_set_all(&f->bank, 0x04, 2000), STATUS_IO);
    assert_int_equal(relay_bank_open_all(&f->bank, 3000), STATUS_OK);
    assert_false(relay_bank_is_tripped(&f->bank));
    assert_int_equal(relay_bank_set(&f->bank, 2, true, 3500), STATUS_OK);
    assert_int_equal(driven(&f->reg), 0x04);
}

/// Kills the bus before every latch in turn; the report must match the coils at every step.
static void never_lies_about_a_coil(void **state)
{
    enum { STEPS = 16 };
    struct fixture *f = *state;
    for (int latches = 0; latches <= STEPS; latches++) {
        assert_int_equal(power_up(state), 0);
        f->reg.latches_left = latches;
        for (unsigned step = 0; step < STEPS; step++) {
            const uint64_t now_ms = UINT64_C(1000) * (step + 1u);
            enum status status = STATUS_OK;
            if (step % 5 == 4) {
                status = relay_bank_open_all(&f->bank, now_ms);
            } else if (step % 5 == 3) {
                status = relay_bank_set_all(&f->bank, (uint8_t)(0x35u * step), now_ms);
            } else {
                status = relay_bank_set(&f->bank, step % 3, step % 2 == 0, now_ms);
            }
            assert_true(status == STATUS_OK || status == STATUS_IO);
            assert_int_equal(relay_bank_mask(&f->bank), driven(&f->reg));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(starts_with_every_relay_open, power_up),
        cmocka_unit_test_setup(closes_one_relay_and_leaves_the_rest, power_up),
        cmocka_unit_test_setup(refuses_to_chatter, power_up),
        cmocka_unit_test_setup(rejects_a_relay_that_does_not_exist, power_up),
        cmocka_unit_test_setup(goes_from_every_pattern_to_every_other, power_up),
        cmocka_unit_test_setup(a_mask_is_all_or_nothing_under_dwell, power_up),
        cmocka_unit_test_setup(a_refused_mask_restarts_no_dwell, power_up),
        cmocka_unit_test_setup(opens_everything_in_dwell_time_and_restarts_every_dwell, power_up),
        cmocka_unit_test_setup(opens_everything_when_the_bus_is_dead, power_up),
        cmocka_unit_test_setup(never_lies_about_a_coil, power_up),
    };
    return cmocka_run_group_tests_name("relay_bank", tests, NULL, NULL);
}
