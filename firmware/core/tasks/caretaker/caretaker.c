// SPDX-License-Identifier: MIT
#include "caretaker.h"

#include "provisioning_facts.h"
#include "restart_note.h"

static void tell(const struct caretaker *caretaker, enum caretaker_notice notice, const char *text,
                 uint32_t count)
{
    caretaker->parts.notice(caretaker->parts.ctx, notice, text, count);
}

/// The credentials that have worked, and those that nobody has tried yet.
static enum status forget_wifi(const struct caretaker *caretaker)
{
    struct provisioning_facts facts;

    enum status status = provisioning_facts_load(&facts, caretaker->parts.values);
    if (status != STATUS_IO) {
        status = provisioning_facts_forget_network(&facts);
    }
    provisioning_facts_wipe(&facts);
    return status;
}

static bool is_resetting(const struct caretaker *caretaker)
{
    struct provisioning_facts facts;

    if (caretaker->parts.keystore == NULL) {
        return false;
    }
    const enum status status = provisioning_facts_load(&facts, caretaker->parts.values);
    provisioning_facts_wipe(&facts);
    return status != STATUS_IO && facts.is_resetting;
}

/// Damaged facts are no reason to keep them.
static enum status begin_reset(const struct caretaker *caretaker)
{
    struct provisioning_facts facts;

    enum status status = provisioning_facts_load(&facts, caretaker->parts.values);
    if (status != STATUS_IO) {
        status = provisioning_facts_begin_reset(&facts);
    }
    provisioning_facts_wipe(&facts);
    return status;
}

static enum status finish_reset(const struct caretaker *caretaker)
{
    struct provisioning_facts facts;

    enum status status = provisioning_facts_load(&facts, caretaker->parts.values);
    if (status != STATUS_IO) {
        status = provisioning_facts_finish_reset(&facts, caretaker->parts.keystore);
    }
    provisioning_facts_wipe(&facts);
    return status;
}

static enum status reset_to_factory(struct caretaker *caretaker)
{
    const struct caretaker_parts *parts = &caretaker->parts;
    const bool is_set_up = parts->keystore != NULL;
    enum status status = is_set_up ? begin_reset(caretaker) : STATUS_OK;

    if (status == STATUS_OK) {
        parts->journal_lock->acquire(parts->journal_lock->ctx);
        status = journal_format(parts->journal);
        parts->journal_lock->release(parts->journal_lock->ctx);
    }
    if (status == STATUS_OK) {
        status = is_set_up ? finish_reset(caretaker) : parts->values->erase_all(parts->values->ctx);
    }
    relay_store_init(&caretaker->relays, parts->values);
    return status == STATUS_OK ? relay_store_keep(&caretaker->relays, 0) : status;
}

/// Before the relays: a case that was opened keeps them open.
static void restore_case(struct caretaker *caretaker)
{
    struct tamper_record record;

    if (caretaker->parts.settings->tamper_switch == 0) {
        return;
    }
    const enum status status = tamper_store_load(&caretaker->tamper, &record);
    if (status != STATUS_OK) {
        tell(caretaker, CARETAKER_CASE_UNREADABLE, status_name(status), record.count);
    } else if (record.latched) {
        tell(caretaker, CARETAKER_CASE_WAS_OPENED, "", record.count);
    }
    caretaker->case_told = record.latched;
    button_task_restore_tamper(caretaker->parts.button, record);
}

/// The states to restore, or 0 with what storage said.
static enum status load_relays(struct caretaker *caretaker, uint8_t *mask)
{
    enum status status = relay_store_load(&caretaker->relays, mask);

    if (status == STATUS_CORRUPT) {
        tell(caretaker, CARETAKER_RELAYS_DAMAGED, "", 0);
    }
    status = status == STATUS_IO ? STATUS_IO : STATUS_OK;
    if (status == STATUS_OK &&
        restart_note_holds(caretaker->parts.retained, BUTTON_ACTION_RESTART)) {
        *mask = 0;
        status = relay_store_keep(&caretaker->relays, 0);
    }
    return status;
}

enum status caretaker_boot(struct caretaker *caretaker, const struct caretaker_parts *parts)
{
    enum status status = STATUS_OK;
    uint8_t mask = 0;

    *caretaker = (struct caretaker){ .parts = *parts };
    relay_store_init(&caretaker->relays, parts->values);
    tamper_store_init(&caretaker->tamper, parts->values);
    if (restart_note_holds(parts->retained, BUTTON_ACTION_FACTORY_RESET) ||
        is_resetting(caretaker)) {
        tell(caretaker, CARETAKER_RESETTING, "", 0);
        status = reset_to_factory(caretaker);
    }
    if (status == STATUS_OK && restart_note_holds(parts->retained, BUTTON_ACTION_WIFI_RESET)) {
        status = forget_wifi(caretaker);
    }
    if (restart_note_holds(parts->retained, BUTTON_ACTION_HOTSPOT)) {
        parts->open_window(parts->ctx);
    }
    if (status == STATUS_OK) {
        status = load_relays(caretaker, &mask);
    }
    if (parts->settings->restore_relays == 0) {
        mask = 0;
    }
    restore_case(caretaker);
    button_task_restore(parts->button, mask);
    if (status == STATUS_OK) {
        restart_note_clear(parts->retained);
    }
    return status;
}

static void carry_out(const struct caretaker *caretaker, enum button_action action)
{
    const struct caretaker_parts *parts = &caretaker->parts;
    enum status status = STATUS_OK;

    if (action == BUTTON_ACTION_NONE) {
        return;
    }
    tell(caretaker, CARETAKER_ACTION, button_action_name(action), 0);
    switch (action) {
    case BUTTON_ACTION_WIFI_RESET:
        status = forget_wifi(caretaker);
        parts->want_restart(parts->ctx);
        break;
    case BUTTON_ACTION_HOTSPOT:
        parts->open_window(parts->ctx);
        break;
    case BUTTON_ACTION_FACTORY_RESET:
        // Carried out by the next boot, when nothing else writes.
        restart_note_add(parts->retained, action);
        parts->want_restart(parts->ctx);
        break;
    case BUTTON_ACTION_RESTART:
        parts->want_restart(parts->ctx);
        break;
    case BUTTON_ACTION_NONE:
        break;
    }
    if (status != STATUS_OK) {
        tell(caretaker, CARETAKER_FAILED, status_name(status), 0);
    }
}

/// Keeps what the switch of the case says.
static void mind_case(struct caretaker *caretaker)
{
    const struct tamper_view view = button_task_tamper(caretaker->parts.button);

    if (!view.fitted || !view.known) {
        return;
    }
    if (tamper_store_keep(&caretaker->tamper, (struct tamper_record){ view.latched, view.count }) !=
        STATUS_OK) {
        tell(caretaker, CARETAKER_CASE_UNKEPT, "", view.count);
    }
    if (view.latched != caretaker->case_told) {
        caretaker->case_told = view.latched;
        tell(caretaker, view.latched ? CARETAKER_CASE_OPENED : CARETAKER_CASE_CLEARED, "",
             view.count);
    }
}

void caretaker_mind(struct caretaker *caretaker)
{
    const struct relay_state relays = button_task_relays(caretaker->parts.button);

    mind_case(caretaker);
    carry_out(caretaker, button_task_take_action(caretaker->parts.button));
    if (relays.keep_known && relay_store_keep(&caretaker->relays, relays.keep) != STATUS_OK) {
        tell(caretaker, CARETAKER_RELAYS_UNKEPT, "", 0);
    }
}

void caretaker_take_wish(const struct caretaker *caretaker, enum communication_wish wish)
{
    const struct caretaker_parts *parts = &caretaker->parts;

    switch (wish) {
    case COMMUNICATION_NO_WISH:
        break;
    case COMMUNICATION_RESTART:
        parts->want_restart(parts->ctx);
        break;
    case COMMUNICATION_RESET_WIFI:
        // Storage belongs to another task; the next boot does it.
        restart_note_add(parts->retained, BUTTON_ACTION_WIFI_RESET);
        parts->want_restart(parts->ctx);
        break;
    }
}
