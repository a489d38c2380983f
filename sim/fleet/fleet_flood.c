// SPDX-License-Identifier: MIT
#include "fleet_flood.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fleet_identity.h"
#include "fleet_sockets.h"

enum { US_PER_S = 1000000, MISC_PERIOD_US = 1000000 };

struct flood {
    struct fleet_options *options;
    const volatile sig_atomic_t *stop;
    struct fleet_device *devices;
    struct fleet_sockets sockets;
    unsigned next;
};

static enum status connect_all(struct flood *flood, const struct fleet_ca *ca)
{
    const struct fleet_options *options = flood->options;

    for (unsigned i = 0; i < options->devices; i++) {
        char id[FLEET_ID_SIZE];
        (void)snprintf(id, sizeof id, "%.20s-%05u", options->prefix, i);
        SSL_CTX *tls = fleet_identity_open(ca, id, options->host);
        if (tls == NULL ||
            fleet_device_open(&flood->devices[i], id, tls, options->window) != STATUS_OK ||
            fleet_device_connect(&flood->devices[i], options->host, (int)options->port) !=
                STATUS_OK ||
            fleet_sockets_add(&flood->sockets, i) != STATUS_OK) {
            return STATUS_IO;
        }
        fleet_sockets_serve(&flood->sockets, 0);
    }
    const uint64_t patience_us = fleet_sockets_now_us() + 60ull * US_PER_S;
    for (unsigned ready = 0; ready < options->devices && *flood->stop == 0;) {
        fleet_sockets_serve(&flood->sockets, 10);
        ready = 0;
        for (unsigned i = 0; i < options->devices; i++) {
            ready += flood->devices[i].subscribed ? 1u : 0u;
        }
        if (fleet_sockets_now_us() > patience_us) {
            (void)fprintf(stderr, "only %u of %u devices were let in\n", ready, options->devices);
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

/// Publishes until `target` messages have been sent in all or every window is full.
static uint64_t publish_up_to(struct flood *flood, uint64_t published, uint64_t target)
{
    unsigned refused = 0;
    while (published < target && refused < flood->options->devices) {
        const unsigned index = flood->next;
        struct fleet_device *device = &flood->devices[index];
        flood->next = (index + 1) % flood->options->devices;
        if (fleet_device_can_publish(device) &&
            fleet_device_publish(device, fleet_sockets_now_us()) == STATUS_OK) {
            fleet_sockets_follow(&flood->sockets, index);
            published++;
            refused = 0;
        } else {
            refused++;
        }
    }
    return published;
}

static struct fleet_counts sum_counts(const struct flood *flood)
{
    struct fleet_counts sum = { 0 };
    for (unsigned i = 0; i < flood->options->devices; i++) {
        const struct fleet_counts *one = &flood->devices[i].counts;
        sum.published += one->published;
        sum.taken += one->taken;
        sum.acknowledged += one->acknowledged;
        sum.disconnects += one->disconnects;
        sum.latency_us_sum += one->latency_us_sum;
        sum.latency_count += one->latency_count;
        sum.latency_us_max =
            one->latency_us_max > sum.latency_us_max ? one->latency_us_max : sum.latency_us_max;
    }
    return sum;
}

static void keep_alive(struct flood *flood, uint64_t now)
{
    for (unsigned i = 0; i < flood->options->devices; i++) {
        (void)!fleet_device_service(&flood->devices[i], false, false, now);
    }
}

/// Publishes for the given time and then waits for the watermarks. @return the whole time in µs.
static uint64_t run(struct flood *flood)
{
    const uint64_t start_us = fleet_sockets_now_us();
    const uint64_t end_us = start_us + (uint64_t)flood->options->seconds * US_PER_S;
    const uint64_t patience_us = end_us + 10ull * US_PER_S;
    uint64_t published = 0;
    uint64_t misc_us = start_us;
    uint64_t now = start_us;

    for (; now < patience_us && *flood->stop == 0; now = fleet_sockets_now_us()) {
        if (now < end_us) {
            const uint64_t target = flood->options->rate == 0
                                        ? published + flood->options->devices
                                        : (now - start_us) * flood->options->rate / US_PER_S;
            published = publish_up_to(flood, published, target);
        } else if (sum_counts(flood).acknowledged >= published) {
            break;
        }
        // Polled a thousand times a second: woken for each packet it would mostly measure waking.
        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        fleet_sockets_serve(&flood->sockets, 0);
        if (now - misc_us > MISC_PERIOD_US) {
            keep_alive(flood, now);
            misc_us = now;
        }
    }
    return now - start_us;
}

static void print_figures(const struct flood *flood, uint64_t elapsed_us)
{
    const struct fleet_options *options = flood->options;
    const struct fleet_counts counts = sum_counts(flood);
    const double seconds = (double)elapsed_us / US_PER_S;
    const double messages = counts.acknowledged > 0 ? (double)counts.acknowledged : 1.0;
    const double latency_ms = counts.latency_count > 0 ? (double)counts.latency_us_sum /
                                                             (double)counts.latency_count / 1e3
                                                       : 0.0;

    (void)printf(options->json
                     ? "{\"devices\":%u,\"window\":%u,\"seconds\":%.3f,\"published\":%" PRIu64
                       ",\"taken\":%" PRIu64 ",\"acknowledged\":%" PRIu64
                       ",\"disconnects\":%" PRIu64
                       ",\"messages_per_s\":%.0f,\"ack_mean_ms\":%.1f,\"ack_max_ms\":%.1f"
                     : "devices %u, window %u (a real device: 8), seconds %.3f\npublished %" PRIu64
                       ", taken by the broker %" PRIu64 ", stored and acknowledged %" PRIu64
                       ", disconnects %" PRIu64
                       "\nstored messages a second %.0f\nacknowledged after %.1f ms "
                       "(mean), %.1f ms (most)\n",
                 options->devices, options->window, seconds, counts.published, counts.taken,
                 counts.acknowledged, counts.disconnects, (double)counts.acknowledged / seconds,
                 latency_ms, (double)counts.latency_us_max / 1e3);
    for (unsigned i = 0; i < options->watch_count; i++) {
        const struct fleet_watch *watch = &options->watch[i];
        (void)printf(options->json ? ",\"%s\":{\"cpu_us_per_message\":%.2f,\"resident_mib\":%.1f}"
                                   : "%s: %.2f us of CPU a message, %.1f MiB resident\n",
                     watch->name, (double)(watch->after.cpu_us - watch->before.cpu_us) / messages,
                     (double)watch->after.resident_kib / 1024.0);
    }
    if (options->json) {
        (void)printf("}\n");
    }
}

static enum status measure(struct flood *flood)
{
    struct fleet_options *options = flood->options;

    for (unsigned i = 0; i < options->watch_count; i++) {
        if (process_usage_read(options->watch[i].pid, &options->watch[i].before) != STATUS_OK) {
            (void)fprintf(stderr, "there is no process %d to watch\n", (int)options->watch[i].pid);
            return STATUS_MISSING;
        }
    }
    const uint64_t elapsed_us = run(flood);
    for (unsigned i = 0; i < options->watch_count; i++) {
        if (process_usage_read(options->watch[i].pid, &options->watch[i].after) != STATUS_OK) {
            (void)fprintf(stderr, "%s ended during the run\n", options->watch[i].name);
            return STATUS_MISSING;
        }
    }
    print_figures(flood, elapsed_us);
    const struct fleet_counts counts = sum_counts(flood);
    return counts.published > 0 && counts.acknowledged == counts.published ? STATUS_OK : STATUS_IO;
}

enum status fleet_flood(struct fleet_options *options, const volatile sig_atomic_t *stop)
{
    struct flood flood = { .options = options, .stop = stop };
    enum status status = STATUS_FULL;
    struct fleet_ca *ca = fleet_ca_open(options->ca_path, options->ca_key_path);

    flood.devices = calloc(options->devices, sizeof *flood.devices);
    if (ca == NULL) {
        (void)fprintf(stderr, "cannot read %s and %s\n", options->ca_path, options->ca_key_path);
    } else if (flood.devices != NULL &&
               fleet_sockets_open(&flood.sockets, flood.devices, options->devices) == STATUS_OK) {
        status = connect_all(&flood, ca);
        if (status == STATUS_OK) {
            status = measure(&flood);
        } else {
            (void)fprintf(stderr, "cannot connect to %s:%u\n", options->host, options->port);
        }
    }
    for (unsigned i = 0; flood.devices != NULL && i < options->devices; i++) {
        fleet_device_close(&flood.devices[i]);
    }
    fleet_sockets_close(&flood.sockets);
    free(flood.devices);
    fleet_ca_close(ca);
    return status;
}
