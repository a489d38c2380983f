// SPDX-License-Identifier: MIT
#include "fleet_options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
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
    "  --period MS       from one reading of a device to its next (1000)\n"
    "\n"
    "  --help            show this text          --version       show the version\n";

enum kind { TEXT, NUMBER, SAID, WATCH };

/// An option, and where in the struct its value goes.
struct rule {
    const char *name;
    enum kind kind;
    size_t place;
    unsigned least;
    unsigned most;
};

#define AT(member) offsetof(struct fleet_options, member)

static const struct rule rules[] = {
    { "host", TEXT, AT(host), 0, 0 },
    { "port", NUMBER, AT(port), 1, 65535 },
    { "ca", TEXT, AT(ca_path), 0, 0 },
    { "ca-key", TEXT, AT(ca_key_path), 0, 0 },
    { "enrol", TEXT, AT(server), 0, 0 },
    { "tokens", TEXT, AT(tokens_path), 0, 0 },
    { "devices", NUMBER, AT(devices), 1, NUMBER_LIMIT },
    { "rate", NUMBER, AT(rate), 0, NUMBER_LIMIT },
    { "seconds", NUMBER, AT(seconds), 0, NUMBER_LIMIT },
    { "window", NUMBER, AT(window), 1, NUMBER_LIMIT },
    { "at-once", NUMBER, AT(at_once), 1, AT_ONCE_LIMIT },
    { "period", NUMBER, AT(period_ms), 1, NUMBER_LIMIT },
    { "prefix", TEXT, AT(prefix), 0, 0 },
    { "watch", WATCH, AT(watch), 0, 0 },
    { "json", SAID, AT(json), 0, 0 },
    { "help", SAID, AT(help), 0, 0 },
    { "version", SAID, AT(version), 0, 0 },
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

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

static bool complain(const char *name, const char *text, const char *wanted)
{
    (void)fprintf(stderr, "ohm-sim-fleet: --%s: %s: %s\n", name, text, wanted);
    return false;
}

static bool take(struct fleet_options *options, const struct rule *rule, char *text)
{
    unsigned char *place = (unsigned char *)options + rule->place;
    char wanted[64];

    switch (rule->kind) {
    case TEXT:
        memcpy(place, &text, sizeof text);
        return true;
    case NUMBER:
        (void)snprintf(wanted, sizeof wanted, "wants a number from %u to %u", rule->least,
                       rule->most);
        return parse_number(text, rule->least, rule->most, (unsigned *)(void *)place) ||
               complain(rule->name, text, wanted);
    case SAID:
        *(bool *)place = true;
        return true;
    case WATCH:
        return parse_watch(options, text) ||
               complain(rule->name, text, "wants NAME=PID, and not too many of them");
    }
    return false;
}

bool fleet_options_parse(int argc, char **argv, struct fleet_options *options)
{
    struct option known[RULE_COUNT + 1] = { { .name = NULL } };
    int which = 0;
    int key = 0;

    *options = (struct fleet_options){ .host = "localhost",
                                       .port = 8883,
                                       .prefix = "sim",
                                       .devices = 1000,
                                       .seconds = 20,
                                       .at_once = 32,
                                       .period_ms = 1000 };
    for (unsigned n = 0; n < RULE_COUNT; n++) {
        known[n].name = rules[n].name;
        known[n].has_arg = rules[n].kind == SAID ? no_argument : required_argument;
    }
    while ((key = getopt_long(argc, argv, "", known, &which)) != -1) {
        if (key != 0 || !take(options, &rules[which], optarg)) {
            return false;
        }
    }
    if (options->help || options->version) {
        return true;
    }
    if (optind < argc) {
        (void)fprintf(stderr, "ohm-sim-fleet: %s: not an option\n", argv[optind]);
        return false;
    }
    if (!is_whole(options)) {
        (void)fputs("ohm-sim-fleet: wants --ca, and either --ca-key and a length, or --enrol and "
                    "--tokens\n",
                    stderr);
        return false;
    }
    return true;
}
