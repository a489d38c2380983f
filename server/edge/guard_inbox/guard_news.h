// SPDX-License-Identifier: MIT
#pragma once

/// What ohmd does with what the broker's guard reports: the log, and whether a device is online.
///
/// A client that is refused knocks again, so what is said of one name and reason is said three
/// times and then once a minute.

#include "device_registry.h"
#include "fleet_host.h"
#include "fleet_log.h"
#include "guard_report.h"
#include "rate_limit.h"

/// Storage, owned by the caller. Use it only through the functions below.
struct guard_news {
    const struct fleet_log *log;
    const struct fleet_host *host;
    struct device_registry *devices;
    uint64_t secret;
    uint64_t lost;
    struct rate_limit limit;
};

/// Everything must outlive the news.
void guard_news_init(struct guard_news *news, const struct fleet_log *log,
                     const struct fleet_host *host, struct device_registry *devices);

/// Takes one report. Not for two threads at once.
void guard_news_take(struct guard_news *news, const struct guard_report *report);
