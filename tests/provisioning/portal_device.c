// SPDX-License-Identifier: MIT

/// The set-up portal on a real socket with a pretended device behind it, for tests with curl and in
/// a browser. Usage: portal_device [--sealed] [--closed]
///
/// Prints its address, and ends with its standard input. Credentials are tried for half a second;
/// the password "wrong-password" and the token "wrong-token" are refused, any others take it on
/// line. What it was given it prints as a line.

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake_portal_host.h"
#include "openssl_crypto.h"
#include "pairing_rig.h"
#include "portal_listener.h"

enum { TRY_MS = 500, STEP_MS = 20 };

struct pretender {
    struct fake_portal_host fake;
    struct crypto crypto;
    struct pairing_rig rig;
    struct pairing_session pairing;
    struct portal portal;
    unsigned seen;   ///< Submissions that were looked at.
    uint64_t end_ms; ///< When the present attempt ends; 0: there is none.
};

static uint64_t now_ms(void)
{
    struct timespec now = { .tv_sec = 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static struct portal_status outcome_of(const struct portal_submission *submission)
{
    if (strcmp(submission->wifi.password, "wrong-password") == 0) {
        return (struct portal_status){ .state = "AP_MODE", .reason = "auth_failed" };
    }
    const bool is_refused = strcmp(submission->token, "wrong-token") == 0;
    return (struct portal_status){ .progress = PORTAL_CONNECTED,
                                   .address = "192.168.1.100",
                                   .state = is_refused ? "SUBMIT_CSR" : "MQTT_CONNECTED",
                                   .reason = is_refused ? "token_expired" : NULL };
}

static void pretend(struct pretender *device, uint64_t now)
{
    struct fake_portal_host *fake = &device->fake;
    const struct portal_submission *last = &fake->last;
    if (device->seen != fake->submissions) {
        device->seen = fake->submissions;
        device->end_ms = now + TRY_MS;
        fake->answer = STATUS_BUSY;
        fake->status = (struct portal_status){ .state = "WIFI_CONNECTING" };
        (void)printf("ssid=%.*s password=%s device_id=%s token=%s bearer=%s\n",
                     (int)last->wifi.ssid_size, (const char *)last->wifi.ssid, last->wifi.password,
                     last->device_id, last->token, last->bearer);
        (void)fflush(stdout);
    }
    if (device->end_ms != 0 && now >= device->end_ms) {
        device->end_ms = 0;
        fake->answer = STATUS_OK;
        fake->status = outcome_of(last);
    }
    fake->is_cached = fake->scans == 0;
}

int main(int argc, char **argv)
{
    static struct pretender device;
    struct portal_listener *listener = NULL;
    struct fake_portal_host *fake = &device.fake;

    fake_portal_host_init(fake);
    fake_portal_host_add(fake, "Caf\xC3\xA9 <b>&</b>", 14, -62, 1, true);
    fake_portal_host_add(fake, "Statsnapp", 9, -80, 11, true);
    for (int i = 1; i < argc; i++) {
        fake->facts.are_plain_taken =
            fake->facts.are_plain_taken && strcmp(argv[i], "--sealed") != 0;
        fake->facts.is_open = fake->facts.is_open && strcmp(argv[i], "--closed") != 0;
    }
    fake->answer = fake->facts.is_open ? STATUS_OK : STATUS_MISSING;
    device.crypto = openssl_crypto();
    pairing_rig_init(&device.rig, &device.crypto);
    pairing_session_init(&device.pairing, &device.rig.needs);
    portal_init(&device.portal, &fake->host, &device.pairing);
    if (portal_listener_open("127.0.0.1", 0, &device.portal, &listener) != STATUS_OK) {
        perror("portal_device");
        return 1;
    }
    (void)snprintf(fake->facts.address, sizeof fake->facts.address, "127.0.0.1");
    fake->facts.port = portal_listener_port(listener);
    (void)printf("http://127.0.0.1:%u\n", (unsigned)fake->facts.port);
    (void)fflush(stdout);

    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    char byte = 0;
    while (poll(&input, 1, 0) == 0 || read(STDIN_FILENO, &byte, 1) > 0) {
        portal_listener_step(listener, now_ms(), STEP_MS);
        pretend(&device, now_ms());
    }
    portal_listener_close(listener);
    return 0;
}
