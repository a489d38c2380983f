// SPDX-License-Identifier: MIT

/// `ohm-device`: the energy meter on a Linux host.

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "core_dump.h"
#include "device.h"
#include "options.h"
#include "version.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "Usage: ohm-device [--config FILE] [--OPTION VALUE]...\n"
    "\n"
    "An energy meter with eight channels and eight relays, delivering to an MQTT broker over TLS.\n"
    "\n"
    "  --config FILE   read options from FILE, one 'option = value' a line\n"
    "  --check         check options, certificates and folders, and exit\n"
    "  --help          show this text\n"
    "  --version       show the version\n"
    "\n"
    "Options, on the command line as --option value or --option=value, which beats the file:\n";

static const char epilogue[] =
    "\n"
    "Signals: SIGTERM and SIGINT deliver what is left and stop; SIGUSR1 presses the simulated\n"
    "button, SIGUSR2 lets it go. DATA_DIR/control.sock takes lines such as 'press 3500', 'status'\n"
    "and 'relay 0 on'.\n"
    "\n"
    "Example:\n"
    "  ohm-device --config ohm-device.conf --device-id meter-1 --speed 10\n";

static const char *take_pair(void *ctx, const char *key, const char *value)
{
    return options_set(ctx, key, value);
}

/// Options may be written with dashes; their names have underscores.
static void to_name(const char *argument, size_t size, char name[64])
{
    size_t used = 0;
    for (; used < size && used < 63; used++) {
        const char letter = argument[used];
        name[used] = (char)(letter == '-' ? '_' : letter);
    }
    name[used] = '\0';
}

struct command_line {
    const char *config;
    bool check;
};

static int complain(const char *what, const char *why)
{
    (void)fprintf(stderr, "ohm-device: %s: %s\n", what, why);
    return EXIT_USAGE;
}

/// Goes through the command line. Without `options` it looks for --config and the like only.
/// @return -1 to go on, otherwise the exit code.
static int read_arguments(int argc, char **argv, struct command_line *line, struct options *options)
{
    for (int i = 1; i < argc && argv[i] != NULL; i++) {
        char name[64];
        const char *text = strcmp(argv[i], "-h") == 0 ? "--help" : argv[i];
        if (strncmp(text, "--", 2) != 0) {
            return complain(argv[i], "not an option; try --help");
        }
        const char *equals = strchr(text, '=');
        to_name(text + 2, equals != NULL ? (size_t)(equals - text) - 2 : strlen(text) - 2, name);
        if (strcmp(name, "help") == 0) {
            (void)fputs(usage, stdout);
            options_print(stdout);
            (void)fputs(epilogue, stdout);
            return EXIT_SUCCESS;
        }
        if (strcmp(name, "version") == 0) {
            (void)puts("ohm-device " OHM_VERSION);
            return EXIT_SUCCESS;
        }
        if (strcmp(name, "check") == 0) {
            line->check = true;
            continue;
        }
        if (equals == NULL && i + 1 == argc) {
            return complain(text, "needs a value, or is no option; try --help");
        }
        const char *value = equals != NULL ? equals + 1 : argv[++i];
        const char *fault = NULL;
        if (strcmp(name, "config") == 0) {
            line->config = value;
        } else if (options != NULL) {
            fault = options_set(options, name, value);
        }
        if (fault != NULL) {
            return complain(name, fault);
        }
    }
    return -1;
}

static int read_everything(int argc, char **argv, struct command_line *line,
                           struct options *options)
{
    const struct config_taker taker = { .take = take_pair, .ctx = options };
    char fault[CONFIG_FILE_FAULT_SIZE] = "";

    int code = read_arguments(argc, argv, line, NULL);
    if (code >= 0) {
        return code;
    }
    options_init(options);
    if (line->config != NULL && config_file_read(line->config, &taker, fault) != STATUS_OK) {
        (void)fprintf(stderr, "ohm-device: %s\n", fault);
        return EXIT_USAGE;
    }
    code = read_arguments(argc, argv, line, options);
    if (code >= 0) {
        return code;
    }
    const char *missing = options_check(options);
    return missing != NULL ? complain("configuration", missing) : -1;
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct device device;
    struct command_line line = { .config = NULL };

    // A restart leaves behind the name of the link it went through, and its thread's signal mask.
    (void)pthread_setname_np(pthread_self(), "ohm-device");
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_IGN);

    if (!core_dump_forbid()) {
        return complain("core files", "cannot be turned off, and they would hold keys");
    }
    const int code = read_everything(argc, argv, &line, &options);
    if (code >= 0) {
        return code;
    }
    return line.check ? device_check(&device, &options) : device_run(&device, &options, argv);
}
