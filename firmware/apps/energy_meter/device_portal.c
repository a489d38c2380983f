// SPDX-License-Identifier: MIT
#include "device_portal.h"

#include <stddef.h>

enum { LISTEN_AGAIN_MS = 1000 };

void device_portal_init(struct device_portal *device, const struct options *options,
                        struct host_log *log, struct portal *portal)
{
    *device = (struct device_portal){ .options = options, .log = log, .portal = portal };
}

static void open_pages(struct device_portal *device, uint64_t now_ms)
{
    const struct options *options = device->options;
    const enum status status = portal_listener_open(
        options->portal_address, (uint16_t)options->portal_port, device->portal, &device->pages);

    if (status == STATUS_OK) {
        host_log_say(device->log, HOST_LOG_INFO, "set-up: http://%s:%u/", options->portal_address,
                     portal_listener_port(device->pages));
        return;
    }
    device->pages_ms = now_ms + LISTEN_AGAIN_MS;
    if (!device->pages_told) {
        device->pages_told = true;
        host_log_say(device->log, HOST_LOG_WARNING, "the portal cannot listen at %s:%u yet (%s)",
                     options->portal_address, options->portal_port, status_name(status));
    }
}

static void open_names(struct device_portal *device, uint64_t now_ms)
{
    const char *address = device->options->portal_address;
    uint16_t port = 0;

    if (!options_dns_port(device->options, &port)) {
        return;
    }
    const enum status status = dns_listener_open(address, port, &device->names);
    if (status == STATUS_OK) {
        host_log_say(device->log, HOST_LOG_INFO, "set-up: names are answered at %s:%u", address,
                     dns_listener_port(device->names));
        return;
    }
    device->names_ms = now_ms + LISTEN_AGAIN_MS;
    if (!device->names_told && status == STATUS_BUSY) {
        device->names_told = true;
        host_log_say(device->log, HOST_LOG_WARNING,
                     "another name server has %s:%u, so the set-up page does not open by itself; "
                     "docs/operations.md says how to have NetworkManager's let go of it",
                     address, port);
    } else if (!device->names_told) {
        device->names_told = true;
        host_log_say(device->log, HOST_LOG_WARNING,
                     "names cannot be answered at %s:%u yet (%s); ports below 1024 need the right "
                     "CAP_NET_BIND_SERVICE",
                     address, port, status_name(status));
    }
}

static void close_names(struct device_portal *device)
{
    if (device->names != NULL) {
        dns_listener_close(device->names);
        device->names = NULL;
        host_log_say(device->log, HOST_LOG_INFO, "set-up: names are no longer answered");
    }
    device->names_told = false;
}

void device_portal_step(struct device_portal *device, bool is_window_open, uint64_t now_ms)
{
    if (device->pages == NULL && now_ms >= device->pages_ms) {
        open_pages(device, now_ms);
    }
    if (device->pages != NULL) {
        portal_listener_step(device->pages, now_ms, 0);
    }
    if (!is_window_open) {
        close_names(device);
        return;
    }
    if (device->names == NULL && now_ms >= device->names_ms) {
        open_names(device, now_ms);
    }
    if (device->names != NULL) {
        dns_listener_step(device->names);
    }
}

void device_portal_close(struct device_portal *device)
{
    portal_listener_close(device->pages);
    dns_listener_close(device->names);
}
