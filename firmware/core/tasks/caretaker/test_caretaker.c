// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "caretaker.h"
#include "flash_memory.h"
#include "provisioning_facts.h"
#include "record_store.h"
#include "restart_note.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 4, RELAYS = 0x05, NOTICES = 10 };

/// A device from its flash to its button, without a keystore.
struct device {
    struct flash_memory values_flash;
    struct flash_memory journal_flash;
    struct record_store records;
    struct key_value values;
    struct journal journal;
    struct lock lock;
    struct retained_memory retained;
    struct settings settings;
    struct button_task button;
    struct relay_bank_port relays;
    struct caretaker caretaker;
    uint8_t latched;
    uint64_t now_us;
    bool case_is_open;
    bool values_fail;
    unsigned windows;
    unsigned restarts;
    unsigned locks;
    unsigned notices[NOTICES];
};

static struct device device;

static enum status latch(void *ctx, uint8_t outputs)
{
    (void)ctx;
    device.latched = outputs;
    return STATUS_OK;
}

static void enable(void *ctx, bool on)
{
    (void)ctx;
    (void)on;
}

static bool read_button(void *ctx)
{
    (void)ctx;
    return true;
}

static bool read_case(void *ctx)
{
    (void)ctx;
    return device.case_is_open;
}

static void light(void *ctx, bool high)
{
    (void)ctx;
    (void)high;
}

static void restart_now(void *ctx)
{
    (void)ctx;
}

static void take_lock(void *ctx)
{
    (void)ctx;
    device.locks++;
}

static bool try_lock(void *ctx)
{
    (void)ctx;
    return true;
}

static void give_lock(void *ctx)
{
    (void)ctx;
    device.locks--;
}

static enum status fill(void *ctx, void *out, size_t size)
{
    static uint8_t chance;
    (void)ctx;
    memset(out, ++chance, size);
    return STATUS_OK;
}

static void open_window(void *ctx)
{
    (void)ctx;
    device.windows++;
}

static void want_restart(void *ctx)
{
    (void)ctx;
    device.restarts++;
}

static void notice(void *ctx, enum caretaker_notice kind, const char *text, uint32_t count)
{
    (void)ctx;
    (void)count;
    assert_non_null(text);
    device.notices[kind]++;
}

static enum status set_value(void *ctx, const char *key, const void *value, size_t size)
{
    const struct key_value values = record_store_key_value(&device.records);
    (void)ctx;
    return device.values_fail ? STATUS_IO : values.set(values.ctx, key, value, size);
}

static void step(unsigned ms)
{
    for (unsigned passed = 0; passed < ms; passed += BUTTON_TASK_TICK_MS) {
        device.now_us += BUTTON_TASK_TICK_MS * 1000;
        button_task_step(&device.button, device.now_us);
    }
}

static enum status boot(void)
{
    static const struct entropy entropy = { .fill = fill };
    const struct button_task_parts button = {
        .relays = &device.relays,
        .button = { .read = read_button },
        .led = { .write = light },
        .tamper = { .read = device.settings.tamper_switch != 0 ? read_case : NULL },
        .restart = { .now = restart_now },
        .retained = &device.retained,
        .dwell_ms = 100,
    };
    const struct caretaker_parts parts = {
        .settings = &device.settings,
        .button = &device.button,
        .retained = &device.retained,
        .values = &device.values,
        .journal = &device.journal,
        .journal_lock = &device.lock,
        .open_window = open_window,
        .want_restart = want_restart,
        .notice = notice,
    };
    device.relays = (struct relay_bank_port){ .latch = latch, .enable = enable };
    device.lock = (struct lock){ take_lock, try_lock, give_lock, NULL };
    assert_int_equal(record_store_open(&device.records, &device.values_flash.region), STATUS_OK);
    device.values = record_store_key_value(&device.records);
    device.values.set = set_value;
    const enum status opened =
        journal_open(&device.journal, &device.journal_flash.region, &entropy);
    assert_true(opened == STATUS_OK || opened == STATUS_CORRUPT);
    button_task_init(&device.button, &button, device.now_us);
    const enum status status = caretaker_boot(&device.caretaker, &parts);
    step(1000);
    return status;
}

static int fresh(void **state)
{
    (void)state;
    memset(&device, 0, sizeof device);
    flash_memory_init(&device.values_flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER,
                      1);
    flash_memory_init(&device.journal_flash, SECTOR_SIZE, SECTOR_COUNT, FLASH_MEMORY_CUT_IN_ORDER,
                      2);
    settings_init(&device.settings);
    return 0;
}

static void keep_relays(uint8_t mask)
{
    struct relay_store store;
    relay_store_init(&store, &device.values);
    assert_int_equal(relay_store_keep(&store, mask), STATUS_OK);
}

static void relays_are_as_before_after_a_power_cut(void **state)
{
    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.latched, 0);
    keep_relays(RELAYS);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.latched, RELAYS);
    device.settings.restore_relays = 0;
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.latched, 0);
}

static void a_restart_by_hand_leaves_every_relay_open_for_good(void **state)
{
    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    keep_relays(RELAYS);
    restart_note_add(&device.retained, BUTTON_ACTION_RESTART);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.latched, 0);
    assert_false(restart_note_holds(&device.retained, BUTTON_ACTION_RESTART));
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.latched, 0);
}

static void a_factory_reset_forgets_values_and_journal_and_then_its_note(void **state)
{
    uint8_t value[4];
    uint8_t id[JOURNAL_ID_SIZE];
    size_t size = 0;

    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.values.set(device.values.ctx, "wifi", "abc", 3), STATUS_OK);
    keep_relays(RELAYS);
    memcpy(id, journal_id(&device.journal), sizeof id);
    restart_note_add(&device.retained, BUTTON_ACTION_FACTORY_RESET);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.notices[CARETAKER_RESETTING], 1);
    assert_memory_not_equal(journal_id(&device.journal), id, sizeof id);
    assert_int_equal(device.values.get(device.values.ctx, "wifi", value, sizeof value, &size),
                     STATUS_MISSING);
    assert_int_equal(device.latched, 0);
    assert_int_equal(device.locks, 0);
    assert_false(restart_note_holds(&device.retained, BUTTON_ACTION_FACTORY_RESET));
}

static void forgetting_the_network_leaves_neither_what_worked_nor_what_was_typed_last(void **state)
{
    const struct provisioning_submission first = { .wifi.ssid = "home",
                                                   .wifi.ssid_size = 4,
                                                   .wifi.password = "right" };
    const struct provisioning_submission second = {
        .wifi.ssid = "home", .wifi.ssid_size = 4, .wifi.password = "mistyped", .token = "token"
    };
    struct provisioning_facts facts;

    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(provisioning_facts_load(&facts, &device.values), STATUS_OK);
    assert_int_equal(provisioning_facts_submit(&facts, &first), STATUS_OK);
    assert_int_equal(provisioning_facts_prove(&facts), STATUS_OK);
    assert_int_equal(provisioning_facts_submit(&facts, &second), STATUS_OK);
    restart_note_add(&device.retained, BUTTON_ACTION_WIFI_RESET);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(provisioning_facts_load(&facts, &device.values), STATUS_OK);
    assert_false(facts.has_network);
    assert_false(facts.has_trial);
    assert_string_equal(facts.submission.token, "");
    assert_false(restart_note_holds(&device.retained, BUTTON_ACTION_WIFI_RESET));
}

static void a_reset_that_storage_refuses_is_tried_again_by_the_next_boot(void **state)
{
    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    restart_note_add(&device.retained, BUTTON_ACTION_WIFI_RESET);
    device.values_fail = true;
    assert_int_equal(boot(), STATUS_IO);
    assert_true(restart_note_holds(&device.retained, BUTTON_ACTION_WIFI_RESET));
    device.values_fail = false;
    assert_int_equal(boot(), STATUS_OK);
    assert_false(restart_note_holds(&device.retained, BUTTON_ACTION_WIFI_RESET));
}

static void a_note_for_the_hotspot_opens_the_window(void **state)
{
    (void)state;
    restart_note_add(&device.retained, BUTTON_ACTION_HOTSPOT);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.windows, 1);
}

static void an_opened_case_is_kept_over_a_power_cut_and_told_once(void **state)
{
    (void)state;
    device.settings.tamper_switch = 1;
    assert_int_equal(boot(), STATUS_OK);
    caretaker_mind(&device.caretaker);
    assert_int_equal(device.notices[CARETAKER_CASE_OPENED], 0);
    device.case_is_open = true;
    step(200);
    caretaker_mind(&device.caretaker);
    caretaker_mind(&device.caretaker);
    assert_int_equal(device.notices[CARETAKER_CASE_OPENED], 1);
    device.case_is_open = false;
    keep_relays(RELAYS);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.notices[CARETAKER_CASE_WAS_OPENED], 1);
    assert_int_equal(device.latched, 0);
}

static void wishes_of_commands_restart_and_the_boot_does_the_rest(void **state)
{
    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    caretaker_take_wish(&device.caretaker, COMMUNICATION_NO_WISH);
    assert_int_equal(device.restarts, 0);
    caretaker_take_wish(&device.caretaker, COMMUNICATION_RESTART);
    assert_int_equal(device.restarts, 1);
    caretaker_take_wish(&device.caretaker, COMMUNICATION_RESET_WIFI);
    assert_int_equal(device.restarts, 2);
    assert_true(restart_note_holds(&device.retained, BUTTON_ACTION_WIFI_RESET));
}

static void what_cannot_be_kept_is_told_and_tried_again(void **state)
{
    (void)state;
    assert_int_equal(boot(), STATUS_OK);
    keep_relays(RELAYS);
    assert_int_equal(boot(), STATUS_OK);
    keep_relays(0);
    relay_store_init(&device.caretaker.relays, &device.values);
    device.values_fail = true;
    caretaker_mind(&device.caretaker);
    caretaker_mind(&device.caretaker);
    assert_int_equal(device.notices[CARETAKER_RELAYS_UNKEPT], 2);
    device.values_fail = false;
    caretaker_mind(&device.caretaker);
    assert_int_equal(device.notices[CARETAKER_RELAYS_UNKEPT], 2);
    assert_int_equal(boot(), STATUS_OK);
    assert_int_equal(device.latched, RELAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(relays_are_as_before_after_a_power_cut, fresh),
        cmocka_unit_test_setup(a_restart_by_hand_leaves_every_relay_open_for_good, fresh),
        cmocka_unit_test_setup(a_factory_reset_forgets_values_and_journal_and_then_its_note, fresh),
        cmocka_unit_test_setup(
            forgetting_the_network_leaves_neither_what_worked_nor_what_was_typed_last, fresh),
        cmocka_unit_test_setup(a_reset_that_storage_refuses_is_tried_again_by_the_next_boot, fresh),
        cmocka_unit_test_setup(a_note_for_the_hotspot_opens_the_window, fresh),
        cmocka_unit_test_setup(an_opened_case_is_kept_over_a_power_cut_and_told_once, fresh),
        cmocka_unit_test_setup(wishes_of_commands_restart_and_the_boot_does_the_rest, fresh),
        cmocka_unit_test_setup(what_cannot_be_kept_is_told_and_tried_again, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
