// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "restart_note.h"

static const enum button_action ACTIONS[] = {
    BUTTON_ACTION_WIFI_RESET,
    BUTTON_ACTION_HOTSPOT,
    BUTTON_ACTION_FACTORY_RESET,
    BUTTON_ACTION_RESTART,
};
enum { ACTION_COUNT = sizeof ACTIONS / sizeof ACTIONS[0] };

static bool is_empty(const struct retained_memory *memory)
{
    for (unsigned i = 0; i < ACTION_COUNT; i++) {
        if (restart_note_holds(memory, ACTIONS[i])) {
            return false;
        }
    }
    return true;
}

static void holds_what_was_added_until_cleared(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ACTION_COUNT; i++) {
        struct retained_memory memory = { 0 };
        restart_note_add(&memory, ACTIONS[i]);
        for (unsigned other = 0; other < ACTION_COUNT; other++) {
            assert_int_equal(restart_note_holds(&memory, ACTIONS[other]), other == i);
        }
        restart_note_clear(&memory);
        assert_true(is_empty(&memory));
    }
}

static void a_second_wish_does_not_displace_the_first(void **state)
{
    (void)state;
    struct retained_memory memory = { 0 };
    restart_note_add(&memory, BUTTON_ACTION_FACTORY_RESET);
    restart_note_add(&memory, BUTTON_ACTION_RESTART);
    assert_true(restart_note_holds(&memory, BUTTON_ACTION_FACTORY_RESET));
    assert_true(restart_note_holds(&memory, BUTTON_ACTION_RESTART));
    assert_false(restart_note_holds(&memory, BUTTON_ACTION_WIFI_RESET));
}

static void nothing_is_never_asked_for(void **state)
{
    (void)state;
    struct retained_memory memory = { 0 };
    restart_note_add(&memory, BUTTON_ACTION_NONE);
    assert_false(restart_note_holds(&memory, BUTTON_ACTION_NONE));
    assert_true(is_empty(&memory));
}

static void random_content_reads_as_no_note(void **state)
{
    (void)state;
    uint32_t random = 2463534242u; // Xorshift; any seed but 0.
    for (unsigned round = 0; round < 100000; round++) {
        struct retained_memory memory;
        for (unsigned word = 0; word < RETAINED_MEMORY_WORDS; word++) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            memory.words[word] = random;
        }
        assert_true(is_empty(&memory));
    }
}

static void any_flipped_bit_voids_the_note(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 3 * 32; bit++) {
        struct retained_memory memory = { 0 };
        restart_note_add(&memory, BUTTON_ACTION_HOTSPOT);
        memory.words[bit / 32] ^= 1u << (bit % 32);
        assert_true(is_empty(&memory));
    }
}

/// Resets between every two word writes of an addition: what is found is old, nothing, or new.
static void a_reset_in_the_middle_leaves_old_none_or_new(void **state)
{
    (void)state;
    struct retained_memory old = { 0 };
    restart_note_add(&old, BUTTON_ACTION_HOTSPOT);
    struct retained_memory new = old;
    restart_note_add(&new, BUTTON_ACTION_RESTART);

    // Any subset of the words may have arrived.
    for (unsigned arrived = 0; arrived < 8; arrived++) {
        for (unsigned cleared = 0; cleared < 2; cleared++) {
            struct retained_memory memory = old;
            memory.words[0] = cleared != 0 ? 0 : old.words[0];
            for (unsigned word = 0; word < 3; word++) {
                if (((arrived >> word) & 1u) != 0) {
                    memory.words[word] = new.words[word];
                }
            }
            const bool hotspot = restart_note_holds(&memory, BUTTON_ACTION_HOTSPOT);
            assert_false(restart_note_holds(&memory, BUTTON_ACTION_FACTORY_RESET));
            assert_false(restart_note_holds(&memory, BUTTON_ACTION_WIFI_RESET));
            assert_true(hotspot || is_empty(&memory));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_was_added_until_cleared),
        cmocka_unit_test(a_second_wish_does_not_displace_the_first),
        cmocka_unit_test(nothing_is_never_asked_for),
        cmocka_unit_test(random_content_reads_as_no_note),
        cmocka_unit_test(any_flipped_bit_voids_the_note),
        cmocka_unit_test(a_reset_in_the_middle_leaves_old_none_or_new),
    };
    return cmocka_run_group_tests_name("restart_note", tests, NULL, NULL);
}
