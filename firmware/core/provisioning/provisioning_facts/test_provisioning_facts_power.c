// SPDX-License-Identifier: MIT

/// Pulls the plug at every byte of every change of a device's life: the facts are then those before
/// the change or those after it, or the device falls back to waiting for a person.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flash_memory.h"
#include "provisioning_facts.h"
#include "record_store.h"

enum { SECTOR_SIZE = 4096, SECTOR_COUNT = 2 };

/// Keys made of flags; the secret behind the pairing code is one of them.
struct fake_keys {
    bool has[KEYSTORE_SLOT_COUNT];
    bool has_possession;
    struct flash_memory *flash; ///< Dies with it.
};

static struct flash_memory flash;
static struct record_store store;
static struct key_value values;
static struct provisioning_facts facts;
static struct fake_keys keys;

static enum status erase_key(void *ctx, enum keystore_slot slot)
{
    struct fake_keys *fake = ctx;
    if (fake->flash->is_dead) {
        return STATUS_IO;
    }
    if (!fake->has[slot]) {
        return STATUS_MISSING;
    }
    fake->has[slot] = false;
    return STATUS_OK;
}

static const struct keystore keystore = { .erase = erase_key, .ctx = &keys };

static struct provisioning_submission make_submission(unsigned number)
{
    struct provisioning_submission submission = { .device_id = "meter-1" };
    submission.wifi.ssid_size =
        (uint8_t)snprintf((char *)submission.wifi.ssid, WIFI_SSID_LIMIT, "network %u", number);
    (void)snprintf(submission.wifi.password, sizeof submission.wifi.password, "password %u",
                   number);
    (void)snprintf(submission.token, sizeof submission.token, "token %u", number);
    return submission;
}

static enum status submit(unsigned number)
{
    const struct provisioning_submission submission = make_submission(number);
    return provisioning_facts_submit(&facts, &submission);
}

static enum status advance(bool certified, enum keystore_slot slot,
                           enum provisioning_next_stage next)
{
    struct provisioning_identity identity = {
        .device_id = "meter-1", .is_certified = certified, .slot = slot, .next = next
    };
    identity.validity.until_s = slot == KEYSTORE_IDENTITY_A ? 1000 : 2000;
    return provisioning_facts_set_identity(&facts, &identity);
}

static enum status reset(void)
{
    const enum status status = provisioning_facts_begin_reset(&facts);
    return status == STATUS_OK ? provisioning_facts_finish_reset(&facts, &keystore) : status;
}

/// The `step`-th change of a life that meets everything.
static enum status change(unsigned step)
{
    switch (step) {
    case 0:
        return submit(1);
    case 1: // The password was wrong.
        return provisioning_facts_drop_submission(&facts);
    case 2:
        return submit(2);
    case 3:
        return submit(3); // Another one, before the last was tried.
    case 4:
        return provisioning_facts_prove(&facts);
    case 5:
        keys.has[KEYSTORE_IDENTITY_A] = true;
        return advance(false, KEYSTORE_IDENTITY_B, PROVISIONING_NEXT_KEY);
    case 6:
        return advance(true, KEYSTORE_IDENTITY_A, PROVISIONING_NEXT_NONE);
    case 7:
        return provisioning_facts_drop_submission(&facts);
    case 8:
        return provisioning_facts_count_failure(&facts);
    case 9: // Another network, years later.
        return submit(4);
    case 10:
        return provisioning_facts_prove(&facts);
    case 11:
        return provisioning_facts_clear_failures(&facts);
    case 12:
        keys.has[KEYSTORE_IDENTITY_B] = true;
        return advance(true, KEYSTORE_IDENTITY_A, PROVISIONING_NEXT_KEY);
    case 13:
        return advance(true, KEYSTORE_IDENTITY_A, PROVISIONING_NEXT_CERTIFIED);
    case 14:
        return advance(true, KEYSTORE_IDENTITY_B, PROVISIONING_NEXT_NONE);
    case 15:
        return provisioning_facts_forget_network(&facts);
    case 16:
        return submit(5);
    case 17:
        return provisioning_facts_prove(&facts);
    case 18:
        return reset();
    default:
        return STATUS_MISSING;
    }
}

static bool same_text(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static bool same_wifi(const struct wifi_credentials *left, const struct wifi_credentials *right)
{
    return left->ssid_size == right->ssid_size &&
           memcmp(left->ssid, right->ssid, left->ssid_size) == 0 &&
           same_text(left->password, right->password);
}

static bool same_submission(const struct provisioning_facts *left,
                            const struct provisioning_facts *right)
{
    return left->has_trial == right->has_trial &&
           (!left->has_trial || same_wifi(&left->submission.wifi, &right->submission.wifi)) &&
           same_text(left->submission.token, right->submission.token) &&
           same_text(left->submission.device_id, right->submission.device_id);
}

static bool same_rest(const struct provisioning_facts *left, const struct provisioning_facts *right)
{
    const struct provisioning_identity *a = &left->identity;
    const struct provisioning_identity *b = &right->identity;
    return left->has_network == right->has_network &&
           (!left->has_network || same_wifi(&left->network, &right->network)) &&
           a->is_certified == b->is_certified && a->slot == b->slot && a->next == b->next &&
           a->validity.until_s == b->validity.until_s && same_text(a->device_id, b->device_id) &&
           left->failures == right->failures;
}

static void load(void)
{
    assert_int_equal(record_store_open(&store, &flash.region), STATUS_OK);
    values = record_store_key_value(&store);
    assert_int_equal(provisioning_facts_load(&facts, &values), STATUS_OK);
}

/// What a cut during `step` may leave besides the facts before and after it.
static bool is_half_way(unsigned step, const struct provisioning_facts *before,
                        const struct provisioning_facts *after)
{
    struct provisioning_facts half = *before;

    if (step == 3 || step == 16 || step == 9 || step == 0 || step == 2) {
        // What was given before has lost its token; nothing of the new is there.
        half.submission.token[0] = '\0';
        return same_submission(&facts, &half) && same_rest(&facts, before);
    }
    if (step == 4 || step == 10 || step == 17) {
        // Credentials that have worked are about to be tried again.
        return same_submission(&facts, before) && same_rest(&facts, after);
    }
    if (step == 15) {
        return same_submission(&facts, after) && same_rest(&facts, before);
    }
    return false;
}

/// Looks at what a boot finds, and finishes a reset as a boot would.
static void assert_resumes_or_falls_back(unsigned step, const struct provisioning_facts *before,
                                         const struct provisioning_facts *after)
{
    if (facts.is_resetting) {
        assert_int_equal(step, 18);
        assert_int_equal(provisioning_facts_finish_reset(&facts, &keystore), STATUS_OK);
    }
    const bool is_old = same_submission(&facts, before) && same_rest(&facts, before);
    const bool is_new = same_submission(&facts, after) && same_rest(&facts, after);
    if (!is_old && !is_new && !is_half_way(step, before, after)) {
        fail_msg("a power cut during change %u leaves a third state", step);
    }
    const enum provisioning_event outlook = provisioning_facts_outlook(&facts);
    assert_true(outlook == PROVISIONING_BARE || outlook == provisioning_facts_outlook(before) ||
                outlook == provisioning_facts_outlook(after));
    if (!facts.identity.is_certified && before->identity.is_certified) {
        // Identity, credentials and counters went together, keys too; the secret stayed.
        assert_false(facts.has_network || facts.has_trial || facts.failures > 0);
        assert_false(keys.has[KEYSTORE_IDENTITY_A] || keys.has[KEYSTORE_IDENTITY_B]);
        assert_int_equal(outlook, PROVISIONING_BARE);
    }
    assert_true(keys.has_possession);
}

static void sweep(enum flash_memory_cut cut)
{
    static struct flash_memory flash_before;
    struct record_store store_before;
    struct provisioning_facts before;
    struct provisioning_facts after;
    unsigned cuts = 0;

    flash_memory_init(&flash, SECTOR_SIZE, SECTOR_COUNT, cut, 7);
    keys = (struct fake_keys){ .has_possession = true, .flash = &flash };
    load();
    for (unsigned step = 0;; step++) {
        flash_memory_copy(&flash_before, &flash);
        store_before = store;
        before = facts;
        const struct fake_keys keys_before = keys;
        const enum status status = change(step);
        if (status == STATUS_MISSING) {
            break;
        }
        assert_int_equal(status, STATUS_OK);
        after = facts;
        const uint64_t steps = flash.steps - flash_before.steps;
        for (uint64_t alive = 0; alive < steps; alive++) {
            flash_memory_copy(&flash, &flash_before);
            store = store_before;
            facts = before;
            keys = keys_before;
            flash_memory_cut_after(&flash, alive);
            assert_int_not_equal(change(step), STATUS_OK);
            flash_memory_power_up(&flash);
            load();
            assert_resumes_or_falls_back(step, &before, &after);
            cuts++;
        }
        // Live on from the last cut: carry the change out as the next boot would.
        flash_memory_copy(&flash, &flash_before);
        store = store_before;
        facts = before;
        keys = keys_before;
        assert_int_equal(change(step), STATUS_OK);
    }
    assert_int_equal(flash.breaches, 0);
    assert_int_equal(provisioning_facts_outlook(&facts), PROVISIONING_BARE);
    print_message("%u power cuts\n", cuts);
}

static void a_cut_in_order_leaves_old_or_new(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_IN_ORDER);
}

static void a_cut_at_random_leaves_old_or_new(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_AT_RANDOM);
}

static void a_cut_of_a_disk_leaves_old_or_new(void **state)
{
    (void)state;
    sweep(FLASH_MEMORY_CUT_CACHE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_in_order_leaves_old_or_new),
        cmocka_unit_test(a_cut_at_random_leaves_old_or_new),
        cmocka_unit_test(a_cut_of_a_disk_leaves_old_or_new),
    };
    return cmocka_run_group_tests_name("provisioning_facts_power", tests, NULL, NULL);
}
