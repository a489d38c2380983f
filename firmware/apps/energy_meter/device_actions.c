// SPDX-License-Identifier: MIT
#include "device_actions.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "restart_note.h"

enum {
    PROVISIONING_US = 300 * 1000000, ///< How long the set-up portal stays open.
    ANSWER_WAIT_MS = 500,
    PRESS_LIMIT_MS = 60000,
    FAILED_RESTART = 86,
};

/// Wi-Fi credentials live under this key; a host with a cable has none.
static const char WIFI_KEY[] = "wifi";

static enum status forget_wifi(struct device *device)
{
    const struct key_value *values = &device->storage.values;
    return values->set(values->ctx, WIFI_KEY, "", 0);
}

static enum status reset_to_factory(struct device *device)
{
    const struct key_value *values = &device->storage.values;
    enum status status = device->provisioning.is_on
                             ? device_provisioning_begin_reset(&device->provisioning)
                             : STATUS_OK;

    if (status == STATUS_OK) {
        device->journal_lock.acquire(device->journal_lock.ctx);
        status = journal_format(&device->storage.journal);
        device->journal_lock.release(device->journal_lock.ctx);
    }
    if (status == STATUS_OK) {
        status = device->provisioning.is_on ? device_provisioning_reset(&device->provisioning)
                                            : values->erase_all(values->ctx);
    }
    relay_store_init(&device->relay_store, values);
    return status == STATUS_OK ? relay_store_keep(&device->relay_store, 0) : status;
}

/// Before the relays: a case that was opened keeps them open.
static void restore_tamper(struct device *device)
{
    struct tamper_record record;
    const enum status status = tamper_store_load(&device->tamper_store, &record);

    if (device->settings.tamper_switch == 0) {
        return;
    }
    if (status != STATUS_OK) {
        host_log_say(&device->log, HOST_LOG_ERROR,
                     "what was kept about the case is unreadable (%s); it counts as opened",
                     status_name(status));
    } else if (record.latched) {
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "the case was opened (%u times so far); relays stay open until that is "
                     "cleared",
                     record.count);
    }
    device->tamper_told = record.latched;
    button_task_restore_tamper(&device->button, record);
}

enum status device_actions_boot(struct device *device)
{
    const struct retained_memory *retained = device->retained;
    enum status status = STATUS_OK;
    uint8_t mask = 0;

    if (restart_note_holds(retained, BUTTON_ACTION_FACTORY_RESET) ||
        device_provisioning_is_resetting(&device->provisioning)) {
        host_log_say(&device->log, HOST_LOG_WARNING, "factory reset, as the button asked");
        status = reset_to_factory(device);
    }
    if (status == STATUS_OK && restart_note_holds(retained, BUTTON_ACTION_WIFI_RESET)) {
        status = forget_wifi(device);
    }
    if (restart_note_holds(retained, BUTTON_ACTION_HOTSPOT)) {
        atomic_store(&device->provisioning.window_wanted, true);
        atomic_store(&device->provisioning_end_us, PROVISIONING_US);
    }
    if (status == STATUS_OK) {
        const enum status loaded = relay_store_load(&device->relay_store, &mask);
        if (loaded == STATUS_CORRUPT) {
            host_log_say(&device->log, HOST_LOG_WARNING,
                         "the kept relay states are damaged; every relay stays open");
        }
        status = loaded == STATUS_IO ? STATUS_IO : STATUS_OK;
    }
    if (status == STATUS_OK && restart_note_holds(retained, BUTTON_ACTION_RESTART)) {
        mask = 0;
        status = relay_store_keep(&device->relay_store, 0);
    }
    if (device->settings.restore_relays == 0) {
        mask = 0;
    }
    restore_tamper(device);
    button_task_restore(&device->button, mask);
    if (status == STATUS_OK) {
        restart_note_clear(device->retained);
    }
    return status;
}

static void ask_for(struct device *device, enum device_wish wish)
{
    atomic_store(&device->wish, wish);
}

static void carry_out(struct device *device, enum button_action action)
{
    enum status status = STATUS_OK;

    if (action == BUTTON_ACTION_NONE) {
        return;
    }
    host_log_say(&device->log, HOST_LOG_WARNING, "the button asks for %s",
                 button_action_name(action));
    switch (action) {
    case BUTTON_ACTION_WIFI_RESET:
        status = forget_wifi(device);
        ask_for(device, DEVICE_RESTART);
        break;
    case BUTTON_ACTION_HOTSPOT:
        atomic_store(&device->provisioning.window_wanted, true);
        atomic_store(&device->provisioning_end_us,
                     device->clock.uptime_us(device->clock.ctx) + PROVISIONING_US);
        break;
    case BUTTON_ACTION_FACTORY_RESET:
        // Carried out by the next boot, when nothing else writes.
        restart_note_add(device->retained, action);
        ask_for(device, DEVICE_RESTART);
        break;
    case BUTTON_ACTION_RESTART:
        ask_for(device, DEVICE_RESTART);
        break;
    case BUTTON_ACTION_NONE:
        break;
    }
    if (status != STATUS_OK) {
        host_log_say(&device->log, HOST_LOG_ERROR, "that failed: %s", status_name(status));
    }
}

/// Keeps what the switch of the case says.
static void mind_tamper(struct device *device)
{
    const struct tamper_view view = button_task_tamper(&device->button);

    if (!view.fitted || !view.known) {
        return;
    }
    if (tamper_store_keep(&device->tamper_store,
                          (struct tamper_record){ view.latched, view.count }) != STATUS_OK) {
        host_log_say_seldom(&device->log, &device->limits[LIMIT_TAMPER], HOST_LOG_ERROR,
                            "what the switch of the case says cannot be stored in %s",
                            device->options->data_dir);
    }
    if (view.latched != device->tamper_told) {
        device->tamper_told = view.latched;
        host_log_say(&device->log, HOST_LOG_WARNING,
                     view.latched ? "the case was opened (%u times so far); every relay is open"
                                  : "the opened case (%u times so far) was cleared",
                     view.count);
    }
}

void device_actions_mind(struct device *device)
{
    const struct relay_state relays = button_task_relays(&device->button);

    mind_tamper(device);
    carry_out(device, button_task_take_action(&device->button));
    if (relays.keep_known && relay_store_keep(&device->relay_store, relays.keep) != STATUS_OK) {
        host_log_say_seldom(&device->log, &device->limits[LIMIT_RELAYS], HOST_LOG_ERROR,
                            "the relay states cannot be stored in %s; after a power cut the older "
                            "ones return",
                            device->options->data_dir);
    }
}

void device_actions_take_wish(struct device *device, enum communication_wish wish)
{
    switch (wish) {
    case COMMUNICATION_NO_WISH:
        break;
    case COMMUNICATION_RESTART:
        ask_for(device, DEVICE_RESTART);
        break;
    case COMMUNICATION_RESET_WIFI:
        // Storage belongs to processing's thread; the next boot does it.
        restart_note_add(device->retained, BUTTON_ACTION_WIFI_RESET);
        ask_for(device, DEVICE_RESTART);
        break;
    }
}

void device_actions_restart(void *ctx)
{
    const struct device *device = ctx;
    const struct sched_param usual = { .sched_priority = 0 };
    sigset_t none;

    (void)sched_setscheduler(0, SCHED_OTHER, &usual);
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    (void)execv("/proc/self/exe", device->argv);
    _exit(FAILED_RESTART);
}

static void pause_ms(long ms)
{
    const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    (void)nanosleep(&wait, NULL);
}

/// Presses for `text` milliseconds of device time and answers afterwards.
static void press(struct device *device, const char *text, char *reply, size_t capacity)
{
    char *end = NULL;
    const long held_ms = strtol(text, &end, 10);

    if (end == text || *end != '\0' || held_ms <= 0 || held_ms > PRESS_LIMIT_MS) {
        (void)snprintf(reply, capacity, "error: press takes 1 to %d milliseconds", PRESS_LIMIT_MS);
        return;
    }
    simulated_button_press(&device->board);
    pause_ms(held_ms / (long)device->options->speed);
    simulated_button_release(&device->board);
    (void)snprintf(reply, capacity, "ok");
}

static void switch_relay(struct device *device, const char *text, char *reply, size_t capacity)
{
    struct relay_request request = { .operation = RELAY_SET };
    struct relay_result result;
    char state[4] = "";
    unsigned relay = 0;

    if (sscanf(text, "%3u %3s", &relay, state) != 2 || relay >= RELAY_BANK_COUNT ||
        (strcmp(state, "on") != 0 && strcmp(state, "off") != 0)) {
        (void)snprintf(reply, capacity, "error: relay takes 0 to 7 and on or off");
        return;
    }
    request.relay = (uint8_t)relay;
    request.closed = strcmp(state, "on") == 0;
    while (relay_mailbox_take_result(&device->control_mailbox, &result)) {
    }
    if (relay_mailbox_post(&device->control_mailbox, &request) != STATUS_OK) {
        (void)snprintf(reply, capacity, "error: busy");
        return;
    }
    for (int waited = 0; waited < ANSWER_WAIT_MS; waited++) {
        if (relay_mailbox_take_result(&device->control_mailbox, &result)) {
            (void)snprintf(reply, capacity, "%s mask=%u", status_name(result.status), result.mask);
            return;
        }
        pause_ms(1);
    }
    (void)snprintf(reply, capacity, "error: the button task does not answer");
}

static void tell_status(struct device *device, char *reply, size_t capacity)
{
    const struct relay_state relays = button_task_relays(&device->button);

    (void)snprintf(reply, capacity,
                   "mask=%u coils=%u tripped=%d uptime_ms=%" PRIu64 " boot_id=%" PRIu32
                   " sampled=%d processed=%d delivered=%d bad_messages=%u bad_acks=%u tampered=%d",
                   relays.mask, simulated_board_coils(&device->board), relays.tripped,
                   device->clock.uptime_us(device->clock.ctx) / 1000, device->storage.boot_id,
                   atomic_load(&device->sampled), atomic_load(&device->processed),
                   atomic_load(&device->delivered), atomic_load(&device->bad_messages),
                   atomic_load(&device->bad_acks), button_task_tamper(&device->button).latched);
}

void device_actions_answer(void *ctx, const char *line, char *reply, size_t capacity)
{
    struct device *device = ctx;

    (void)snprintf(reply, capacity, "ok");
    if (strncmp(line, "press ", 6) == 0) {
        press(device, line + 6, reply, capacity);
    } else if (strcmp(line, "press_down") == 0) {
        simulated_button_press(&device->board);
    } else if (strcmp(line, "press_up") == 0) {
        simulated_button_release(&device->board);
    } else if (strncmp(line, "relay ", 6) == 0) {
        switch_relay(device, line + 6, reply, capacity);
    } else if (strcmp(line, "cut_bus") == 0 || strcmp(line, "mend_bus") == 0) {
        simulated_board_cut_bus(&device->board, line[0] == 'c');
    } else if (strcmp(line, "open_case") == 0 || strcmp(line, "close_case") == 0) {
        simulated_board_open_case(&device->board, line[0] == 'o');
    } else if (strcmp(line, "status") == 0) {
        tell_status(device, reply, capacity);
    } else {
        (void)snprintf(reply, capacity,
                       "error: press MS, press_down, press_up, relay N on|off, cut_bus, mend_bus, "
                       "open_case, close_case or status");
    }
}
