// SPDX-License-Identifier: MIT
#include "fleet_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_LIMIT = 10000000, AT_ONCE_LIMIT = 1000 };

const char FLEET_USAGE[] =
    "Usage: ohm-sim-fleet --ca CA.pem --ca-key CA.key [options]\n"
    "       ohm-sim-fleet --ca root.pem --enrol https://HOST:PORT --tokens FILE [options]\n"
    "\n"
    "Connects simulated meters to a broker with mutual TLS, publishes readings with QoS 1 and "
    "waits\n"
    "for the fleet server's watermarks.\n"
    "\n"
    "With --ca-key it makes the certificates itself and measures how many messages are carried.\n"
    "With --enrol every device makes a key of its own, is enrolled by ohmd with a token (FILE has "
    "a\n"
    "name and a token a line), and stays: it comes back when it is cut off, and sends again what "
    "was\n"
    "not acknowledged. What happens is told as lines of JSON, SIGUSR1 asks for the figures so "
    "far,\n"
    "and SIGINT ends it: with status 0 when nothing was lost.\n"
    "\n"
    "  --host HOST       broker (localhost)      --port PORT     (8883)\n"
    "  --seconds N       length of the run (20; with --enrol 0 is until SIGINT)\n"
    "  --window N        unacknowledged messages a meter (40; with --enrol 8, as a real one)\n"
    "\n"
    "with --ca-key:\n"
    "  --devices N       meters (1000)           --rate N        messages a second in all; 0: no "
    "limit\n"
    "  --prefix TEXT     of the device ids (sim) --json          figures as JSON\n"
    "  --watch NAME=PID  also print a process's CPU time per message and memory; PID may be self; "
    "repeatable\n"
    "with --enrol:\n"
    "  --at-once N       handshakes under way at a time (32)\n"
    "  --period MS       from one reading of a device to its next (1000)\n";

static bool parse_watch(struct fleet_options *options, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || options->watch_count == FLEET_WATCH_LIMIT) {
        return false;
    }
    *equals = '\0';
    const pid_t pid =
        strcmp(equals + 1, "self") == 0 ? getpid() : (pid_t)strtol(equals + 1, NULL, 10);
    options->watch[options->watch_count++] = (struct fleet_watch){ .name = text, .pid = pid };
    return true;
}

static bool parse_number(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end = NULL;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most) {
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool is_whole(const struct fleet_options *options)
{
    const bool enrols = options->server != NULL && options->tokens_path != NULL;
    const bool makes = options->ca_key_path != NULL;
    return options->ca_path != NULL && enrols != makes &&
           (options->server != NULL) == (options->tokens_path != NULL) &&
           (enrols || options->seconds > 0);
}

bool fleet_options_parse(int argc, char **argv, struct fleet_options *options)
{
    static const struct option known[] = {
        { "host", required_argument, NULL, 'h' },    { "port", required_argument, NULL, 'p' },
        { "ca", required_argument, NULL, 'c' },      { "ca-key", required_argument, NULL, 'k' },
        { "devices", required_argument, NULL, 'd' }, { "rate", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' }, { "window", required_argument, NULL, 'w' },
        { "prefix", required_argument, NULL, 'x' },  { "watch", required_argument, NULL, 'W' },
        { "json", no_argument, NULL, 'j' },          { "enrol", required_argument, NULL, 'e' },
        { "tokens", required_argument, NULL, 't' },  { "at-once", required_argument, NULL, 'o' },
        { "period", required_argument, NULL, 'm' },  { NULL, 0, NULL, 0 },
    };
    unsigned port = 8883;
    bool good = true;

    *options = (struct fleet_options){ .host = "localhost",
                                       .prefix = "sim",
                                       .devices = 1000,
                                       .seconds = 20,
                                       .at_once = 32,
                                       .period_ms = 1000 };
    for (int key = 0; good && (key = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (key) {
        case 'h':
            options->host = optarg;
            break;
        case 'p':
            good = parse_number(optarg, 1, 65535, &port);
            break;
        case 'c':
            options->ca_path = optarg;
            break;
        case 'k':
            options->ca_key_path = optarg;
            break;
        case 'e':
            options->server = optarg;
            break;
        case 't':
            options->tokens_path = optarg;
            break;
        case 'd':
            good = parse_number(optarg, 1, NUMBER_LIMIT, &options->devices);
            break;
        case 'r':
            good = parse_number(optarg, 0, NUMBER_LIMIT, &options->rate);
            break;
        case 's':
            good = parse_number(optarg, 0, NUMBER_LIMIT, &options->seconds);
            break;
        case 'w':
            good = parse_number(optarg, 1, NUMBER_LIMIT, &options->window);
            break;
        case 'o':
            good = parse_number(optarg, 1, AT_ONCE_LIMIT, &options->at_once);
            break;
        case 'm':
            good = parse_number(optarg, 1, NUMBER_LIMIT, &options->period_ms);
            break;
        case 'x':
            options->prefix = optarg;
            break;
        case 'W':
            good = parse_watch(options, optarg);
            break;
        case 'j':
            options->json = true;
            break;
        default:
            good = false;
            break;
        }
    }
    options->port = (int)port;
    return good && optind == argc && is_whole(options);
}
