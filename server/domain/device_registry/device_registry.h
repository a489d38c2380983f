// SPDX-License-Identifier: MIT
#pragma once

/// The devices of the fleet as they are now: who is online, what they last said. A device that
/// connects with a valid certificate is known from its first message on.
///
/// A device is online when a message of it came in the last DEVICE_REGISTRY_SILENCE_MS; its last
/// will or the word "offline" in `system_status` ends that at once. Any thread may call any
/// function.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device_view.h"
#include "fleet_events.h"
#include "fleet_host.h"
#include "status.h"

enum {
    DEVICE_REGISTRY_SILENCE_MS = 90000,
    DEVICE_REGISTRY_ASK_MS = 30000, ///< So long an answer about relays is waited for.
    DEVICE_REGISTRY_LIMIT = 100000, ///< Most devices; further ones are refused.
};

struct device_registry;

/// @param events  told of changes; must outlive the registry.
/// @return NULL   no memory.
struct device_registry *device_registry_open(const struct fleet_host *host,
                                             const struct fleet_events *events);

/// Frees the registry; NULL is fine.
void device_registry_close(struct device_registry *registry);

/// Copies what is known of a device.
///
/// @return STATUS_MISSING  it is not known.
MUST_CHECK enum status device_registry_find(struct device_registry *registry, const char *device_id,
                                            struct device_view *view);

/// Copies the devices from number `skip` on, in the order of their names (device_id, as bytes), at
/// most `capacity`; `*count` becomes how many were copied and `*total` how many there are.
void device_registry_list(struct device_registry *registry, size_t skip, struct device_view *views,
                          size_t capacity, size_t *count, size_t *total);

/// Copies the newest reading of a device.
///
/// @return STATUS_MISSING  the device is not known or has no reading yet.
MUST_CHECK enum status device_registry_latest(struct device_registry *registry,
                                              const char *device_id, struct stored_reading *latest);

/// Adds a device from the store, before the first message. Its online state is unknown: offline.
///
/// @param latest  its newest reading, or NULL.
MUST_CHECK enum status device_registry_restore(struct device_registry *registry,
                                               const struct device_record *record,
                                               const struct stored_reading *latest);

/// Changes the name that people gave. The caller has stored it already.
MUST_CHECK enum status device_registry_rename(struct device_registry *registry,
                                              const char *device_id, const char *name);

/// Notes any message of the device; the first one makes it known and online.
///
/// @return STATUS_FULL  there are DEVICE_REGISTRY_LIMIT devices, or no memory.
MUST_CHECK enum status device_registry_seen(struct device_registry *registry,
                                            const char *device_id);

/// What `system_status` said.
struct device_status_report {
    bool offline;  ///< The last will, or the device signed off.
    bool retained; ///< Kept by the broker from an earlier time: says nothing about now.
    bool version_known;
    char firmware_version[DEVICE_VERSION_SIZE];
    bool journal_depth_known;
    uint64_t journal_depth;
    struct device_tamper tamper;
};

MUST_CHECK enum status device_registry_report_status(struct device_registry *registry,
                                                     const char *device_id,
                                                     const struct device_status_report *report);

/// Notes the relays as the device reported them and tells `events`.
MUST_CHECK enum status device_registry_report_relays(struct device_registry *registry,
                                                     const char *device_id, uint8_t relay_mask);

/// Tells whether the device should be asked for its relays now: it is online and has not said how
/// they are since this server started. Then it answers no for DEVICE_REGISTRY_ASK_MS.
bool device_registry_should_ask_relays(struct device_registry *registry, const char *device_id);

/// Notes a reading that has been committed and tells `events`. An older reading than the newest one
/// of the same journal changes nothing.
void device_registry_report_reading(struct device_registry *registry,
                                    const struct stored_reading *reading, bool unacknowledged_data);

/// Tells `events` of a finding that has been committed.
void device_registry_report_finding(struct device_registry *registry,
                                    const struct stored_finding *finding);

/// Finds the devices that have fallen silent and tells `events`; call it about once a second.
void device_registry_tick(struct device_registry *registry);
