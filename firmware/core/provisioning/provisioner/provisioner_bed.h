// SPDX-License-Identifier: MIT
#pragma once

/// What the tests of the provisioner stand on: fleet_fake for storage, keys and server, a radio
/// made of variables, and a clock that runs only while a test lets it.

#include <stdbool.h>
#include <stdint.h>

#include "fleet_fake.h"
#include "provisioner.h"

enum { STEP_MS = 100, JOIN_MS = 3000, MINUTE_MS = 60000, EVENT_LIMIT = 8 };

/// A radio with one network, "home" with the password "password1".
struct fake_radio {
    bool is_there;
    bool never_answers;
    enum wifi_reason failure; ///< Of an attempt with the right password, or WIFI_REASON_NONE.
    bool hotspot;
    unsigned hotspot_opened;
    bool is_trying;
    bool is_up;
    struct wifi_credentials tried;
    uint64_t answer_ms;
    struct wifi_event events[EVENT_LIMIT];
    unsigned event_count;
    unsigned attempts;
    unsigned scans;
};

extern struct fleet_fake fake;
extern struct fake_radio radio;
extern struct provisioner provisioner;
extern struct portal_host host;
extern uint64_t now_ms;
extern const char *device_name; ///< Its own; empty: it has none.
extern char last_trouble[64];

/// Has the radio tell something with its next event.
void happen(enum wifi_event_kind kind, enum wifi_reason reason);

/// As after the power has come back.
void boot(void);

/// For every test: a device from the factory, and a server that takes "token-1".
int start(void **state);

/// Lets time pass, step by step; a device without power does nothing.
void run(uint64_t duration_ms);

/// Lets time pass until the state is there, for an hour at most.
void run_to(enum provisioning_state wanted);

/// What a person gives at the portal.
enum status submit(const char *ssid, const char *password, const char *id, const char *token);

struct portal_status status_of(void);
struct portal_facts facts_of(void);

/// From the factory to a session with the broker.
void provision(void);
