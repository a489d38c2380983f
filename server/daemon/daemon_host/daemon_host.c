// SPDX-License-Identifier: MIT
#include "daemon_host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t utc_ms(void *ctx)
{
    (void)ctx;
    return clock_ms(CLOCK_REALTIME);
}

static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}

static void fill_random(void *ctx, uint8_t *out, size_t size)
{
    (void)ctx;
    size_t filled = 0;
    while (filled < size) {
        const ssize_t count = getrandom(out + filled, size - filled, 0);
        filled += count > 0 ? (size_t)count : 0;
    }
}

struct fleet_host daemon_host(void)
{
    return (struct fleet_host){ .utc_ms = utc_ms,
                                .monotonic_ms = monotonic_ms,
                                .fill_random = fill_random };
}

static void write_for_journal(void *ctx, enum fleet_log_level level, const char *line)
{
    (void)ctx;
    static const char *const prefix[] = { "<3>", "<4>", "<6>" }; // sd-daemon(3).
    (void)fprintf(stderr, "%s%s\n", prefix[level], line);
}

static void write_with_time(void *ctx, enum fleet_log_level level, const char *line)
{
    (void)ctx;
    static const char *const word[] = { "error", "warning", "info" };
    char stamp[32] = "";
    struct timespec now;
    struct tm parts;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &parts) != NULL) {
        (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    }
    (void)fprintf(stderr, "%s.%03ldZ %s: %s\n", stamp, now.tv_nsec / 1000000, word[level], line);
}

struct fleet_log daemon_log(void)
{
    const bool journal = getenv("JOURNAL_STREAM") != NULL;
    return (struct fleet_log){ .write = journal ? write_for_journal : write_with_time };
}

void daemon_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path == NULL || path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
        return;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0'; // An abstract name.
    }
    const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor >= 0) {
        const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        (void)sendto(descriptor, state, strlen(state), MSG_NOSIGNAL,
                     (const struct sockaddr *)&address, size);
        (void)close(descriptor);
    }
}
