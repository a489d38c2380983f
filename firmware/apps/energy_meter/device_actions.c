// SPDX-License-Identifier: MIT
#include "device_actions.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PROVISIONING_US = 300 * 1000000, ///< How long the set-up portal stays open.
    ANSWER_WAIT_MS = 500,
    PRESS_LIMIT_MS = 60000,
    FAILED_RESTART = 86,
};

static void open_window(void *ctx)
{
    struct device *device = ctx;
    atomic_store(&device->provisioning.window_wanted, true);
    atomic_store(&device->provisioning_end_us,
                 device->clock.uptime_us(device->clock.ctx) + PROVISIONING_US);
}

static void want_restart(void *ctx)
{
    struct device *device = ctx;
    atomic_store(&device->wish, DEVICE_RESTART);
}

static void tell(void *ctx, enum caretaker_notice notice, const char *text, uint32_t count)
{
    struct device *device = ctx;
    const char *folder = device->options->data_dir;

    switch (notice) {
    case CARETAKER_RESETTING:
        host_log_say(&device->log, HOST_LOG_WARNING, "factory reset, as the button asked");
        break;
    case CARETAKER_RELAYS_DAMAGED:
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "the kept relay states are damaged; every relay stays open");
        break;
    case CARETAKER_RELAYS_UNKEPT:
        host_log_say_seldom(&device->log, &device->limits[LIMIT_RELAYS], HOST_LOG_ERROR,
                            "the relay states cannot be stored in %s; after a power cut the older "
                            "ones return",
                            folder);
        break;
    case CARETAKER_CASE_UNREADABLE:
        host_log_say(&device->log, HOST_LOG_ERROR,
                     "what was kept about the case is unreadable (%s); it counts as opened", text);
        break;
    case CARETAKER_CASE_WAS_OPENED:
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "the case was opened (%u times so far); relays stay open until that is "
                     "cleared",
                     count);
        break;
    case CARETAKER_CASE_OPENED:
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "the case was opened (%u times so far); every relay is open", count);
        break;
    case CARETAKER_CASE_CLEARED:
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "the opened case (%u times so far) was cleared", count);
        break;
    case CARETAKER_CASE_UNKEPT:
        host_log_say_seldom(&device->log, &device->limits[LIMIT_TAMPER], HOST_LOG_ERROR,
                            "what the switch of the case says cannot be stored in %s", folder);
        break;
    case CARETAKER_ACTION:
        host_log_say(&device->log, HOST_LOG_WARNING, "the button asks for %s", text);
        break;
    case CARETAKER_FAILED:
        host_log_say(&device->log, HOST_LOG_ERROR, "that failed: %s", text);
        break;
    }
}

enum status device_actions_boot(struct device *device)
{
    const bool is_set_up = device->provisioning.is_on;
    const struct caretaker_parts parts = {
        .settings = &device->settings,
        .button = &device->button,
        .retained = device->retained,
        .values = &device->storage.values,
        .journal = &device->storage.journal,
        .journal_lock = &device->journal_lock,
        .keystore = is_set_up ? device_provisioning_keystore(&device->provisioning) : NULL,
        .open_window = open_window,
        .want_restart = want_restart,
        .notice = tell,
        .ctx = device,
    };
    return caretaker_boot(&device->caretaker, &parts);
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
