// SPDX-License-Identifier: MIT
#include "meter_setup.h"

#include <esp_event.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <stdio.h>
#include <string.h>

#include "chip_keys.h"
#include "constant_time.h"
#include "keystore_tls.h"
#include "pairing_code.h"

enum {
    US_PER_MS = 1000,
    HTTP_STACK = 8192, ///< The TLS handshake runs on it.
    HTTP_PRIORITY = 2,
    PORTAL_STACK = 8192,
    PORTAL_PRIORITY = 2,
};

static const char TAG[] = "set-up";

#if CONFIG_OHM_PORTAL_ALLOW_PLAIN
enum { ALLOW_PLAIN = true };
#else
enum { ALLOW_PLAIN = false };
#endif

#if OHM_HAS_AUTHORITY
extern const char authority_start[] asm("_binary_authority_pem_start");
#else
static const char authority_start[] = "";
#endif

const char *meter_setup_authority(void)
{
    return authority_start;
}

// Keys

static enum status open_keystore(struct meter_setup *setup)
{
    setup->maker = chip_keys();
    keystore_values_init(&setup->keys, setup->parts.values, setup->parts.crypto, &setup->maker);
    const struct keystore *keystore = keystore_values_table(&setup->keys);
    enum status status = STATUS_OK;
#if CONFIG_OHM_ATECC608A
    const struct i2c_bus_options options = { .controller = -1,
                                             .sda = CONFIG_OHM_I2C_SDA_GPIO,
                                             .scl = CONFIG_OHM_I2C_SCL_GPIO,
                                             .pull_up = true };
    status = i2c_bus_open(&setup->bus, &options);
    const struct keystore_atecc_parts parts = { .i2c = i2c_bus_seam(&setup->bus),
                                                .address = ATECC_LINK_ADDRESS,
                                                .values = setup->parts.values,
                                                .secrets = keystore_values_table(&setup->keys) };
    if (status == STATUS_OK) {
        status = keystore_atecc_open(&setup->chip, &parts);
    }
    // No other keystore takes its place: that would be another identity.
    keystore = keystore_atecc_table(&setup->chip);
#endif
    setup->shared_table =
        shared_keystore_init(&setup->shared, keystore, rtos_lock_init(&setup->keys_mutex));
    setup->keystore = &setup->shared_table;
    return status;
}

const char *meter_setup_keystore_kind(void)
{
#if CONFIG_OHM_ATECC608A
    return "atecc608a";
#elif CONFIG_NVS_ENCRYPTION
    return "encrypted_nvs";
#else
    return "nvs";
#endif
}

/// Prints the two texts of the label: the code for pairing, and the way to join the hotspot.
static enum status print_label(const struct meter_setup *setup,
                               const uint8_t secret[PAIRING_SECRET_SIZE])
{
    struct pairing_code code;
    uint8_t seed[PAIRING_PASSWORD_SEED_SIZE];
    uint8_t id[PAIRING_ID_SIZE];
    char text[PAIRING_CODE_SIZE];
    char name[PAIRING_HOTSPOT_NAME_SIZE];
    char password[PAIRING_PASSWORD_SIZE];
    char join[PAIRING_JOIN_SIZE];

    memcpy(code.secret, secret, sizeof code.secret);
    (void)snprintf(code.device_id, sizeof code.device_id, "%s", setup->parts.settings->device_id);
    enum status status = pairing_code_write(&code, text);
    if (status == STATUS_OK) {
        status = pairing_code_derive(setup->parts.crypto, secret, seed, id);
    }
    if (status == STATUS_OK) {
        pairing_code_password(seed, password);
        pairing_code_hotspot_name(CONFIG_OHM_HOTSPOT_PREFIX, id, name);
        status = pairing_code_join(name, password, join);
    }
    if (status == STATUS_OK) {
        (void)printf(
            "\nThe device's label, printed this once; keep it with the device:\n%s\n%s\n\n", text,
            join);
    }
    constant_time_wipe(&code, sizeof code);
    constant_time_wipe(seed, sizeof seed);
    constant_time_wipe(password, sizeof password);
    constant_time_wipe(text, sizeof text);
    constant_time_wipe(join, sizeof join);
    return status;
}

/// The first start: nobody knows the secret yet, so the label is printed before it is kept.
static enum status make_possession(struct meter_setup *setup)
{
    const struct keystore *keystore = setup->keystore;
    const struct entropy *entropy = setup->parts.entropy;
    uint8_t secret[PAIRING_SECRET_SIZE];

    enum status status = entropy->fill(entropy->ctx, secret, sizeof secret);
    if (status == STATUS_OK) {
        status = print_label(setup, secret);
    }
    if (status == STATUS_OK) {
        status =
            keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_POSSESSION, secret, sizeof secret);
    }
    constant_time_wipe(secret, sizeof secret);
    return status == STATUS_OK
               ? hotspot_identity_derive(keystore, CONFIG_OHM_HOTSPOT_PREFIX, &setup->hotspot)
               : status;
}

enum status meter_setup_open_keys(struct meter_setup *setup, const struct meter_setup_parts *parts)
{
    setup->parts = *parts;
    setup->lock = rtos_lock_init(&setup->mutex);
    setup->names.socket = NAME_SERVER_CLOSED;
    enum status status = open_keystore(setup);
    if (status != STATUS_OK) {
        ESP_LOGE(TAG, "the keystore cannot be opened: %s", status_name(status));
        return status;
    }
    status = hotspot_identity_derive(setup->keystore, CONFIG_OHM_HOTSPOT_PREFIX, &setup->hotspot);
    return status == STATUS_MISSING ? make_possession(setup) : status;
}

// Network

static enum status open_network(struct meter_setup *setup)
{
    if (esp_netif_init() != ESP_OK || esp_event_loop_create_default() != ESP_OK) {
        return STATUS_IO;
    }
#if CONFIG_OHM_NETWORK_OPENETH
    const enum status status = emulated_ethernet_open(&setup->radio);
    setup->wifi = emulated_ethernet_seam(&setup->radio);
#else
    const struct station_radio_options options = { .hostname = setup->parts.settings->device_id };
    const enum status status = station_radio_open(&setup->radio, &options);
    setup->wifi = station_radio_seam(&setup->radio);
#endif
    return status;
}

static void notice(void *ctx, enum provisioner_notice kind, const char *text)
{
    (void)ctx;
    switch (kind) {
    case PROVISIONER_STATE:
        ESP_LOGI(TAG, "%s", text);
        break;
    case PROVISIONER_TROUBLE:
        ESP_LOGW(TAG, "%s", text);
        break;
    case PROVISIONER_WINDOW:
        ESP_LOGI(TAG, "the window is %s", text);
        break;
    }
}

static void init_portal(struct meter_setup *setup)
{
    const struct meter_setup_parts *parts = &setup->parts;
    const struct pairing_session_needs needs = { .crypto = parts->crypto,
                                                 .keystore = setup->keystore,
                                                 .entropy = parts->entropy,
                                                 .key_value = parts->values,
                                                 .device_id = parts->settings->device_id };
    pairing_session_init(&setup->pairing, &needs);
    setup->host = provisioner_portal_host(&setup->provisioner);
    portal_init(&setup->portal, &setup->host, &setup->pairing);
}

static enum status open_portal(struct meter_setup *setup)
{
    const struct portal_server_options options = { .port = CONFIG_OHM_PORTAL_PORT,
                                                   .portal = &setup->portal,
                                                   .lock = &setup->lock,
                                                   .task_priority = PORTAL_PRIORITY,
                                                   .task_stack = PORTAL_STACK };
    return portal_server_open(&setup->server, &options);
}

enum status meter_setup_open(struct meter_setup *setup, const struct attester *attester)
{
    const struct meter_setup_parts *parts = &setup->parts;
    const struct fleet_client_options client = { .server = CONFIG_OHM_SERVER_URL,
                                                 .authority = authority_start,
                                                 .keystore = setup->keystore,
                                                 .task_priority = HTTP_PRIORITY,
                                                 .task_stack = HTTP_STACK };
    enum status status = open_network(setup);
    if (status == STATUS_OK) {
        status = fleet_client_open(&setup->client, &client);
    }
    if (status != STATUS_OK) {
        return status;
    }
    setup->http = fleet_client_seam(&setup->client);
    setup->signer = (struct csr_signer){ .keystore = setup->keystore, .crypto = parts->crypto };
    setup->csr = csr_encoder_of(&setup->signer);
    const struct provisioner_parts leads = {
        .device = { .device_id = parts->settings->device_id,
                    .hotspot_ssid = setup->hotspot.name,
                    .hotspot_password = setup->hotspot.password,
                    .hotspot_address = "192.168.4.1",
                    .portal_port = CONFIG_OHM_PORTAL_PORT,
                    .allow_plain = ALLOW_PLAIN,
                    .portal_origin = "" },
        .values = parts->values,
        .keystore = setup->keystore,
        .wifi = &setup->wifi,
        .http = &setup->http,
        .csr = &setup->csr,
        .clock = parts->clock,
        .entropy = parts->entropy,
        .crypto = parts->crypto,
        .attester = attester,
        .protocol = ENROLMENT_V2,
        .notice = notice,
        .ctx = setup,
    };
    provisioner_init(&setup->provisioner, &leads);
    init_portal(setup);
    return open_portal(setup);
}

// Running

/// Answers name queries on the hotspot while the window is open.
static void mind_names(struct meter_setup *setup, bool is_open)
{
#if CONFIG_OHM_NETWORK_OPENETH
    (void)setup; // There is no hotspot.
    (void)is_open;
#else
    const esp_ip4_addr_t address = station_radio_hotspot_address(&setup->radio);
    if (!is_open || address.addr == 0) {
        name_server_close(&setup->names);
        return;
    }
    if (setup->names.socket == NAME_SERVER_CLOSED &&
        name_server_open(&setup->names, address) != STATUS_OK) {
        return;
    }
    name_server_step(&setup->names);
#endif
}

static void open_window(struct meter_setup *setup)
{
    if (pairing_session_unlock(&setup->pairing) != STATUS_OK) {
        ESP_LOGE(TAG, "pairing cannot be unlocked: storage failed");
    }
    provisioner_open_window(&setup->provisioner);
}

bool meter_setup_step(struct meter_setup *setup)
{
    const struct clock *clock = setup->parts.clock;
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;
    unsigned number = 0;

    setup->lock.acquire(setup->lock.ctx);
    if (atomic_exchange(&setup->window_wanted, false)) {
        open_window(setup);
    }
    const uint64_t now_ms = clock->uptime_us(clock->ctx) / US_PER_MS;
    pairing_session_mind(&setup->pairing, now_ms);
    (void)provisioner_step(&setup->provisioner, now_ms);
    const bool is_open = setup->provisioner.is_window_open;
    setup->was_ready |= provisioner_identity(&setup->provisioner, &slot, &number);
    setup->lock.release(setup->lock.ctx);
    atomic_store(&setup->is_open, is_open);
    mind_names(setup, is_open);
    return setup->was_ready;
}

bool meter_setup_slot(const struct meter_setup *setup, enum keystore_slot *slot)
{
    unsigned number = 0;
    return provisioner_identity(&setup->provisioner, slot, &number);
}

bool meter_setup_has_changed(struct meter_setup *setup)
{
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;
    unsigned number = 0;

    const bool has_changed =
        provisioner_identity(&setup->provisioner, &slot, &number) && number != setup->shown_number;
    if (has_changed) {
        setup->shown_number = number;
    }
    return has_changed;
}

enum status meter_setup_identity(void *ctx, struct keystore_tls_options *identity)
{
    const struct meter_setup *setup = ctx;
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;

    if (!meter_setup_slot(setup, &slot)) {
        return STATUS_BUSY;
    }
    *identity = (struct keystore_tls_options){ .authority = authority_start,
                                               .keystore = setup->keystore,
                                               .with_certificate = true,
                                               .slot = slot };
    return STATUS_OK;
}

void meter_setup_tell(struct meter_setup *setup, bool online)
{
    setup->lock.acquire(setup->lock.ctx);
    if (online) {
        provisioner_session_is_up(&setup->provisioner);
    } else {
        provisioner_session_is_down(&setup->provisioner);
    }
    setup->lock.release(setup->lock.ctx);
}

enum status_led_pattern meter_setup_pattern(const struct meter_setup *setup)
{
    if (setup->provisioner.is_window_open) {
        return STATUS_LED_PROVISIONING;
    }
    switch (provisioner_state(&setup->provisioner)) {
    case PROVISIONING_MQTT_CONNECTED:
        return STATUS_LED_CONNECTED;
    case PROVISIONING_WIFI_CONNECTED:
    case PROVISIONING_CHECK_CERTIFICATES:
    case PROVISIONING_SUBMIT_CSR:
    case PROVISIONING_MQTT_CONNECTING:
        return STATUS_LED_NETWORK;
    case PROVISIONING_INIT:
    case PROVISIONING_CHECK_PROVISIONING:
    case PROVISIONING_AP_MODE:
    case PROVISIONING_WIFI_CONNECTING:
    case PROVISIONING_STATE_COUNT:
        break;
    }
    return STATUS_LED_DISCONNECTED;
}
