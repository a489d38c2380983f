// SPDX-License-Identifier: MIT
#include "fleet_stay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/rand.h>

#include "back_off.h"
#include "fleet_enrolment.h"
#include "fleet_sockets.h"

enum {
    US_PER_S = 1000000,
    US_PER_MS = 1000,
    MISC_PERIOD_US = US_PER_S,
    HANDSHAKE_LIMIT_US = 30 * US_PER_S,
    RESEND_US = 5 * US_PER_S,    // As contracts/mqtt.md has it.
    PATIENCE_US = 60 * US_PER_S, // For the last acknowledgements.
    FIRST_WAIT_MS = 1000,        // The defaults of a real device: reconnect_ms
    WAIT_LIMIT_MS = 30000,       // and reconnect_limit_ms.
};

enum link_state { LINK_RESTING, LINK_CONNECTING, LINK_ON_LINE };

/// What one device does about its session.
struct link {
    enum link_state state;
    uint64_t due_us;   ///< While it rests: when to try again.
    uint64_t since_us; ///< Otherwise: when it began to connect, or last made progress.
    uint64_t watermark;
    struct back_off back_off;
};

struct stay {
    const struct fleet_options *options;
    const struct fleet_signals *signals;
    struct fleet_device *devices;
    struct link *links;
    struct fleet_sockets sockets;
    struct entropy entropy;
    unsigned count;
    unsigned connecting;
    uint64_t start_us;
    uint64_t end_us;       ///< Nothing is measured from here on; UINT64_MAX while all goes on.
    uint64_t unsettled_us; ///< When the first device was missing; 0: none is.
};

struct sum {
    unsigned on_line;
    unsigned refused;
    uint64_t made;     ///< Readings that were measured.
    uint64_t waiting;  ///< Of these, not acknowledged, though the device may speak.
    uint64_t withheld; ///< Of devices that may not.
    struct fleet_counts counts;
};

static enum status fill_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    return RAND_bytes(out, (int)size) == 1 ? STATUS_OK : STATUS_IO;
}

/// Readings that device `index` has measured: one each period, the devices' evenly apart.
static uint64_t made_by(const struct stay *stay, unsigned index, uint64_t now)
{
    const uint64_t period_us = (uint64_t)stay->options->period_ms * US_PER_MS;
    const uint64_t born_us = stay->start_us + period_us * index / stay->count;
    const uint64_t until_us = now < stay->end_us ? now : stay->end_us;
    return until_us < born_us ? 0 : (until_us - born_us) / period_us + 1;
}

static struct sum sum_up(const struct stay *stay, uint64_t now)
{
    struct sum sum = { 0 };
    for (unsigned i = 0; i < stay->count; i++) {
        const struct fleet_device *device = &stay->devices[i];
        const struct fleet_counts *one = &device->counts;
        const uint64_t made = made_by(stay, i, now);
        sum.on_line += stay->links[i].state == LINK_ON_LINE ? 1u : 0u;
        sum.refused += device->refused ? 1u : 0u;
        sum.made += made;
        *(device->refused ? &sum.withheld : &sum.waiting) += made - one->acknowledged;
        sum.counts.published += one->published;
        sum.counts.acknowledged += one->acknowledged;
        sum.counts.disconnects += one->disconnects;
        sum.counts.refusals += one->refusals;
        sum.counts.latency_us_sum += one->latency_us_sum;
        sum.counts.latency_count += one->latency_count;
        sum.counts.latency_us_max = one->latency_us_max > sum.counts.latency_us_max
                                        ? one->latency_us_max
                                        : sum.counts.latency_us_max;
    }
    return sum;
}

static double seconds_between(uint64_t from_us, uint64_t to_us)
{
    return (double)(to_us - from_us) / US_PER_S;
}

static void tell_figures(const struct stay *stay, const char *event, uint64_t now)
{
    const struct sum sum = sum_up(stay, now);
    const uint64_t latencies = sum.counts.latency_count > 0 ? sum.counts.latency_count : 1;

    (void)printf("{\"event\":\"%s\",\"at_s\":%.3f,\"devices\":%u,\"on_line\":%u,\"refused\":%u,"
                 "\"disconnects\":%" PRIu64 ",\"refusals\":%" PRIu64 ",\"made\":%" PRIu64
                 ",\"published\":%" PRIu64 ",\"acknowledged\":%" PRIu64 ",\"waiting\":%" PRIu64
                 ",\"withheld\":%" PRIu64 ",\"ack_mean_ms\":%.1f,\"ack_max_ms\":%.1f}\n",
                 event, seconds_between(stay->start_us, now), stay->count, sum.on_line, sum.refused,
                 sum.counts.disconnects, sum.counts.refusals, sum.made, sum.counts.published,
                 sum.counts.acknowledged, sum.waiting, sum.withheld,
                 (double)sum.counts.latency_us_sum / (double)latencies / US_PER_MS,
                 (double)sum.counts.latency_us_max / US_PER_MS);
}

/// Sees whether anybody is missing.
static void watch_settling(struct stay *stay, uint64_t now)
{
    unsigned on_line = 0;
    unsigned refused = 0;

    for (unsigned i = 0; i < stay->count; i++) {
        on_line += stay->links[i].state == LINK_ON_LINE ? 1u : 0u;
        refused += stay->devices[i].refused ? 1u : 0u;
    }
    const bool settled = on_line + refused == stay->count;
    if (settled && stay->unsettled_us != 0) {
        (void)printf("{\"event\":\"settled\",\"on_line\":%u,\"refused\":%u,\"seconds\":%.3f}\n",
                     on_line, refused, seconds_between(stay->unsettled_us, now));
        stay->unsettled_us = 0;
    } else if (!settled && stay->unsettled_us == 0) {
        stay->unsettled_us = now;
    }
}

static void tell_device(const struct stay *stay, const char *event, unsigned index, uint64_t now)
{
    (void)printf("{\"event\":\"%s\",\"device\":\"%s\",\"at_s\":%.3f}\n", event,
                 stay->devices[index].id, seconds_between(stay->start_us, now));
}

static void rest(struct stay *stay, unsigned index, uint64_t now)
{
    struct link *link = &stay->links[index];

    if (link->state == LINK_CONNECTING) {
        stay->connecting--;
    } else if (link->state == LINK_ON_LINE) {
        tell_device(stay, "lost", index, now);
    }
    fleet_device_drop(&stay->devices[index]);
    link->state = LINK_RESTING;
    link->due_us = now + (uint64_t)back_off_fail(&link->back_off) * US_PER_MS;
}

static void begin_session(struct stay *stay, unsigned index, uint64_t now)
{
    const struct fleet_options *options = stay->options;
    struct link *link = &stay->links[index];

    link->state = LINK_CONNECTING;
    link->since_us = now;
    stay->connecting++;
    if (fleet_device_connect(&stay->devices[index], options->host, (int)options->port) !=
            STATUS_OK ||
        fleet_sockets_add(&stay->sockets, index) != STATUS_OK) {
        rest(stay, index, now);
    }
}

static void send_readings(struct stay *stay, unsigned index, uint64_t now)
{
    struct fleet_device *device = &stay->devices[index];
    struct link *link = &stay->links[index];
    const uint64_t made = made_by(stay, index, now);

    if (device->watermark > link->watermark || device->watermark == made) {
        link->watermark = device->watermark;
        link->since_us = now;
    } else if (now - link->since_us > RESEND_US) {
        fleet_device_rewind(device);
        link->since_us = now;
    }
    while (device->next_seq <= made && fleet_device_can_publish(device)) {
        if (fleet_device_publish(device, now) != STATUS_OK) {
            break;
        }
        fleet_sockets_follow(&stay->sockets, index);
    }
}

static void step(struct stay *stay, unsigned index, uint64_t now)
{
    struct fleet_device *device = &stay->devices[index];
    struct link *link = &stay->links[index];

    if (link->state != LINK_RESTING && fleet_device_socket(device) < 0) {
        rest(stay, index, now);
    }
    switch (link->state) {
    case LINK_RESTING:
        if (now >= link->due_us && stay->connecting < stay->options->at_once) {
            begin_session(stay, index, now);
        }
        break;
    case LINK_CONNECTING:
        if (device->subscribed) {
            stay->connecting--;
            link->state = LINK_ON_LINE;
            link->since_us = now;
            back_off_succeed(&link->back_off);
            tell_device(stay, "on_line", index, now);
        } else if (now - link->since_us > HANDSHAKE_LIMIT_US) {
            rest(stay, index, now);
        }
        break;
    case LINK_ON_LINE:
        send_readings(stay, index, now);
        break;
    }
}

static void keep_alive(struct stay *stay, uint64_t now)
{
    for (unsigned i = 0; i < stay->count; i++) {
        if (stay->links[i].state != LINK_RESTING) {
            (void)!fleet_device_service(&stay->devices[i], false, false, now);
        }
    }
}

/// One round of everything. The end of measuring comes by signal, or `seconds` after all were
/// there.
static void do_round(struct stay *stay, uint64_t *misc_us)
{
    const uint64_t limit_us = (uint64_t)stay->options->seconds * US_PER_S;
    const uint64_t now = fleet_sockets_now_us();

    for (unsigned i = 0; i < stay->count; i++) {
        step(stay, i, now);
    }
    watch_settling(stay, now);
    if (stay->end_us == UINT64_MAX &&
        (*stay->signals->stop != 0 || (limit_us > 0 && now - stay->start_us > limit_us))) {
        stay->end_us = now;
    }
    if (*stay->signals->asked != 0) {
        *stay->signals->asked = 0;
        tell_figures(stay, "figures", now);
    }
    if (now - *misc_us > MISC_PERIOD_US) {
        keep_alive(stay, now);
        *misc_us = now;
    }
    fleet_sockets_serve(&stay->sockets, 2);
}

static enum status run(struct stay *stay)
{
    uint64_t misc_us = fleet_sockets_now_us();
    uint64_t now;

    stay->start_us = misc_us;
    stay->end_us = UINT64_MAX;
    stay->unsettled_us = misc_us;
    do {
        do_round(stay, &misc_us);
        now = fleet_sockets_now_us();
    } while (stay->end_us == UINT64_MAX ||
             (sum_up(stay, now).waiting > 0 && now - stay->end_us < PATIENCE_US));
    tell_figures(stay, "end", now);
    return sum_up(stay, now).waiting == 0 ? STATUS_OK : STATUS_IO;
}

static enum status open_devices(struct stay *stay, struct fleet_roll *roll)
{
    X509 *trust = NULL;
    enum status status = STATUS_OK;
    FILE *file = fopen(stay->options->ca_path, "re");

    if (file != NULL) {
        trust = PEM_read_X509(file, NULL, NULL, NULL);
        (void)fclose(file);
    }
    for (unsigned i = 0; status == STATUS_OK && i < stay->count; i++) {
        struct fleet_member *member = &roll->members[i];
        SSL_CTX *tls =
            trust == NULL ? NULL
                          : fleet_key_context(&member->key, member->certificate,
                                              member->certificate_size, trust, stay->options->host);
        if (tls == NULL) {
            (void)fprintf(stderr, "%s: no TLS with its certificate\n", member->id);
            status = STATUS_INVALID;
        } else {
            status = fleet_device_open(&stay->devices[i], member->id, tls, stay->options->window);
        }
        back_off_init(&stay->links[i].back_off, &stay->entropy, FIRST_WAIT_MS, WAIT_LIMIT_MS);
    }
    X509_free(trust);
    return status;
}

static void tell_enrolment(const char *event, unsigned count,
                           const struct fleet_enrolment_figures *figures)
{
    (void)printf("{\"event\":\"%s\",\"devices\":%u,\"seconds\":%.3f,\"put_off\":%u}\n", event,
                 count, (double)figures->elapsed_us / US_PER_S, figures->put_off);
}

static enum status enrol(struct stay *stay, struct fleet_roll *roll)
{
    const struct fleet_enrolment_options options = { .server = stay->options->server,
                                                     .ca = stay->options->ca_path,
                                                     .at_once = stay->options->at_once,
                                                     .entropy = &stay->entropy,
                                                     .stop = stay->signals->stop };
    struct fleet_enrolment_figures figures;

    enum status status = fleet_enrol(&options, roll, &figures);
    if (status == STATUS_OK) {
        tell_enrolment("enrolled", roll->count, &figures);
        status = fleet_confirm(&options, roll, &figures);
    }
    if (status == STATUS_OK) {
        tell_enrolment("confirmed", roll->count, &figures);
    }
    return status;
}

enum status fleet_stay(const struct fleet_options *options, struct fleet_roll *roll,
                       const struct fleet_signals *signals)
{
    struct stay stay = { .options = options,
                         .signals = signals,
                         .entropy = { .fill = fill_random },
                         .count = roll->count };
    enum status status = STATUS_FULL;

    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    stay.devices = calloc(roll->count, sizeof *stay.devices);
    stay.links = calloc(roll->count, sizeof *stay.links);
    if (stay.devices != NULL && stay.links != NULL &&
        fleet_sockets_open(&stay.sockets, stay.devices, roll->count) == STATUS_OK) {
        status = enrol(&stay, roll);
        status = status == STATUS_OK ? open_devices(&stay, roll) : status;
        status = status == STATUS_OK ? run(&stay) : status;
    }
    for (unsigned i = 0; stay.devices != NULL && i < roll->count; i++) {
        fleet_device_close(&stay.devices[i]);
    }
    fleet_sockets_close(&stay.sockets);
    free(stay.devices);
    free(stay.links);
    return status;
}
