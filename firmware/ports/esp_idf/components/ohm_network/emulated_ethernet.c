// SPDX-License-Identifier: MIT
#include "emulated_ethernet.h"

#include <stdio.h>
#include <string.h>

#include "esp_eth.h"
#include "esp_event.h"
#include "sdkconfig.h"

static void happen(struct emulated_ethernet *ethernet, enum wifi_event_kind kind,
                   enum wifi_reason reason, uint32_t address)
{
    const esp_ip4_addr_t ip = { .addr = address };
    if (ethernet->event_count == EMULATED_ETHERNET_EVENTS) {
        return;
    }
    struct wifi_event *event = &ethernet->events[ethernet->event_count++];
    *event = (struct wifi_event){ .kind = kind, .reason = reason };
    if (kind == WIFI_EVENT_CONNECTED) {
        (void)snprintf(event->address, sizeof event->address, IPSTR, IP2STR(&ip));
    }
}

static enum status open_hotspot(void *ctx, const char *ssid, const char *password)
{
    (void)ctx;
    (void)ssid;
    return strlen(password) < WIFI_PASSWORD_LEAST ? STATUS_INVALID : STATUS_OK;
}

static void close_hotspot(void *ctx)
{
    (void)ctx;
}

static enum status scan(void *ctx)
{
    happen(ctx, WIFI_EVENT_SCANNED, WIFI_REASON_NONE, 0);
    return STATUS_OK;
}

static size_t networks(void *ctx, struct wifi_network *out, size_t capacity)
{
    (void)ctx;
    (void)out;
    (void)capacity;
    return 0;
}

static enum status connect_wire(void *ctx, const struct wifi_credentials *credentials)
{
    struct emulated_ethernet *ethernet = ctx;
    if (credentials->ssid_size == 0 || credentials->ssid_size > WIFI_SSID_LIMIT) {
        return STATUS_INVALID;
    }
    ethernet->is_wanted = true;
    ethernet->is_told = false;
    return STATUS_OK;
}

static void disconnect_wire(void *ctx)
{
    struct emulated_ethernet *ethernet = ctx;
    ethernet->is_wanted = false;
    ethernet->is_told = false;
}

static enum status next_event(void *ctx, struct wifi_event *event)
{
    struct emulated_ethernet *ethernet = ctx;
    const uint32_t address = atomic_load(&ethernet->address);

    if (ethernet->is_wanted && !ethernet->is_told && address != 0) {
        ethernet->is_told = true;
        happen(ethernet, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE, address);
    } else if (ethernet->is_told && address == 0) {
        disconnect_wire(ethernet);
        happen(ethernet, WIFI_EVENT_LOST, WIFI_REASON_LOST, 0);
    }
    if (ethernet->event_count == 0) {
        return STATUS_MISSING;
    }
    *event = ethernet->events[0];
    memmove(ethernet->events, ethernet->events + 1,
            (--ethernet->event_count) * sizeof *ethernet->events);
    return STATUS_OK;
}

struct wifi emulated_ethernet_seam(struct emulated_ethernet *ethernet)
{
    return (struct wifi){ .open_hotspot = open_hotspot,
                          .close_hotspot = close_hotspot,
                          .scan = scan,
                          .networks = networks,
                          .connect = connect_wire,
                          .disconnect = disconnect_wire,
                          .next_event = next_event,
                          .ctx = ethernet };
}

#if CONFIG_ETH_USE_OPENETH

#include "esp_eth_mac_openeth.h"

enum { NEGOTIATION_MS = 100 }; // The emulated PHY is up at once.

static void on_address(void *ctx, esp_event_base_t base, int32_t id, void *data)
{
    struct emulated_ethernet *ethernet = ctx;
    (void)base;
    if (id == IP_EVENT_ETH_GOT_IP) {
        const ip_event_got_ip_t *event = data;
        atomic_store(&ethernet->address, event->ip_info.ip.addr);
    } else if (id == IP_EVENT_ETH_LOST_IP) {
        atomic_store(&ethernet->address, 0);
    }
}

enum status emulated_ethernet_open(struct emulated_ethernet *ethernet)
{
    const esp_netif_config_t netif = ESP_NETIF_DEFAULT_ETH();
    const eth_mac_config_t mac_config = ETH_MAC_DEFAULT_CONFIG();
    eth_phy_config_t phy_config = ETH_PHY_DEFAULT_CONFIG();
    esp_eth_handle_t wire = NULL;

    *ethernet = (struct emulated_ethernet){ .netif = esp_netif_new(&netif) };
    phy_config.autonego_timeout_ms = NEGOTIATION_MS;
    esp_eth_mac_t *mac = esp_eth_mac_new_openeth(&mac_config);
    esp_eth_phy_t *phy = esp_eth_phy_new_dp83848(&phy_config);
    if (ethernet->netif == NULL || mac == NULL || phy == NULL) {
        return STATUS_IO;
    }
    const esp_eth_config_t config = ETH_DEFAULT_CONFIG(mac, phy);
    if (esp_eth_driver_install(&config, &wire) != ESP_OK ||
        esp_netif_attach(ethernet->netif, esp_eth_new_netif_glue(wire)) != ESP_OK ||
        esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, on_address, ethernet) != ESP_OK ||
        esp_eth_start(wire) != ESP_OK) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

#else

enum status emulated_ethernet_open(struct emulated_ethernet *ethernet)
{
    *ethernet = (struct emulated_ethernet){ .netif = NULL };
    return STATUS_INVALID;
}

#endif
