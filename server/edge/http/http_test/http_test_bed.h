// SPDX-License-Identifier: MIT
#pragma once

/// A fleet server without disk, broker and devices: the real HTTP edge, accounts, registry, tracker
/// and hub over fakes that behave like the parts they stand for.

#include <pthread.h>

#include "http_server.h"
#include "http_test_identity.h"

#define BED_DEVICE "meter-1"

/// How the device behind the link answers a command.
enum bed_device {
    BED_DEVICE_CONFIRMS,
    BED_DEVICE_IS_BUSY,
    BED_DEVICE_IS_SILENT,
    BED_BROKER_IS_AWAY,
};

struct http_test_bed {
    struct fleet fleet;
    struct fleet_host host;
    struct fleet_store store;
    struct device_link link;
    struct fleet_health health;
    struct fleet_events events;
    struct fleet_counters counters;
    struct account_store account_rows;
    struct account_crypto crypto;
    struct accounts *accounts;
    struct stream_hub *hub;
    struct http_server *server;
    struct bed_identity *identity; ///< NULL: the server enrols nobody.
    char password[ACCOUNTS_PASSWORD_SIZE];

    pthread_mutex_t lock; ///< Guards what follows.
    struct account account;
    bool has_account;
    int64_t skipped_ms; ///< Added to both clocks.
    enum bed_device device;
    bool store_fails;
    bool well;
    unsigned commands_sent;
    unsigned answers_under_way; ///< Threads that answer for the device.
    struct relay_command last_command;
    char last_cmd_id[COMMAND_ID_SIZE];
    char name[DEVICE_NAME_SIZE];
    char folder[64]; ///< Certificate, key and a small dashboard; removed at the end.
};

/// Builds everything and opens both listeners on free ports. Fails the test when it cannot.
void bed_open(struct http_test_bed *bed, const struct http_server_config *changes);

/// The same, with a certificate authority and the listener for devices.
void bed_open_enrolling(struct http_test_bed *bed, const struct http_server_config *changes);

void bed_close(struct http_test_bed *bed);

/// Lets time pass for the server.
void bed_skip_ms(struct http_test_bed *bed, int64_t ms);

/// What a device's reading of that number looks like.
struct stored_reading bed_reading(uint64_t seq);

/// Fills in what the fake store says of findings and presets.
void bed_store_fill(struct fleet_store *store);

bool bed_store_fails(struct http_test_bed *bed);

/// The path of a file in the bed's folder.
const char *bed_path(const struct http_test_bed *bed, const char *name, char out[128]);
