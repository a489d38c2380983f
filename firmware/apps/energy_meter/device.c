// SPDX-License-Identifier: MIT
#include "device.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "device_actions.h"
#include "device_link.h"
#include "device_tasks.h"
#include "host_entropy.h"
#include "openssl_crypto.h"
#include "retained_file.h"
#include "tls_identity.h"
#include "version.h"

enum { LOOK_MS = 50, STOP_LIMIT_S = 15, PATH_SIZE = 512, NOMINAL_HZ = 50, CAPTURE_SLOTS = 4 };

// What the tasks ask of the device

/// Keeps what is no reading for good.
static enum status commit_record(void *ctx, const struct record *record)
{
    struct device *device = ctx;
    uint64_t seq = 0;

    device->journal_lock.acquire(device->journal_lock.ctx);
    const enum status status =
        journal_append(&device->storage.journal, device->storage.boot_id, record, &seq);
    device->journal_lock.release(device->journal_lock.ctx);
    if (status == STATUS_OK) {
        mosquitto_session_wake(device->session);
    }
    return status;
}

/// Keeps a reading for good, and writes down that it did.
static enum status commit(void *ctx, const struct reading *reading)
{
    struct device *device = ctx;
    const struct record record = { .kind = RECORD_KIND_READING, .reading = *reading };
    struct journal *journal = &device->storage.journal;
    uint64_t seq = 0;

    device->journal_lock.acquire(device->journal_lock.ctx);
    const uint64_t next_seq = journal_next_seq(journal);
    reading_trace_try(device->trace, next_seq, reading);
    const enum status status = journal_append(journal, device->storage.boot_id, &record, &seq);
    if (status == STATUS_OK) {
        reading_trace_kept(device->trace, seq);
    } else {
        reading_trace_lost(device->trace, next_seq);
    }
    device->journal_lock.release(device->journal_lock.ctx);
    if (status == STATUS_OK) {
        mosquitto_session_wake(device->session);
    }
    return status;
}

// Building the device

static int fail(struct device *device, const char *what, const char *why)
{
    host_log_say(&device->log, HOST_LOG_ERROR, "%s: %s", what, why);
    return EXIT_FAILURE;
}

/// Files on the tmpfs are named after the data folder, so that devices do not share them.
static void name_in_run_dir(const struct device *device, const char *suffix, char out[PATH_SIZE])
{
    struct stat folder = { .st_ino = 0 };
    (void)stat(device->options->data_dir, &folder);
    (void)snprintf(out, PATH_SIZE, "%s/ohm-device-%llx-%llx.%s", device->options->run_dir,
                   (unsigned long long)folder.st_dev, (unsigned long long)folder.st_ino, suffix);
}

/// The board and the task that must always work; nothing here waits for a disk or a network.
static int start_button(struct device *device)
{
    const struct options *options = device->options;
    char path[PATH_SIZE];
    uint32_t chance = 0;

    name_in_run_dir(device, "retained", path);
    if (retained_file_open(path, &device->retained) != STATUS_OK) {
        return fail(device, path, "run_dir must be a folder on a tmpfs that can be written to");
    }
    if (options->pin_trace[0] != '\0' &&
        pin_trace_open(options->pin_trace, &device->pins) != STATUS_OK) {
        return fail(device, options->pin_trace,
                    "pin_trace must be a file on a tmpfs that can be written to");
    }
    if (device->entropy.fill(device->entropy.ctx, &chance, sizeof chance) != STATUS_OK) {
        return fail(device, "random numbers", strerror(errno));
    }
    simulated_board_init(&device->board, device->pins, chance);
    const struct shift_register_pins pins = simulated_board_register(&device->board);
    shift_register_init(&device->chip, &pins);
    device->bank_port = shift_register_port(&device->chip);
    relay_mailbox_init(&device->fleet_mailbox);
    relay_mailbox_init(&device->control_mailbox);
    const struct button_task_parts parts = {
        .relays = &device->bank_port,
        .button = simulated_board_button(&device->board),
        .led = simulated_board_led(&device->board),
        .tamper = device->settings.tamper_switch != 0 ? simulated_board_case(&device->board)
                                                      : (struct input_pin){ .read = NULL },
        .restart = { .now = device_actions_restart, .ctx = device },
        .retained = device->retained,
        .mailboxes = { &device->fleet_mailbox, &device->control_mailbox },
        .dwell_ms = device->settings.dwell_ms,
        .absent = (uint8_t)(UINT8_MAX << device->settings.relays),
    };
    button_task_init(&device->button, &parts, device->clock.uptime_us(device->clock.ctx));
    return device_tasks_start(device, DEVICE_BUTTON) == STATUS_OK
               ? EXIT_SUCCESS
               : fail(device, "threads", strerror(errno));
}

static int open_control(struct device *device)
{
    const struct control_handler handler = { .answer = device_actions_answer, .ctx = device };
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/control.sock", device->options->data_dir);
    const enum status status = control_socket_open(path, &handler, &device->control);
    if (status == STATUS_INVALID) {
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "%s is too long for a socket; the button answers to signals only", path);
        return EXIT_SUCCESS;
    }
    return status == STATUS_OK ? EXIT_SUCCESS : fail(device, path, strerror(errno));
}

static int open_keys(struct device *device)
{
    const struct device_provisioning_parts parts = {
        .options = device->options,
        .crypto = &device->crypto,
        .clock = &device->clock,
        .entropy = &device->entropy,
        .values = &device->storage.values,
        .log = &device->log,
    };
    char fault[OPTIONS_FAULT_SIZE] = "";

    return device_provisioning_open_keys(&device->provisioning, &parts, fault) == STATUS_OK
               ? EXIT_SUCCESS
               : fail(device, "provisioning", fault);
}

/// Who reports on this device, or NULL where it has no keystore to sign with.
static const struct attester *open_attestation(struct device *device)
{
    const struct device_attestation_parts parts = {
        .provisioning = &device->provisioning,
        .button = &device->button,
        .crypto = &device->crypto,
        .clock = &device->clock,
        .entropy = &device->entropy,
        .version = OHM_VERSION,
        .boot_id = device->storage.boot_id,
    };
    if (!device->options->provisioning) {
        return NULL;
    }
    if (device_attestation_open(&device->attestation, &parts) != STATUS_OK) {
        host_log_say(&device->log, HOST_LOG_WARNING,
                     "this program cannot be measured, so the device reports nothing on itself");
        return NULL;
    }
    return &device->attestation.attester;
}

static int build_provisioning(struct device *device)
{
    char fault[OPTIONS_FAULT_SIZE] = "";

    device->attester = open_attestation(device);
    return device_provisioning_open(&device->provisioning, device->attester, fault) == STATUS_OK
               ? EXIT_SUCCESS
               : fail(device, "provisioning", fault);
}

static int open_storage(struct device *device)
{
    char fault[OPTIONS_FAULT_SIZE] = "";

    if (device_storage_open(&device->storage, device->options, &device->entropy, fault) !=
        STATUS_OK) {
        return fail(device, device->options->data_dir, fault);
    }
    return EXIT_SUCCESS;
}

/// Carries out what the last boot left, once keys and storage are there.
static int boot(struct device *device)
{
    char id[2 * JOURNAL_ID_SIZE + 1];

    if (device_actions_boot(device) != STATUS_OK) {
        return fail(device, device->options->data_dir, strerror(errno));
    }
    device_storage_name(&device->storage, id);
    host_log_say(&device->log, HOST_LOG_INFO, "boot %u, journal %s holds %llu records",
                 device->storage.boot_id, id,
                 (unsigned long long)(journal_next_seq(&device->storage.journal) -
                                      journal_oldest_seq(&device->storage.journal)));
    if (device->options->trace_file[0] != '\0' &&
        reading_trace_open(device->options->trace_file, id,
                           journal_next_seq(&device->storage.journal), device->storage.boot_id,
                           &device->trace) != STATUS_OK) {
        return fail(device, device->options->trace_file, strerror(errno));
    }
    return EXIT_SUCCESS;
}

static int build_metering(struct device *device)
{
    char fault[OPTIONS_FAULT_SIZE] = "";
    const char *why = "";
    struct reading latest;

    if (device_source_open(&device->source, device->options, &device->clock, fault) != STATUS_OK) {
        return fail(device, "samples", fault);
    }
    // Every input at once: a host has the memory.
    const size_t capture_size =
        metering_engine_capture_size(&device->source.adc, WAVEFORM_AT_ONCE, CAPTURE_SLOTS);
    device->capture = calloc(capture_size / sizeof *device->capture + 1, sizeof *device->capture);
    if (device->capture == NULL) {
        return fail(device, "harmonics", strerror(errno));
    }
    const bool has_latest = journal_latest_reading(&device->storage.journal, &latest) == STATUS_OK;
    device->readings = (struct reading_sink){ .commit = commit, .ctx = device };
    device->records = (struct record_sink){ .commit = commit_record, .ctx = device };
    const struct metering_engine_parts parts = {
        .settings = &device->settings,
        .adc = &device->source.adc,
        .wiring = &device->source.wiring,
        .clock = &device->clock,
        .values = &device->storage.values,
        .requests = &device->metering_requests,
        .readings = &device->readings,
        .records = &device->records,
        .latest = has_latest ? &latest : NULL,
        .nominal_hz = NOMINAL_HZ,
        .harmonics = WAVEFORM_AT_ONCE,
        .capture_slots = CAPTURE_SLOTS,
        .capture = device->capture,
        .capture_size = capture_size,
    };
    metering_mailbox_init(&device->metering_requests);
    if (metering_engine_open(&device->metering, &parts, &why) != STATUS_OK) {
        return fail(device, "metering", why);
    }
    if (device->metering.calibration_damaged) {
        host_log_say(&device->log, HOST_LOG_ERROR,
                     "the calibration in %s is damaged; what cannot be read counts as not "
                     "calibrated",
                     device->options->data_dir);
    }
    if (device->metering.linearity_damaged) {
        host_log_say(&device->log, HOST_LOG_ERROR,
                     "the linearity table in %s is damaged or of another converter; codes stay as "
                     "they are",
                     device->options->data_dir);
    }
    return EXIT_SUCCESS;
}

static int build_communication(struct device *device)
{
    const enum status status = device_link_open(device);

    if (status == STATUS_IO) {
        return fail(device, "MQTT", strerror(errno));
    }
    return status == STATUS_OK ? EXIT_SUCCESS
                               : fail(device, "root_topic", "no topic can be made of it");
}

/// Checks the files of the TLS identity. An expired certificate is no reason not to measure.
static int check_identity(struct device *device)
{
    const struct options *options = device->options;
    const struct tls_identity_files files = { options->ca, options->cert, options->key };
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    if (options->provisioning) {
        return EXIT_SUCCESS; // It may not have one yet.
    }
    const enum status status = tls_identity_open(&files, options->broker_host, &context, fault);
    SSL_CTX_free(context);
    if (status == STATUS_OK || status == STATUS_INVALID) {
        if (status == STATUS_INVALID) {
            host_log_say(&device->log, HOST_LOG_WARNING, "%s", fault);
        }
        return EXIT_SUCCESS;
    }
    return fail(device, "TLS", fault);
}

/// As a device whose clock was lost.
static bool know_no_time(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms)
{
    (void)ctx;
    (void)utc_ms;
    (void)uncertainty_ms;
    return false;
}

static void init(struct device *device, const struct options *options, char **argv)
{
    device->options = options;
    device->argv = argv;
    device->settings = options->settings;
    // The server answers in real time, however fast the device's time runs.
    device->settings.resend_ms *= options->speed;
    host_log_init(&device->log, stderr, options->settings.device_id);
    host_clock_init(&device->host_clock, options->speed);
    device->clock = host_clock_seam(&device->host_clock);
    if (!options->host_time) {
        device->clock.utc_ms = know_no_time;
    }
    device->entropy = host_entropy();
    device->crypto = openssl_crypto();
    device->storage.lock_file = -1;
    device_tasks_init(device);
}

static int start(struct device *device)
{
    int code = check_identity(device);

    if (code == EXIT_SUCCESS && host_lock_init(&device->host_lock) != STATUS_OK) {
        code = fail(device, "threads", strerror(errno));
    }
    device->journal_lock = host_lock_seam(&device->host_lock);
    if (code == EXIT_SUCCESS) {
        char fault[OPTIONS_FAULT_SIZE] = "";
        code = device_storage_claim(&device->storage, device->options, fault) == STATUS_OK
                   ? EXIT_SUCCESS
                   : fail(device, device->options->data_dir, fault);
    }
    int (*const steps[])(struct device *) = {
        start_button, open_control,   open_storage,       open_keys,
        boot,         build_metering, build_provisioning, build_communication
    };
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0] && code == EXIT_SUCCESS; i++) {
        code = steps[i](device);
    }
    for (int task = DEVICE_SAMPLING; task < DEVICE_TASK_COUNT && code == EXIT_SUCCESS; task++) {
        if (device_tasks_start(device, (enum device_task)task) != STATUS_OK) {
            code = fail(device, "threads", strerror(errno));
        }
    }
    return code;
}

// Running and ending

/// Ends the program if ending it in order takes too long: a disk may hang.
static void give_up(int number)
{
    (void)number;
    _exit(EXIT_FAILURE);
}

static void stop(struct device *device)
{
    (void)signal(SIGALRM, give_up);
    (void)alarm(STOP_LIMIT_S);
    device_tasks_stop(device, DEVICE_SAMPLING);
    device_tasks_stop(device, DEVICE_PROCESSING);
    device_tasks_stop(device, DEVICE_COMMUNICATION);
    control_socket_close(device->control);
    device_tasks_stop(device, DEVICE_BUTTON);
    mosquitto_session_close(device->session);
    device_provisioning_close(&device->provisioning);
    free(device->capture);
    device_source_close(&device->source);
    reading_trace_close(device->trace);
    device_storage_close(&device->storage);
    pin_trace_close(device->pins);
    retained_file_close(device->retained);
}

/// Waits for a signal, a wish of a task, or the end of a recording.
static enum device_wish wait_for_wish(struct device *device, const sigset_t *signals)
{
    const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

    for (;;) {
        const int number = sigtimedwait(signals, NULL, &look);
        if (number == SIGTERM || number == SIGINT) {
            return DEVICE_STOP;
        }
        if (number == SIGUSR1) {
            simulated_button_press(&device->board);
        } else if (number == SIGUSR2) {
            simulated_button_release(&device->board);
        }
        const enum device_wish wish = (enum device_wish)atomic_load(&device->wish);
        if (wish != DEVICE_RUN) {
            return wish;
        }
        if (device->options->once && atomic_load(&device->delivered)) {
            host_log_say(&device->log, HOST_LOG_INFO, "everything has been delivered");
            return DEVICE_STOP;
        }
    }
}

int device_run(struct device *device, const struct options *options, char **argv)
{
    sigset_t signals;

    init(device, options, argv);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigaddset(&signals, SIGUSR2);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);

    const int code = start(device);
    if (code != EXIT_SUCCESS) {
        stop(device);
        return code;
    }
    const enum device_wish wish = wait_for_wish(device, &signals);
    host_log_say(&device->log, HOST_LOG_INFO, wish == DEVICE_RESTART ? "restarting" : "stopping");
    stop(device);
    if (wish == DEVICE_RESTART) {
        (void)alarm(0);
        device_actions_restart(device);
    }
    return EXIT_SUCCESS;
}

int device_check(struct device *device, const struct options *options)
{
    char fault[OPTIONS_FAULT_SIZE] = "";

    init(device, options, NULL);
    int code = check_identity(device);
    if (code == EXIT_SUCCESS) {
        code = device_source_open(&device->source, options, &device->clock, fault) == STATUS_OK
                   ? EXIT_SUCCESS
                   : fail(device, "samples", fault);
        device_source_close(&device->source);
    }
    if (code == EXIT_SUCCESS && access(options->data_dir, W_OK | X_OK) != 0 && errno != ENOENT) {
        code = fail(device, options->data_dir, strerror(errno));
    }
    if (code == EXIT_SUCCESS) {
        (void)puts("ohm-device: the configuration is good");
    }
    return code;
}
