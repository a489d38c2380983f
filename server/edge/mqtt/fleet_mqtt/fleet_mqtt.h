// SPDX-License-Identifier: MIT
#pragma once

/// The fleet's line to the broker: one TLS connection under the name `ohmd`, with its own loop in a
/// thread that the daemon starts. Batches go to the intake, everything else to registry and
/// tracker; acknowledgements, commands and leases go out.
///
/// While the intake has no room, the socket is not read.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command_signer.h"
#include "device_link.h"
#include "fleet.h"
#include "fleet_log.h"
#include "intake.h"

struct fleet_mqtt_options {
    const char *host;
    int port;
    const char *ca_file; ///< PEM, as are the next two.
    const char *certificate_file;
    const char *key_file;
    const char *lab_device;              ///< Speaks the flat topics; NULL: none does.
    const struct command_signer *signer; ///< Signs every command; NULL: none is signed.
    unsigned messages_per_s;             ///< A device may send so many for long.
    const struct fleet_host *fleet_host;
    const struct fleet_log *log;
    struct fleet_counters *counters;
};

struct fleet_mqtt;

/// Checks the certificates; the connection is made by fleet_mqtt_run(). The strings must outlive
/// it.
///
/// @param error  receives a sentence that names the cause when this fails.
/// @return NULL  it cannot work.
struct fleet_mqtt *fleet_mqtt_open(const struct fleet_mqtt_options *options, char *error,
                                   size_t error_size);
void fleet_mqtt_close(struct fleet_mqtt *mqtt);

/// The way to the devices, for the tracker; usable before fleet_mqtt_run().
const struct device_link *fleet_mqtt_link(struct fleet_mqtt *mqtt);

/// What the intake tells, for intake_open().
const struct intake_sink *fleet_mqtt_sink(struct fleet_mqtt *mqtt);

/// Connects, reconnects and works until fleet_mqtt_stop(). Registry, tracker and intake are those
/// that were made after fleet_mqtt_open().
void fleet_mqtt_run(struct fleet_mqtt *mqtt, struct device_registry *devices,
                    struct command_tracker *commands, struct intake *intake);

/// Ends fleet_mqtt_run(); acknowledgements that wait are sent first. Any thread.
void fleet_mqtt_stop(struct fleet_mqtt *mqtt);

/// Tells whether the broker is connected, and if not, why in `reason`. Any thread.
bool fleet_mqtt_is_connected(struct fleet_mqtt *mqtt, char *reason, size_t size);
