// SPDX-License-Identifier: MIT
#pragma once

/// What a person's phone reaches on the hotspot: the set-up portal, and while the set-up window is
/// open a name server that sends every name to it, so that the page opens by itself.

#include <stdbool.h>
#include <stdint.h>

#include "dns_listener.h"
#include "host_log.h"
#include "options.h"
#include "portal.h"
#include "portal_listener.h"

/// Owned by the caller. Use it only through the functions below.
struct device_portal {
    const struct options *options;
    struct host_log *log;
    struct portal *portal;
    struct portal_listener *pages;
    struct dns_listener *names;
    uint64_t pages_ms; ///< No new try to listen before.
    uint64_t names_ms;
    bool pages_told; ///< That it cannot listen has been said.
    bool names_told;
};

/// All of it outlives the structure. Nothing listens yet.
void device_portal_init(struct device_portal *device, const struct options *options,
                        struct host_log *log, struct portal *portal);

/// Listens as soon as it can, since on a gateway the hotspot's address is there only with the
/// hotspot; and answers what has come.
void device_portal_step(struct device_portal *device, bool is_window_open, uint64_t now_ms);

void device_portal_close(struct device_portal *device);
