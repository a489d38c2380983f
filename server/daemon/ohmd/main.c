// SPDX-License-Identifier: MIT

/// ohmd, the fleet server.

#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon_config.h"
#include "daemon_host.h"
#include "fleet_server.h"

enum { ERROR_SIZE = 512, EXIT_USAGE = 2, MALLOC_ARENAS = 2 };

struct arguments {
    const char *config_path;
    bool check;
    bool reset_administrator;
    bool version;
};

static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){ .config_path = "/etc/ohmstead/ohmd.conf" };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--check") == 0) {
            arguments->check = true;
        } else if (strcmp(argv[i], "--reset-administrator") == 0) {
            arguments->reset_administrator = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            arguments->version = true;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            arguments->config_path = argv[++i];
        } else {
            return false;
        }
    }
    return true;
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

    if (!read_arguments(argc, argv, &arguments)) {
        (void)fprintf(
            stderr, "usage: ohmd [--config FILE] [--check] [--reset-administrator] [--version]\n");
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
    if (arguments.check) {
        (void)printf("%s: the configuration is good\n", arguments.config_path);
        return 0;
    }
    return serve(&config, &log);
}
