// SPDX-License-Identifier: MIT

/// ohm-sim-fleet: many simulated meters in one process against a real broker and a real ohmd, to
/// measure what they carry. Prints figures; judges nothing.

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <mosquitto.h>

#include "fleet_device.h"
#include "fleet_identity.h"
#include "process_usage.h"

enum { EVENT_LIMIT = 512, WATCH_LIMIT = 8, US_PER_S = 1000000, MISC_PERIOD_US = 1000000 };

struct watch {
    const char *name;
    pid_t pid;
    struct process_usage before;
    struct process_usage after;
};

struct options {
    const char *host;
    const char *ca_path;
    const char *ca_key_path;
    const char *prefix;
    int port;
    unsigned devices;
    unsigned rate; ///< Messages per second over the whole fleet; 0 is as fast as the window allows.
    unsigned seconds;
    unsigned window;
    struct watch watch[WATCH_LIMIT];
    unsigned watch_count;
    bool json;
};

struct fleet {
    struct options options;
    struct fleet_device *devices;
    bool *wants_write;
    int poll;
    unsigned next;
};

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000u;
}

static const char usage[] =
    "Usage: ohm-sim-fleet --ca CA.pem --ca-key CA.key [options]\n"
    "\n"
    "Connects simulated meters to a broker with mutual TLS, publishes readings with QoS 1 and "
    "waits\n"
    "for the fleet server's watermarks.\n"
    "\n"
    "  --host HOST       broker (localhost)      --port PORT     (8883)\n"
    "  --devices N       meters (1000)           --rate N        messages a second in all; 0: no "
    "limit\n"
    "  --seconds N       length of the run (20)  --window N      unacknowledged messages a meter "
    "(40)\n"
    "  --prefix TEXT     of the device ids (sim) --json          figures as JSON\n"
    "  --watch NAME=PID  also print a process's CPU time per message and memory; PID may be self; "
    "repeatable\n";

static bool parse_watch(struct options *options, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || options->watch_count == WATCH_LIMIT) {
        return false;
    }
    *equals = '\0';
    const pid_t pid =
        strcmp(equals + 1, "self") == 0 ? getpid() : (pid_t)strtol(equals + 1, NULL, 10);
    options->watch[options->watch_count++] = (struct watch){ .name = text, .pid = pid };
    return true;
}

static bool parse_number(const char *text, unsigned *out)
{
    char *end = NULL;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value > 10000000ul) {
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "host", required_argument, NULL, 'h' },    { "port", required_argument, NULL, 'p' },
        { "ca", required_argument, NULL, 'c' },      { "ca-key", required_argument, NULL, 'k' },
        { "devices", required_argument, NULL, 'd' }, { "rate", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' }, { "window", required_argument, NULL, 'w' },
        { "prefix", required_argument, NULL, 'x' },  { "watch", required_argument, NULL, 'W' },
        { "json", no_argument, NULL, 'j' },          { NULL, 0, NULL, 0 },
    };
    unsigned port = 8883;
    bool good = true;

    *options = (struct options){
        .host = "localhost", .prefix = "sim", .devices = 1000, .seconds = 20, .window = 40
    };
    for (int key = 0; good && (key = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (key) {
        case 'h':
            options->host = optarg;
            break;
        case 'p':
            good = parse_number(optarg, &port) && port > 0 && port < 65536;
            break;
        case 'c':
            options->ca_path = optarg;
            break;
        case 'k':
            options->ca_key_path = optarg;
            break;
        case 'd':
            good = parse_number(optarg, &options->devices) && options->devices > 0;
            break;
        case 'r':
            good = parse_number(optarg, &options->rate);
            break;
        case 's':
            good = parse_number(optarg, &options->seconds) && options->seconds > 0;
            break;
        case 'w':
            good = parse_number(optarg, &options->window) && options->window > 0;
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
    return good && optind == argc && options->ca_path != NULL && options->ca_key_path != NULL;
}

static enum status watch_socket(struct fleet *fleet, unsigned index)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
    const int result =
        epoll_ctl(fleet->poll, EPOLL_CTL_ADD, fleet_device_socket(&fleet->devices[index]), &event);
    return result == 0 ? STATUS_OK : STATUS_IO;
}

static void follow_wants_write(struct fleet *fleet, unsigned index)
{
    const struct fleet_device *device = &fleet->devices[index];
    const bool wants = fleet_device_wants_write(device);
    if (wants != fleet->wants_write[index]) {
        struct epoll_event event = { .events = EPOLLIN | (wants ? (uint32_t)EPOLLOUT : 0u),
                                     .data.u32 = index };
        (void)epoll_ctl(fleet->poll, EPOLL_CTL_MOD, fleet_device_socket(device), &event);
        fleet->wants_write[index] = wants;
    }
}

/// Serves every socket that has something, waiting at most `wait_ms`. @return devices lost.
static unsigned serve_sockets(struct fleet *fleet, int wait_ms)
{
    struct epoll_event events[EVENT_LIMIT];
    unsigned lost = 0;
    const int count = epoll_wait(fleet->poll, events, EVENT_LIMIT, wait_ms);
    const uint64_t now = now_us();

    for (int i = 0; i < count; i++) {
        const unsigned index = events[i].data.u32;
        const enum status status = fleet_device_service(
            &fleet->devices[index], (events[i].events & ~(uint32_t)EPOLLOUT) != 0,
            (events[i].events & (uint32_t)EPOLLOUT) != 0, now);
        if (status == STATUS_OK) {
            follow_wants_write(fleet, index);
        } else {
            lost++;
        }
    }
    return lost;
}

static enum status connect_all(struct fleet *fleet, const struct fleet_ca *ca)
{
    const struct options *options = &fleet->options;

    for (unsigned i = 0; i < options->devices; i++) {
        char id[FLEET_ID_SIZE];
        (void)snprintf(id, sizeof id, "%.20s-%05u", options->prefix, i);
        void *tls = fleet_identity_open(ca, id, options->host);
        if (tls == NULL ||
            fleet_device_open(&fleet->devices[i], id, tls, options->window) != STATUS_OK ||
            fleet_device_connect(&fleet->devices[i], options->host, options->port) != STATUS_OK ||
            watch_socket(fleet, i) != STATUS_OK) {
            return STATUS_IO;
        }
        follow_wants_write(fleet, i);
        (void)serve_sockets(fleet, 0);
    }
    const uint64_t patience_us = now_us() + 60ull * US_PER_S;
    for (unsigned ready = 0; ready < options->devices && interrupted == 0;) {
        (void)serve_sockets(fleet, 10);
        ready = 0;
        for (unsigned i = 0; i < options->devices; i++) {
            ready += fleet->devices[i].subscribed ? 1u : 0u;
        }
        if (now_us() > patience_us) {
            (void)fprintf(stderr, "only %u of %u devices were let in\n", ready, options->devices);
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

/// Publishes until `target` messages have been sent in all or every window is full.
static uint64_t publish_up_to(struct fleet *fleet, uint64_t published, uint64_t target)
{
    unsigned refused = 0;
    while (published < target && refused < fleet->options.devices) {
        const unsigned index = fleet->next;
        struct fleet_device *device = &fleet->devices[index];
        fleet->next = (index + 1) % fleet->options.devices;
        if (fleet_device_can_publish(device) &&
            fleet_device_publish(device, now_us()) == STATUS_OK) {
            follow_wants_write(fleet, index);
            published++;
            refused = 0;
        } else {
            refused++;
        }
    }
    return published;
}

static struct fleet_counts sum_counts(const struct fleet *fleet)
{
    struct fleet_counts sum = { 0 };
    for (unsigned i = 0; i < fleet->options.devices; i++) {
        const struct fleet_counts *one = &fleet->devices[i].counts;
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

static void keep_alive(struct fleet *fleet, uint64_t now)
{
    for (unsigned i = 0; i < fleet->options.devices; i++) {
        (void)!fleet_device_service(&fleet->devices[i], false, false, now);
    }
}

/// Publishes for the given time and then waits for the watermarks. @return the whole time in µs.
static uint64_t run(struct fleet *fleet)
{
    const uint64_t start_us = now_us();
    const uint64_t end_us = start_us + (uint64_t)fleet->options.seconds * US_PER_S;
    const uint64_t patience_us = end_us + 10ull * US_PER_S;
    uint64_t published = 0;
    uint64_t misc_us = start_us;
    uint64_t now = start_us;

    for (; now < patience_us && interrupted == 0; now = now_us()) {
        if (now < end_us) {
            const uint64_t target = fleet->options.rate == 0
                                        ? published + fleet->options.devices
                                        : (now - start_us) * fleet->options.rate / US_PER_S;
            published = publish_up_to(fleet, published, target);
        } else if (sum_counts(fleet).acknowledged >= published) {
            break;
        }
        // Polled a thousand times a second: woken for each packet it would mostly measure waking.
        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        (void)serve_sockets(fleet, 0);
        if (now - misc_us > MISC_PERIOD_US) {
            keep_alive(fleet, now);
            misc_us = now;
        }
    }
    return now - start_us;
}

static void print_figures(const struct fleet *fleet, uint64_t elapsed_us)
{
    const struct options *options = &fleet->options;
    const struct fleet_counts counts = sum_counts(fleet);
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
        const struct watch *watch = &options->watch[i];
        (void)printf(options->json ? ",\"%s\":{\"cpu_us_per_message\":%.2f,\"resident_mib\":%.1f}"
                                   : "%s: %.2f us of CPU a message, %.1f MiB resident\n",
                     watch->name, (double)(watch->after.cpu_us - watch->before.cpu_us) / messages,
                     (double)watch->after.resident_kib / 1024.0);
    }
    if (options->json) {
        (void)printf("}\n");
    }
}

static enum status measure(struct fleet *fleet)
{
    struct options *options = &fleet->options;

    for (unsigned i = 0; i < options->watch_count; i++) {
        if (process_usage_read(options->watch[i].pid, &options->watch[i].before) != STATUS_OK) {
            (void)fprintf(stderr, "there is no process %d to watch\n", (int)options->watch[i].pid);
            return STATUS_MISSING;
        }
    }
    const uint64_t elapsed_us = run(fleet);
    for (unsigned i = 0; i < options->watch_count; i++) {
        if (process_usage_read(options->watch[i].pid, &options->watch[i].after) != STATUS_OK) {
            (void)fprintf(stderr, "%s ended during the run\n", options->watch[i].name);
            return STATUS_MISSING;
        }
    }
    print_figures(fleet, elapsed_us);
    const struct fleet_counts counts = sum_counts(fleet);
    return counts.published > 0 && counts.acknowledged == counts.published ? STATUS_OK : STATUS_IO;
}

int main(int argc, char **argv)
{
    struct fleet fleet = { 0 };
    if (!parse_options(argc, argv, &fleet.options)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    (void)signal(SIGINT, note_interrupt);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)mosquitto_lib_init();

    enum status status = STATUS_IO;
    struct fleet_ca *ca = fleet_ca_open(fleet.options.ca_path, fleet.options.ca_key_path);
    fleet.devices = calloc(fleet.options.devices, sizeof *fleet.devices);
    fleet.wants_write = calloc(fleet.options.devices, sizeof *fleet.wants_write);
    fleet.poll = epoll_create1(EPOLL_CLOEXEC);
    if (ca == NULL) {
        (void)fprintf(stderr, "cannot read %s and %s\n", fleet.options.ca_path,
                      fleet.options.ca_key_path);
    } else if (fleet.devices != NULL && fleet.wants_write != NULL && fleet.poll >= 0) {
        status = connect_all(&fleet, ca);
        if (status == STATUS_OK) {
            status = measure(&fleet);
        } else {
            (void)fprintf(stderr, "cannot connect to %s:%d\n", fleet.options.host,
                          fleet.options.port);
        }
    }
    for (unsigned i = 0; fleet.devices != NULL && i < fleet.options.devices; i++) {
        fleet_device_close(&fleet.devices[i]);
    }
    free(fleet.devices);
    free(fleet.wants_write);
    fleet_ca_close(ca);
    (void)mosquitto_lib_cleanup();
    return status == STATUS_OK ? 0 : 1;
}
