// SPDX-License-Identifier: MIT
#include "guard_news.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct rate_limit_rule rule = { .burst = 3, .refill_ms = 60000 };

void guard_news_init(struct guard_news *news, const struct fleet_log *log,
                     const struct fleet_host *host, struct device_registry *devices)
{
    *news = (struct guard_news){ .log = log, .host = host, .devices = devices };
    host->fill_random(host->ctx, (uint8_t *)&news->secret, sizeof news->secret);
    rate_limit_init(&news->limit, rule);
}

/// Whoever is meant: the name, or where a client without a good one came from.
static const char *party_of(const struct guard_report *report)
{
    return report->name[0] != '\0' ? report->name : report->address;
}

static bool may_be_said(struct guard_news *news, const struct guard_report *report)
{
    char about[GUARD_ADDRESS_SIZE + 32];
    int64_t retry_after_ms = 0;
    const int size = snprintf(about, sizeof about, "%d %s %s", (int)report->event,
                              guard_verdict_name(report->verdict), party_of(report));
    const uint64_t key = rate_limit_key(news->secret, about, (size_t)size);
    const int64_t now_ms = (int64_t)news->host->monotonic_ms(news->host->ctx);
    return rate_limit_take(&news->limit, key, now_ms, &retry_after_ms) == STATUS_OK;
}

static void say_refused(struct guard_news *news, const struct guard_report *report)
{
    if (may_be_said(news, report)) {
        fleet_log_line(news->log, FLEET_LOG_WARNING,
                       "broker: refused %s from %s: %s (certificate %02x%02x%02x%02x…)",
                       report->name[0] != '\0' ? report->name : "a client without a good name",
                       report->address, guard_verdict_name(report->verdict),
                       report->certificate_sha256[0], report->certificate_sha256[1],
                       report->certificate_sha256[2], report->certificate_sha256[3]);
    }
}

static void note_gone(struct guard_news *news, const struct guard_report *report)
{
    struct device_view view;
    const struct device_status_report offline = { .offline = true };
    if (report->verdict != GUARD_ALLOWED && may_be_said(news, report)) {
        fleet_log_line(news->log, FLEET_LOG_WARNING, "broker: ended the session of %s: %s",
                       report->name, guard_verdict_name(report->verdict));
    }
    // Whoever has never said anything does not become a device by leaving.
    if (device_registry_find(news->devices, report->name, &view) == STATUS_OK) {
        // STATUS_FULL: a device that is known needs no room.
        const enum status status =
            device_registry_report_status(news->devices, report->name, &offline);
        (void)status;
    }
}

static void say_list(struct guard_news *news, const struct guard_report *report)
{
    if (report->verdict == GUARD_ALLOWED) {
        fleet_log_line(news->log, FLEET_LOG_INFO, "broker: has the list of certificates");
    } else {
        fleet_log_line(news->log, FLEET_LOG_ERROR,
                       "broker: lets nobody in, because of the list of certificates: %s",
                       guard_verdict_name(report->verdict));
    }
}

void guard_news_take(struct guard_news *news, const struct guard_report *report)
{
    if (report->lost > news->lost) {
        fleet_log_line(news->log, FLEET_LOG_WARNING,
                       "broker: %" PRIu64 " reports about clients were lost on the way",
                       report->lost - news->lost);
    }
    news->lost = report->lost; // Less than before: the broker was started again.
    switch (report->event) {
    case GUARD_EVENT_AUTHORISED:
        break; // Its first message tells more.
    case GUARD_EVENT_REFUSED:
        say_refused(news, report);
        break;
    case GUARD_EVENT_DISCONNECTED:
        note_gone(news, report);
        break;
    case GUARD_EVENT_LIST:
        say_list(news, report);
        break;
    case GUARD_EVENT_COUNT:
        break;
    }
}
