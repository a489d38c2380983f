// SPDX-License-Identifier: MIT

/// ohm-sim-fleet: many simulated meters in one process against a real broker and a real ohmd, to
/// measure what they carry, and to see whether a fleet that was enrolled stays.

#include <signal.h>
#include <stdio.h>

#include <mosquitto.h>

#include "file_limit.h"
#include "fleet_flood.h"
#include "fleet_options.h"
#include "fleet_roll.h"
#include "fleet_stay.h"

enum { OTHER_FILES = 32 };

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t asked;

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void note_question(int number)
{
    (void)number;
    asked = 1;
}

/// Says what to do where the system allows too few files for so many devices.
static enum status get_files(const struct fleet_options *options, unsigned devices)
{
    const unsigned long files = devices + options->at_once + OTHER_FILES;
    unsigned long limit = 0;
    const enum status status = file_limit_raise(files, &limit);

    if (status != STATUS_OK) {
        (void)fprintf(stderr,
                      "%u devices need %lu open files, and this process may have %lu: allow more "
                      "with `ulimit -n %lu` (as root, or in /etc/security/limits.conf), or take "
                      "fewer devices\n",
                      devices, files, limit, files);
    }
    return status;
}

static enum status stay(const struct fleet_options *options)
{
    const struct fleet_signals signals = { .stop = &interrupted, .asked = &asked };
    struct fleet_roll roll;
    unsigned line = 0;
    enum status status = fleet_roll_read(options->tokens_path, &roll, &line);

    if (status == STATUS_CORRUPT) {
        (void)fprintf(stderr, "%s: line %u is not a device's name and its token\n",
                      options->tokens_path, line);
    } else if (status != STATUS_OK) {
        (void)fprintf(stderr, "cannot read %s\n", options->tokens_path);
    } else {
        status = get_files(options, roll.count);
    }
    if (status == STATUS_OK) {
        status = fleet_stay(options, &roll, &signals);
    }
    fleet_roll_close(&roll);
    return status;
}

int main(int argc, char **argv)
{
    struct fleet_options options;
    if (!fleet_options_parse(argc, argv, &options)) {
        (void)fputs("Try: ohm-sim-fleet --help\n", stderr);
        return 2;
    }
    if (options.help || options.version) {
        (void)fputs(options.help ? FLEET_USAGE : "ohm-sim-fleet " OHM_VERSION "\n", stdout);
        return 0;
    }
    (void)signal(SIGINT, note_interrupt);
    (void)signal(SIGTERM, note_interrupt);
    (void)signal(SIGUSR1, note_question);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)mosquitto_lib_init();

    enum status status = STATUS_OK;
    if (options.server != NULL) {
        options.window = options.window == 0 ? 8 : options.window;
        status = stay(&options);
    } else {
        options.window = options.window == 0 ? 40 : options.window;
        status = get_files(&options, options.devices);
        if (status == STATUS_OK) {
            status = fleet_flood(&options, &interrupted);
        }
    }
    (void)mosquitto_lib_cleanup();
    return status == STATUS_OK ? 0 : 1;
}
