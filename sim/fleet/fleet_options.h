// SPDX-License-Identifier: MIT
#pragma once

/// What ohm-sim-fleet was told to do.

#include <stdbool.h>
#include <sys/types.h>

#include "process_usage.h"

enum { FLEET_WATCH_LIMIT = 8 };

/// A process whose use of the machine is to be told.
struct fleet_watch {
    const char *name;
    pid_t pid;
    struct process_usage before;
    struct process_usage after;
};

struct fleet_options {
    const char *host;
    const char *ca_path;
    const char *ca_key_path; ///< Certificates are made here; NULL: they are asked for.
    const char *server;      ///< Where certificates are asked for.
    const char *tokens_path;
    const char *prefix;
    unsigned port;
    unsigned devices;
    unsigned rate; ///< Messages per second over the whole fleet; 0 is as fast as the window allows.
    unsigned seconds;
    unsigned window;
    unsigned at_once;
    unsigned period_ms; ///< From one reading of a device to its next.
    struct fleet_watch watch[FLEET_WATCH_LIMIT];
    unsigned watch_count;
    bool json;
    bool help; ///< Asked for FLEET_USAGE alone, as the next for the version.
    bool version;
};

extern const char FLEET_USAGE[];

/// @return false  something is wrong or missing, as standard error has been told. Texts are those
///                of `argv`.
bool fleet_options_parse(int argc, char **argv, struct fleet_options *options);
