// SPDX-License-Identifier: MIT
#pragma once

/// The Wi-Fi seam on the chip's radio: a station, and a hotspot for setting up.
///
/// Sources: ESP-IDF v5.5 and v5.3, esp_wifi.h, esp_wifi_types_generic.h, esp_netif.h,
/// esp_wifi_default.h; the Programming Guide's "Wi-Fi Driver" with its list of reason codes.
///
/// Nothing that the radio is told is kept in flash (WIFI_STORAGE_RAM): the credentials are in the
/// device's own store, and a hotspot cannot come back with a restart. It is on the air only between
/// open_hotspot() and close_hotspot(), which takes the radio's access point out of its mode.
///
/// The radio's events come in a task of its own and wait in a queue; the task that calls the seam
/// works on them in next_event().

#include <stdbool.h>
#include <stdint.h>

#include "esp_netif.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "station_link.h"
#include "status.h"
#include "wifi.h"

enum {
    STATION_RADIO_NOTES = 16,
    STATION_RADIO_EVENTS = 8,
    STATION_RADIO_ATTEMPT_MS = 30000, ///< For a link, and again for an address.
    STATION_RADIO_SCAN_MS = 15000,    ///< Longest scan; of all channels it takes some 4 s.
    STATION_RADIO_GUESTS = 4,         ///< Stations on the hotspot.
};

struct station_radio_options {
    const char *hostname; ///< For DHCP; NULL: ESP-IDF's.
    char country[3]; ///< One that esp_wifi_set_country_code() lists, such as "GB"; empty: "01",
                     ///< the world's common channels.
};

/// What the radio's own task has seen.
struct station_radio_note {
    enum {
        STATION_RADIO_LINK_UP,
        STATION_RADIO_LINK_DOWN,
        STATION_RADIO_ADDRESS,
        STATION_RADIO_SCANNED
    } kind;
    uint8_t reason;         ///< On LINK_DOWN, the driver's.
    esp_ip4_addr_t address; ///< On ADDRESS.
};

/// Storage for the radio, owned by the caller. Use it only through the functions below.
struct station_radio {
    esp_netif_t *station;
    esp_netif_t *hotspot;
    QueueHandle_t notes;
    StaticQueue_t notes_queue;
    uint8_t notes_storage[STATION_RADIO_NOTES * sizeof(struct station_radio_note)];
    enum station_state state;
    int64_t since_us; ///< In this state.
    struct wifi_credentials wanted;
    uint8_t reason;
    char address[WIFI_ADDRESS_SIZE];
    bool is_scanning;
    int64_t scan_since_us;
    bool has_hotspot;
    struct wifi_network found[WIFI_NETWORK_LIMIT];
    unsigned found_count;
    wifi_ap_record_t records[WIFI_NETWORK_LIMIT];
    struct wifi_event events[STATION_RADIO_EVENTS];
    unsigned event_count;
};

/// Starts the radio as a station that is connected to nothing. esp_netif_init() and
/// esp_event_loop_create_default() have been called before; NVS is open, where the driver keeps its
/// calibration.
///
/// @return STATUS_IO  the driver refuses.
MUST_CHECK enum status station_radio_open(struct station_radio *radio,
                                          const struct station_radio_options *options);

/// The seam on `radio`, which must outlive it.
struct wifi station_radio_seam(struct station_radio *radio);

/// The hotspot's address, for the portal and the name server; 0.0.0.0 while it is closed.
esp_ip4_addr_t station_radio_hotspot_address(const struct station_radio *radio);
