// SPDX-License-Identifier: MIT
#include "station_radio.h"

#include <stdio.h>
#include <string.h>

#include "constant_time.h"
#include "esp_event.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "esp_wifi_default.h"

static const int64_t US_PER_MS = 1000;

/// What a note from the radio's own task cannot hold is lost: the queue is longer than what can
/// happen between two steps of its reader.
static void put_note(struct station_radio *radio, const struct station_radio_note *note)
{
    (void)xQueueSend(radio->notes, note, 0);
}

static void on_wifi(void *ctx, esp_event_base_t base, int32_t id, void *data)
{
    struct station_radio *radio = ctx;
    struct station_radio_note note = { .kind = STATION_RADIO_LINK_UP };
    (void)base;
    if (id == WIFI_EVENT_STA_DISCONNECTED) {
        const wifi_event_sta_disconnected_t *event = data;
        note.kind = STATION_RADIO_LINK_DOWN;
        note.reason = event->reason;
    } else if (id == WIFI_EVENT_SCAN_DONE) {
        note.kind = STATION_RADIO_SCANNED;
    } else if (id != WIFI_EVENT_STA_CONNECTED) {
        return;
    }
    put_note(radio, &note);
}

static void on_address(void *ctx, esp_event_base_t base, int32_t id, void *data)
{
    const ip_event_got_ip_t *event = data;
    const struct station_radio_note note = { .kind = STATION_RADIO_ADDRESS,
                                             .address = event->ip_info.ip };
    (void)base;
    (void)id;
    put_note(ctx, &note);
}

/// What the driver's reason means to a person. The Programming Guide's "Wi-Fi Reason Code" says
/// what each comes from; a wrong password mostly shows as a handshake that times out.
static enum wifi_reason reason_of(const struct station_radio *radio)
{
    switch (radio->reason) {
    case WIFI_REASON_AUTH_FAIL:
    case WIFI_REASON_4WAY_HANDSHAKE_TIMEOUT:
    case WIFI_REASON_HANDSHAKE_TIMEOUT:
    case WIFI_REASON_MIC_FAILURE:
    case WIFI_REASON_802_1X_AUTH_FAILED:
    // The name is there, but with a password where none was given, or without one.
    case WIFI_REASON_NO_AP_FOUND_W_COMPATIBLE_SECURITY:
    case WIFI_REASON_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD:
        return WIFI_REASON_AUTH_FAILED;
    case WIFI_REASON_NO_AP_FOUND:
    case WIFI_REASON_NO_AP_FOUND_IN_RSSI_THRESHOLD:
        return WIFI_REASON_NOT_FOUND;
    default:
        return WIFI_REASON_LOST;
    }
}

static void happen(struct station_radio *radio, enum wifi_event_kind kind, enum wifi_reason reason)
{
    if (radio->event_count == STATION_RADIO_EVENTS) {
        memmove(radio->events, radio->events + 1, sizeof radio->events - sizeof *radio->events);
        radio->event_count--;
    }
    struct wifi_event *event = &radio->events[radio->event_count++];
    *event = (struct wifi_event){ .kind = kind, .reason = reason };
    if (kind == WIFI_EVENT_CONNECTED) {
        memcpy(event->address, radio->address, sizeof event->address);
    }
}

/// Hands the wanted network to the driver. @return false  it refuses.
static bool join(struct station_radio *radio)
{
    struct wifi_credentials *wanted = &radio->wanted;
    wifi_config_t config = { .sta = { .scan_method = WIFI_ALL_CHANNEL_SCAN,
                                      .sort_method = WIFI_CONNECT_AP_BY_SIGNAL,
                                      .sae_pwe_h2e = WPA3_SAE_PWE_BOTH,
                                      .failure_retry_cnt = 2 } };

    memcpy(config.sta.ssid, wanted->ssid, wanted->ssid_size);
    // The field has no room for a 0 behind 64 digits and needs none.
    memcpy(config.sta.password, wanted->password, strnlen(wanted->password, WIFI_PASSWORD_LIMIT));
    // Who gives a password does not want to end in an open network of the same name.
    config.sta.threshold.authmode =
        wanted->password[0] != '\0' ? WIFI_AUTH_WPA_PSK : WIFI_AUTH_OPEN;
    const bool good =
        esp_wifi_set_config(WIFI_IF_STA, &config) == ESP_OK && esp_wifi_connect() == ESP_OK;
    constant_time_wipe(&config, sizeof config);
    constant_time_wipe(wanted, sizeof *wanted); // The driver has its own copy now.
    return good;
}

static void take_step(struct station_radio *radio, enum station_event event)
{
    const enum station_state before = radio->state;
    const struct station_step step = station_next(before, event);

    radio->state = step.state;
    radio->since_us = step.state != before ? esp_timer_get_time() : radio->since_us;
    switch (step.news) {
    case STATION_TELL_NOTHING:
        break;
    case STATION_TELL_CONNECTED:
        happen(radio, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
        break;
    case STATION_TELL_FAILED:
        happen(radio, WIFI_EVENT_FAILED,
               before == STATION_ASKING ? WIFI_REASON_NO_ADDRESS : reason_of(radio));
        break;
    case STATION_TELL_LOST:
        happen(radio, WIFI_EVENT_LOST, WIFI_REASON_LOST);
        break;
    }
    switch (step.action) {
    case STATION_DO_NOTHING:
        break;
    case STATION_DO_JOIN:
        if (!join(radio)) {
            radio->state = STATION_IDLE;
            happen(radio, WIFI_EVENT_FAILED, WIFI_REASON_RADIO);
        }
        break;
    case STATION_DO_LEAVE:
        (void)esp_wifi_disconnect();
        break;
    }
}

/// Takes the driver's list, which frees it there.
static void take_networks(struct station_radio *radio)
{
    uint16_t count = WIFI_NETWORK_LIMIT;

    radio->is_scanning = false;
    radio->found_count = 0;
    if (esp_wifi_scan_get_ap_records(&count, radio->records) != ESP_OK) {
        count = 0;
    }
    // The driver's list begins with the strongest.
    for (unsigned n = 0; n < count; n++) {
        const wifi_ap_record_t *record = &radio->records[n];
        struct wifi_network *found = &radio->found[radio->found_count++];
        *found = (struct wifi_network){
            .ssid_size = (uint8_t)strnlen((const char *)record->ssid, WIFI_SSID_LIMIT),
            .channel = record->primary,
            .rssi_dbm = record->rssi,
            .secure = record->authmode != WIFI_AUTH_OPEN,
        };
        memcpy(found->ssid, record->ssid, found->ssid_size);
    }
    happen(radio, WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
}

static void work_on(struct station_radio *radio, const struct station_radio_note *note)
{
    switch (note->kind) {
    case STATION_RADIO_LINK_UP:
        take_step(radio, STATION_LINK_UP);
        break;
    case STATION_RADIO_LINK_DOWN:
        radio->reason = note->reason;
        take_step(radio, STATION_LINK_DOWN);
        break;
    case STATION_RADIO_ADDRESS:
        (void)snprintf(radio->address, sizeof radio->address, IPSTR, IP2STR(&note->address));
        take_step(radio, STATION_HAS_ADDRESS);
        break;
    case STATION_RADIO_SCANNED:
        take_networks(radio);
        break;
    }
}

/// Gives up a scan whose end was never told, which would keep the station from every network.
static void mind_scan(struct station_radio *radio)
{
    if (radio->is_scanning &&
        esp_timer_get_time() - radio->scan_since_us > STATION_RADIO_SCAN_MS * US_PER_MS) {
        (void)esp_wifi_scan_stop();
        radio->is_scanning = false;
    }
}

static enum status next_event(void *ctx, struct wifi_event *event)
{
    struct station_radio *radio = ctx;
    struct station_radio_note note;

    while (xQueueReceive(radio->notes, &note, 0) == pdTRUE) {
        work_on(radio, &note);
    }
    mind_scan(radio);
    if (radio->state != STATION_IDLE && radio->state != STATION_CONNECTED &&
        esp_timer_get_time() - radio->since_us > STATION_RADIO_ATTEMPT_MS * US_PER_MS) {
        radio->reason = WIFI_REASON_UNSPECIFIED;
        take_step(radio, STATION_TIMED_OUT);
    }
    if (radio->event_count == 0) {
        return STATUS_MISSING;
    }
    *event = radio->events[0];
    memmove(radio->events, radio->events + 1, (--radio->event_count) * sizeof *radio->events);
    return STATUS_OK;
}

/// What happened to the network before is of no interest to whoever asks for another.
static void forget_station_events(struct station_radio *radio)
{
    unsigned kept = 0;
    for (unsigned n = 0; n < radio->event_count; n++) {
        if (radio->events[n].kind == WIFI_EVENT_SCANNED) {
            radio->events[kept++] = radio->events[n];
        }
    }
    radio->event_count = kept;
}

static enum status connect_station(void *ctx, const struct wifi_credentials *credentials)
{
    struct station_radio *radio = ctx;

    if (credentials->ssid_size == 0 || credentials->ssid_size > WIFI_SSID_LIMIT) {
        return STATUS_INVALID;
    }
    if (radio->is_scanning) {
        return STATUS_BUSY;
    }
    radio->wanted = *credentials;
    forget_station_events(radio);
    take_step(radio, STATION_TOLD_TO_JOIN);
    return STATUS_OK;
}

static void disconnect_station(void *ctx)
{
    struct station_radio *radio = ctx;
    constant_time_wipe(&radio->wanted, sizeof radio->wanted);
    forget_station_events(radio);
    take_step(radio, STATION_TOLD_TO_LEAVE);
}

static enum status scan(void *ctx)
{
    struct station_radio *radio = ctx;
    const bool is_attempting = radio->state != STATION_IDLE && radio->state != STATION_CONNECTED;

    if (radio->is_scanning || is_attempting || esp_wifi_scan_start(NULL, false) != ESP_OK) {
        return STATUS_BUSY;
    }
    radio->is_scanning = true;
    radio->scan_since_us = esp_timer_get_time();
    return STATUS_OK;
}

static size_t networks(void *ctx, struct wifi_network *out, size_t capacity)
{
    const struct station_radio *radio = ctx;
    const size_t count = radio->found_count < capacity ? radio->found_count : capacity;
    memcpy(out, radio->found, count * sizeof *out);
    return count;
}

static void close_hotspot(void *ctx)
{
    struct station_radio *radio = ctx;
    radio->has_hotspot = false;
    (void)esp_wifi_set_mode(WIFI_MODE_STA);
}

/// Gives the access point a name and a password. @return false  the driver refuses.
static bool set_hotspot(const char *ssid, size_t ssid_size, const char *password,
                        size_t password_size, bool is_hidden)
{
    wifi_config_t config = { .ap = { .ssid_len = (uint8_t)ssid_size,
                                     .ssid_hidden = is_hidden ? 1 : 0,
                                     .authmode = WIFI_AUTH_WPA2_PSK,
                                     .max_connection = STATION_RADIO_GUESTS,
                                     .pmf_cfg = { .capable = true } } };

    memcpy(config.ap.ssid, ssid, ssid_size);
    memcpy(config.ap.password, password, password_size);
    const bool good = esp_wifi_set_config(WIFI_IF_AP, &config) == ESP_OK;
    constant_time_wipe(&config, sizeof config);
    return good;
}

/// The driver takes a configuration of the access point only once that is switched on, and its own
/// default is an open network. So before the radio starts it gets a password that nobody knows.
static bool lock_hotspot(void)
{
    static const char DIGITS[] = "0123456789abcdef";
    char password[WIFI_PASSWORD_LIMIT / 2];

    esp_fill_random(password, sizeof password);
    for (size_t n = 0; n < sizeof password; n++) {
        password[n] = DIGITS[(unsigned char)password[n] % 16u];
    }
    const bool good = esp_wifi_set_mode(WIFI_MODE_APSTA) == ESP_OK &&
                      set_hotspot("-", 1, password, sizeof password, true) &&
                      esp_wifi_set_mode(WIFI_MODE_STA) == ESP_OK;
    constant_time_wipe(password, sizeof password);
    return good;
}

static enum status open_hotspot(void *ctx, const char *ssid, const char *password)
{
    struct station_radio *radio = ctx;
    const size_t ssid_size = strlen(ssid);
    const size_t password_size = strlen(password);

    // 64 digits would be a key, which a hotspot's password never is.
    if (ssid_size == 0 || ssid_size > WIFI_SSID_LIMIT || password_size < WIFI_PASSWORD_LEAST ||
        password_size >= WIFI_PASSWORD_LIMIT) {
        return STATUS_INVALID;
    }
    if (esp_wifi_set_mode(WIFI_MODE_APSTA) != ESP_OK ||
        !set_hotspot(ssid, ssid_size, password, password_size, false)) {
        close_hotspot(radio);
        return STATUS_IO;
    }
    radio->has_hotspot = true;
    return STATUS_OK;
}

struct wifi station_radio_seam(struct station_radio *radio)
{
    return (struct wifi){ .open_hotspot = open_hotspot,
                          .close_hotspot = close_hotspot,
                          .scan = scan,
                          .networks = networks,
                          .connect = connect_station,
                          .disconnect = disconnect_station,
                          .next_event = next_event,
                          .ctx = radio };
}

esp_ip4_addr_t station_radio_hotspot_address(const struct station_radio *radio)
{
    esp_netif_ip_info_t info = { .ip = { .addr = 0 } };
    if (radio->has_hotspot) {
        (void)esp_netif_get_ip_info(radio->hotspot, &info);
    }
    return info.ip;
}

static bool set_country(const struct station_radio_options *options)
{
    return options->country[0] == '\0' ||
           esp_wifi_set_country_code(options->country, true) == ESP_OK;
}

enum status station_radio_open(struct station_radio *radio,
                               const struct station_radio_options *options)
{
    const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();

    *radio = (struct station_radio){ .state = STATION_IDLE };
    radio->notes = xQueueCreateStatic(STATION_RADIO_NOTES, sizeof(struct station_radio_note),
                                      radio->notes_storage, &radio->notes_queue);
    radio->station = esp_netif_create_default_wifi_sta();
    radio->hotspot = esp_netif_create_default_wifi_ap();
    if (radio->station == NULL || radio->hotspot == NULL ||
        (options->hostname != NULL &&
         esp_netif_set_hostname(radio->station, options->hostname) != ESP_OK) ||
        esp_wifi_init(&init) != ESP_OK || esp_wifi_set_storage(WIFI_STORAGE_RAM) != ESP_OK ||
        esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_wifi, radio) != ESP_OK ||
        esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_address, radio) != ESP_OK ||
        !lock_hotspot() || !set_country(options) || esp_wifi_start() != ESP_OK) {
        return STATUS_IO;
    }
    return STATUS_OK;
}
