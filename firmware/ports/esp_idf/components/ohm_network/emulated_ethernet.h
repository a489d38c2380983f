// SPDX-License-Identifier: MIT
#pragma once

/// The Ethernet of Espressif's QEMU in the place of Wi-Fi, so that an image runs there without
/// touching the radio, which the emulator does not have.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_eth.h, esp_eth_mac_openeth.h, and the example
/// examples/common_components/protocol_examples_common/eth_connect.c. Only where
/// CONFIG_ETH_USE_OPENETH is set; elsewhere emulated_ethernet_open() is STATUS_INVALID.
///
/// As a radio it has no networks in reach, and any credentials lead to the same wire. A hotspot
/// that is opened is not there: the portal is reached at the device's own address.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "esp_netif.h"
#include "status.h"
#include "wifi.h"

enum { EMULATED_ETHERNET_EVENTS = 4 };

/// Storage, owned by the caller. Use it only through the functions below.
struct emulated_ethernet {
    esp_netif_t *netif;
    _Atomic uint32_t address; ///< In network order; 0: none. Written by the network's task.
    bool is_wanted;
    bool is_told; ///< That there is an address.
    struct wifi_event events[EMULATED_ETHERNET_EVENTS];
    unsigned event_count;
};

/// Starts the wire and asks for an address. esp_netif_init() and esp_event_loop_create_default()
/// have been called before.
///
/// @return STATUS_INVALID  the image is not built for it;  STATUS_IO  the driver refuses.
MUST_CHECK enum status emulated_ethernet_open(struct emulated_ethernet *ethernet);

/// The seam on `ethernet`, which must outlive it.
struct wifi emulated_ethernet_seam(struct emulated_ethernet *ethernet);
