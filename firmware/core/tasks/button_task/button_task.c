// SPDX-License-Identifier: MIT
#include "button_task.h"

#include "restart_note.h"

enum {
    US_PER_MS = 1000,
    RETRY_US = BUTTON_TASK_RETRY_MS * US_PER_MS,
    PATIENCE_US = BUTTON_TASK_PATIENCE_MS * US_PER_MS,
};

// The word of the relays: mask in bits 0 to 7, states to keep in 8 to 15, then flags and a count,
// all in one store, so that a reader never sees half a change.
enum {
    KEEP_SHIFT = 8,
    KEEP_KNOWN_BIT = 16,
    TRIPPED_BIT = 17,
    CHANGES_SHIFT = 20,
    CHANGES_MASK = 0xFFF,
};

// The word of an action: its kind in the low bits, and a count that tells it from the one before.
enum { ACTION_BITS = 4, ACTION_MASK = 0xF, COUNT_MASK = 0xFFFFFFF };

// The word of the states to restore: a mark that it was written, and the mask.
enum { RESTORED_BIT = 8 };

// The word of the case: a count in the low bits, then flags. What was kept has the same form.
enum {
    TAMPER_FITTED_BIT = 24,
    TAMPER_KNOWN_BIT = 25,
    TAMPER_LATCHED_BIT = 26,
    TAMPER_OPEN_BIT = 27,
};

static uint32_t load(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static void store(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static void publish_relays(struct button_task *task)
{
    const uint8_t mask = relay_bank_mask(&task->bank);
    if (mask != (uint8_t)load(&task->relays)) {
        task->changes = (task->changes + 1) & CHANGES_MASK;
    }
    store(&task->relays, mask | (uint32_t)task->keep << KEEP_SHIFT |
                             (uint32_t)task->keep_known << KEEP_KNOWN_BIT |
                             (uint32_t)relay_bank_is_tripped(&task->bank) << TRIPPED_BIT |
                             task->changes << CHANGES_SHIFT);
}

static bool has_switch(const struct button_task *task)
{
    return task->parts.tamper.read != NULL;
}

static bool is_tampered(const struct button_task *task)
{
    return has_switch(task) && tamper_is_latched(&task->tamper);
}

static void publish_tamper(struct button_task *task)
{
    const struct tamper_record record = tamper_record(&task->tamper);
    store(&task->tamper_seen, record.count | (uint32_t)has_switch(task) << TAMPER_FITTED_BIT |
                                  (uint32_t)task->tamper.known << TAMPER_KNOWN_BIT |
                                  (uint32_t)record.latched << TAMPER_LATCHED_BIT |
                                  (uint32_t)task->tamper.open << TAMPER_OPEN_BIT);
}

static void keep(struct button_task *task, uint8_t mask)
{
    task->keep = mask;
    task->keep_known = true;
}

static enum status open_all(struct button_task *task, uint64_t now_us)
{
    const enum status status = relay_bank_open_all(&task->bank, now_us / US_PER_MS);
    if (status != STATUS_OK) {
        task->retry_us = now_us + RETRY_US;
    }
    return status;
}

/// Opens everything, for good: nothing is restored any more.
static enum status open_for_good(struct button_task *task, uint64_t now_us)
{
    task->restoring = false;
    keep(task, 0);
    return open_all(task, now_us);
}

void button_task_init(struct button_task *task, const struct button_task_parts *parts,
                      uint64_t now_us)
{
    *task = (struct button_task){ .parts = *parts };
    task->keep_open = restart_note_holds(parts->retained, BUTTON_ACTION_RESTART) ||
                      restart_note_holds(parts->retained, BUTTON_ACTION_FACTORY_RESET);

    // A register that does not answer leaves the bank tripped; the steps try again.
    if (relay_bank_init(&task->bank, parts->relays, parts->dwell_ms, now_us / US_PER_MS) !=
        STATUS_OK) {
        task->retry_us = now_us + RETRY_US;
    }
    button_init(&task->button);
    status_led_init(&task->led, now_us);
    tamper_init(&task->tamper);
    publish_relays(task);
    publish_tamper(task);
}

static void step_tamper(struct button_task *task, uint64_t now_us)
{
    const struct input_pin *pin = &task->parts.tamper;
    const uint32_t kept = load(&task->tamper_kept);

    if (!has_switch(task)) {
        return;
    }
    if ((kept >> TAMPER_KNOWN_BIT & 1u) != 0) {
        tamper_restore(&task->tamper,
                       (struct tamper_record){ .latched = (kept >> TAMPER_LATCHED_BIT & 1u) != 0,
                                               .count = kept & TAMPER_COUNT_LIMIT });
    }
    if (tamper_step(&task->tamper, pin->read(pin->ctx), now_us)) {
        (void)open_for_good(task, now_us);
    }
    publish_tamper(task);
}

/// What is left of a mask when relays that are not there are taken out.
static uint8_t fitted_of(const struct button_task *task, uint32_t mask)
{
    return (uint8_t)(mask & ~(uint32_t)task->parts.absent);
}

/// Whether a request is about a relay that is not there.
static bool asks_for_absent(const struct button_task *task, const struct relay_request *request)
{
    switch (request->operation) {
    case RELAY_SET:
    case RELAY_TOGGLE:
        return request->relay < RELAY_BANK_COUNT &&
               (task->parts.absent >> request->relay & 1u) != 0;
    case RELAY_SET_ALL:
        return (request->mask & task->parts.absent) != 0;
    case RELAY_ALL_ON:
    case RELAY_ALL_OFF:
    case RELAY_TAMPER_CLEAR:
        break;
    }
    return false;
}

static void step_restoring(struct button_task *task, uint64_t now_us)
{
    const uint32_t restored = load(&task->restored);
    const bool tamper_known = !has_switch(task) || task->tamper.known;
    if (!task->keep_known && (restored >> RESTORED_BIT) != 0 && tamper_known) {
        keep(task, task->keep_open || is_tampered(task) ? 0 : fitted_of(task, restored));
        task->restoring = true;
    }
    if (now_us < task->retry_us) {
        return;
    }
    if (relay_bank_is_tripped(&task->bank) && open_all(task, now_us) != STATUS_OK) {
        return;
    }
    if (task->restoring) {
        const enum status status = relay_bank_set_all(&task->bank, task->keep, now_us / US_PER_MS);
        task->restoring = status != STATUS_OK;
        if (status == STATUS_IO) {
            task->retry_us = now_us + RETRY_US;
        }
    }
}

static enum status switch_relays(struct button_task *task, const struct relay_request *request,
                                 uint64_t now_us)
{
    struct relay_bank *bank = &task->bank;
    const uint64_t now_ms = now_us / US_PER_MS;

    if (request->operation == RELAY_ALL_OFF) {
        return open_for_good(task, now_us);
    }
    if (request->operation == RELAY_TAMPER_CLEAR) {
        return has_switch(task) ? tamper_clear(&task->tamper, request->tamper_count)
                                : STATUS_MISSING;
    }
    if (asks_for_absent(task, request)) {
        return STATUS_INVALID;
    }
    if (is_tampered(task) || !task->keep_known || task->restoring) {
        return STATUS_BUSY;
    }
    switch (request->operation) {
    case RELAY_SET:
        return relay_bank_set(bank, request->relay, request->closed, now_ms);
    case RELAY_TOGGLE:
        return relay_bank_set(bank, request->relay, !relay_bank_is_closed(bank, request->relay),
                              now_ms);
    case RELAY_SET_ALL:
        return relay_bank_set_all(bank, request->mask, now_ms);
    case RELAY_ALL_ON:
        return relay_bank_set_all(bank, fitted_of(task, UINT8_MAX), now_ms);
    case RELAY_ALL_OFF:
    case RELAY_TAMPER_CLEAR:
        break;
    }
    return STATUS_INVALID;
}

static void serve(struct button_task *task, struct relay_mailbox *mailbox, uint64_t now_us)
{
    struct relay_request request;
    // Bounded, so that a poster who never stops cannot hold up the button.
    for (unsigned count = 0; count < RELAY_MAILBOX_CAPACITY; count++) {
        if (!relay_mailbox_next_request(mailbox, &request)) {
            return;
        }
        const enum status status = switch_relays(task, &request, now_us);
        const uint8_t mask = relay_bank_mask(&task->bank);
        if (status == STATUS_OK && request.operation != RELAY_TAMPER_CLEAR) {
            keep(task, mask);
        }
        // Whoever has the result must find the relays and the case as it says.
        publish_relays(task);
        publish_tamper(task);
        relay_mailbox_answer(mailbox, &(struct relay_result){ .id = request.id,
                                                              .source = request.source,
                                                              .status = status,
                                                              .mask = mask,
                                                              .tampered = is_tampered(task) });
    }
}

static void restart(struct button_task *task, enum button_action note)
{
    if (!task->restarted) {
        task->restarted = true;
        restart_note_add(task->parts.retained, note);
        task->parts.restart.now(task->parts.restart.ctx);
    }
}

static bool has_waiting_action(const struct button_task *task)
{
    return load(&task->offered) >> ACTION_BITS != load(&task->taken);
}

static void offer(struct button_task *task, enum button_action action, uint64_t now_us)
{
    // The newest wish replaces one that nobody took; whoever pressed again meant the second.
    const uint32_t count = ((load(&task->offered) >> ACTION_BITS) + 1) & COUNT_MASK;
    store(&task->offered, count << ACTION_BITS | (uint32_t)action);
    task->waiting = action;
    task->waiting_us = now_us;
}

static void step_button(struct button_task *task, uint64_t now_us)
{
    const struct input_pin *pin = &task->parts.button;
    const enum button_action action = button_step(&task->button, !pin->read(pin->ctx), now_us);

    switch (action) {
    case BUTTON_ACTION_RESTART:
        (void)open_for_good(task, now_us);
        restart(task, action);
        return;
    case BUTTON_ACTION_FACTORY_RESET:
        (void)open_for_good(task, now_us);
        offer(task, action, now_us);
        break;
    case BUTTON_ACTION_WIFI_RESET:
    case BUTTON_ACTION_HOTSPOT:
        offer(task, action, now_us);
        break;
    case BUTTON_ACTION_NONE:
        break;
    }
    if (task->waiting != BUTTON_ACTION_NONE && !has_waiting_action(task)) {
        task->waiting = BUTTON_ACTION_NONE;
    }
    if (task->waiting != BUTTON_ACTION_NONE && now_us - task->waiting_us >= PATIENCE_US) {
        restart(task, task->waiting);
    }
}

void button_task_step(struct button_task *task, uint64_t now_us)
{
    step_button(task, now_us);
    step_tamper(task, now_us);
    step_restoring(task, now_us);
    for (unsigned i = 0; i < BUTTON_TASK_MAILBOX_LIMIT; i++) {
        if (task->parts.mailboxes[i] != NULL) {
            serve(task, task->parts.mailboxes[i], now_us);
        }
    }
    publish_relays(task);

    status_led_show(&task->led, (enum status_led_pattern)load(&task->pattern), now_us);
    const struct output_pin *led = &task->parts.led;
    led->write(led->ctx, status_led_is_on(&task->led, now_us));
}

void button_task_restore(struct button_task *task, uint8_t mask)
{
    store(&task->restored, 1u << RESTORED_BIT | mask);
}

void button_task_restore_tamper(struct button_task *task, struct tamper_record kept)
{
    const uint32_t count = kept.count < TAMPER_COUNT_LIMIT ? kept.count : TAMPER_COUNT_LIMIT;
    store(&task->tamper_kept,
          count | 1u << TAMPER_KNOWN_BIT | (uint32_t)kept.latched << TAMPER_LATCHED_BIT);
}

struct tamper_view button_task_tamper(const struct button_task *task)
{
    const uint32_t word = load(&task->tamper_seen);
    return (struct tamper_view){
        .fitted = (word >> TAMPER_FITTED_BIT & 1u) != 0,
        .known = (word >> TAMPER_KNOWN_BIT & 1u) != 0,
        .latched = (word >> TAMPER_LATCHED_BIT & 1u) != 0,
        .open = (word >> TAMPER_OPEN_BIT & 1u) != 0,
        .count = word & TAMPER_COUNT_LIMIT,
    };
}

struct relay_state button_task_relays(const struct button_task *task)
{
    const uint32_t word = load(&task->relays);
    return (struct relay_state){
        .mask = (uint8_t)word,
        .keep = (uint8_t)(word >> KEEP_SHIFT),
        .keep_known = ((word >> KEEP_KNOWN_BIT) & 1u) != 0,
        .tripped = ((word >> TRIPPED_BIT) & 1u) != 0,
        .changes = word >> CHANGES_SHIFT,
    };
}

void button_task_show(struct button_task *task, enum status_led_pattern pattern)
{
    store(&task->pattern, (uint32_t)pattern);
}

enum button_action button_task_take_action(struct button_task *task)
{
    const uint32_t offered = load(&task->offered);
    if (offered >> ACTION_BITS == load(&task->taken)) {
        return BUTTON_ACTION_NONE;
    }
    store(&task->taken, offered >> ACTION_BITS);
    return (enum button_action)(offered & ACTION_MASK);
}
