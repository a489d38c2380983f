// SPDX-License-Identifier: MIT

/// ohmd, the fleet server.

#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_dump.h"
#include "daemon_config.h"
#include "daemon_host.h"
#include "fleet_server.h"

#define DEFAULT_CONFIG "/etc/ohmstead/ohmd.conf"

enum { ERROR_SIZE = 512, EXIT_USAGE = 2, MALLOC_ARENAS = 2 };

static const char usage[] =
    "Usage: ohmd [--config FILE] [--check | --reset-administrator | --token DEVICE]\n"
    "\n"
    "The fleet server: takes readings from an MQTT broker over TLS, keeps them, and serves the\n"
    "dashboard and the REST interface.\n"
    "\n"
    "  --config FILE           read the configuration from FILE (default " DEFAULT_CONFIG ")\n"
    "  --check                 check the configuration and exit\n"
    "  --reset-administrator   give the administrator a new password and exit\n"
    "  --token DEVICE          print a token that enrols DEVICE once, and exit\n"
    "  --help                  show this text\n"
    "  --version               show the version\n"
    "\n"
    "A setting is one 'name = value' a line; the environment variable OHMD_NAME beats the file.\n"
    "Signals: SIGTERM and SIGINT store what has arrived and stop.\n"
    "Exit codes: 0 well, 1 it cannot work, 2 a wrong command line.\n";

struct arguments {
    const char *config_path;
    const char *token_for; ///< The device, or NULL.
    const char *fault;     ///< The argument that is wrong, or NULL.
    bool help;
    bool check;
    bool reset_administrator;
    bool version;
};

static void read_arguments(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){ .config_path = DEFAULT_CONFIG };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            arguments->help = true;
        } else if (strcmp(argv[i], "--check") == 0) {
            arguments->check = true;
        } else if (strcmp(argv[i], "--reset-administrator") == 0) {
            arguments->reset_administrator = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            arguments->version = true;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            arguments->config_path = argv[++i];
        } else if (strcmp(argv[i], "--token") == 0 && i + 1 < argc) {
            arguments->token_for = argv[++i];
        } else {
            arguments->fault = argv[i];
        }
    }
}

static bool read_config(const char *path, struct daemon_config *config, char *error)
{
    daemon_config_init(config);
    return daemon_config_read(config, path, error, ERROR_SIZE) &&
           daemon_config_read_environment(config, (const char *const *)environ, error,
                                          ERROR_SIZE) &&
           daemon_config_check(config, error, ERROR_SIZE);
}

/// The signals that end the program are taken by sigwait() alone, in every thread.
static sigset_t block_signals(void)
{
    sigset_t ending;
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return ending;
}

static int serve(const struct daemon_config *config, const struct fleet_log *log)
{
    char text[ERROR_SIZE];
    const struct fleet_host host = daemon_host();
    const uint64_t started_ms = host.monotonic_ms(host.ctx);
    const sigset_t ending = block_signals();
    struct fleet_server *server = fleet_server_open(config, log, text, sizeof text);
    if (server == NULL) {
        fleet_log_line(log, FLEET_LOG_ERROR, "%s", text);
        return 1;
    }
    fleet_server_describe(server, text, sizeof text);
    fleet_log_line(log, FLEET_LOG_INFO, "ohmd %s is ready after %llu ms:%s", OHM_VERSION,
                   (unsigned long long)(host.monotonic_ms(host.ctx) - started_ms), text);
    daemon_notify("READY=1");

    int taken = 0;
    (void)sigwait(&ending, &taken);
    daemon_notify("STOPPING=1");
    fleet_log_line(log, FLEET_LOG_INFO, "ohmd stops on signal %d", taken);
    fleet_server_close(server);
    fleet_log_line(log, FLEET_LOG_INFO, "ohmd has stopped");
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct daemon_config config;
    char error[ERROR_SIZE];
    const struct fleet_log log = daemon_log();
    // Few threads allocate at once; an arena for each would only cost memory.
    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);

    // Password hashes and readings are nobody else's to read, whatever the shell's mask says.
    (void)umask(S_IRWXG | S_IRWXO);
    if (!core_dump_forbid()) {
        fleet_log_line(&log, FLEET_LOG_ERROR,
                       "core files cannot be turned off, and they would hold keys");
        return 1;
    }

    read_arguments(argc, argv, &arguments);
    if (arguments.help) {
        (void)fputs(usage, stdout);
        return 0;
    }
    if (arguments.fault != NULL) {
        (void)fprintf(stderr, "ohmd: %s: not an option, or it needs a value; try --help\n",
                      arguments.fault);
        return EXIT_USAGE;
    }
    if (arguments.version) {
        (void)printf("ohmd %s\n", OHM_VERSION);
        return 0;
    }
    if (!read_config(arguments.config_path, &config, error)) {
        fleet_log_line(&log, FLEET_LOG_ERROR, "%s", error);
        return 1;
    }
    if (arguments.reset_administrator) {
        if (!fleet_server_reset_administrator(&config, &log, error, sizeof error)) {
            fleet_log_line(&log, FLEET_LOG_ERROR, "%s", error);
            return 1;
        }
        return 0;
    }
    if (arguments.token_for != NULL) {
        if (!fleet_server_print_token(&config, &log, arguments.token_for, error, sizeof error)) {
            fleet_log_line(&log, FLEET_LOG_ERROR, "%s", error);
            return 1;
        }
        return 0;
    }
    if (arguments.check) {
        (void)printf("%s: the configuration is good\n", arguments.config_path);
        return 0;
    }
    return serve(&config, &log);
}
