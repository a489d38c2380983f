// SPDX-License-Identifier: MIT
#include "device_provisioning.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pairing_code.h"
#include "secret_file.h"
#include "tls_identity.h"

enum { LABEL_SIZE = 512, US_PER_MS = 1000 };

static const char HOTSPOT_PREFIX[] = "Ohmstead";

static enum status complain(char *fault, enum status status, const char *what, const char *why)
{
    (void)snprintf(fault, OPTIONS_FAULT_SIZE, "%.100s: %.150s", what, why);
    return status;
}

static uint64_t now_ms(const struct device_provisioning *provisioning)
{
    const struct clock *clock = provisioning->parts.clock;
    return clock->uptime_us(clock->ctx) / US_PER_MS;
}

static const struct keystore *keys_of(const struct device_provisioning *provisioning)
{
    return provisioning->keystore.table;
}

// Keys

/// Writes the two texts of a label: the code for pairing, and the way to join the hotspot.
static enum status write_label(const struct device_provisioning *provisioning,
                               const uint8_t secret[PAIRING_SECRET_SIZE], char *fault)
{
    const struct options *options = provisioning->parts.options;
    struct pairing_code code;
    uint8_t seed[PAIRING_PASSWORD_SEED_SIZE];
    uint8_t id[PAIRING_ID_SIZE];
    char text[PAIRING_CODE_SIZE];
    char name[PAIRING_HOTSPOT_NAME_SIZE];
    char password[PAIRING_PASSWORD_SIZE];
    char join[PAIRING_JOIN_SIZE];
    char label[LABEL_SIZE];

    memcpy(code.secret, secret, sizeof code.secret);
    (void)snprintf(code.device_id, sizeof code.device_id, "%s", options->settings.device_id);
    enum status status = pairing_code_write(&code, text);
    if (status == STATUS_OK) {
        status = pairing_code_derive(provisioning->parts.crypto, secret, seed, id);
    }
    if (status == STATUS_OK) {
        pairing_code_password(seed, password);
        pairing_code_hotspot_name(HOTSPOT_PREFIX, id, name);
        status = pairing_code_join(name, password, join);
    }
    if (status == STATUS_OK) {
        const int size = snprintf(label, sizeof label, "%s\n%s\n", text, join);
        status =
            secret_file_write(options->label_file, label, (size_t)size, S_IRUSR | S_IWUSR, NULL);
    }
    explicit_bzero(&code, sizeof code);
    explicit_bzero(seed, sizeof seed);
    explicit_bzero(password, sizeof password);
    explicit_bzero(text, sizeof text);
    explicit_bzero(join, sizeof join);
    explicit_bzero(label, sizeof label);
    return status == STATUS_OK
               ? STATUS_OK
               : complain(fault, status, options->label_file,
                          status == STATUS_INVALID ? "device_id must be of letters, digits, _ and -"
                                                   : "the label cannot be written");
}

/// The first start: nobody knows the secret yet, so the label is written before it is kept.
static enum status make_possession(struct device_provisioning *provisioning, char *fault)
{
    const struct keystore *keystore = keys_of(provisioning);
    const struct entropy *entropy = provisioning->parts.entropy;
    uint8_t secret[PAIRING_SECRET_SIZE];

    if (provisioning->parts.options->label_file[0] == '\0') {
        return complain(fault, STATUS_MISSING, "label_file",
                        "must be set at the first start: the code for pairing is written there");
    }
    enum status status = entropy->fill(entropy->ctx, secret, sizeof secret);
    if (status == STATUS_OK) {
        status = write_label(provisioning, secret, fault);
    }
    if (status == STATUS_OK) {
        status =
            keystore->set_secret(keystore->ctx, KEYSTORE_SECRET_POSSESSION, secret, sizeof secret);
    }
    explicit_bzero(secret, sizeof secret);
    if (status == STATUS_OK) {
        status = hotspot_identity_derive(keystore, HOTSPOT_PREFIX, &provisioning->hotspot);
        host_log_say(provisioning->parts.log, HOST_LOG_INFO, "the label is in %s",
                     provisioning->parts.options->label_file);
    }
    return status;
}

enum status device_provisioning_open_keys(struct device_provisioning *provisioning,
                                          const struct device_provisioning_parts *parts,
                                          char fault[OPTIONS_FAULT_SIZE])
{
    provisioning->parts = *parts;
    provisioning->is_on = parts->options->provisioning;
    if (!provisioning->is_on) {
        return STATUS_OK;
    }
    const struct device_keystore_parts leads = { .options = parts->options,
                                                 .crypto = parts->crypto,
                                                 .entropy = parts->entropy,
                                                 .values = parts->values };
    enum status status = device_keystore_open(&provisioning->keystore, &leads, fault);
    if (status != STATUS_OK) {
        return status;
    }
    status = hotspot_identity_derive(keys_of(provisioning), HOTSPOT_PREFIX, &provisioning->hotspot);
    if (status == STATUS_MISSING) {
        return make_possession(provisioning, fault);
    }
    return status == STATUS_OK
               ? STATUS_OK
               : complain(fault, status, "keystore", "the device's secret cannot be used");
}

// What the provisioner needs

static enum status use_certificate(void *ctx, enum keystore_slot slot, SSL_CTX *context)
{
    const struct device_provisioning *provisioning = ctx;
    const struct tls_identity_slot identity = { .keystore = keys_of(provisioning), .slot = slot };
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";

    const enum status status = tls_identity_use_slot(context, &identity, fault);
    // An expired certificate is shown all the same: it is the right to the next one.
    if (status != STATUS_OK && status != STATUS_INVALID) {
        host_log_say(provisioning->parts.log, HOST_LOG_ERROR, "%s", fault);
    }
    return status == STATUS_INVALID ? STATUS_OK : status;
}

static void notice(void *ctx, enum provisioner_notice kind, const char *text)
{
    const struct device_provisioning *provisioning = ctx;
    struct host_log *log = provisioning->parts.log;

    switch (kind) {
    case PROVISIONER_STATE:
        host_log_say(log, HOST_LOG_INFO, "set-up: %s", text);
        break;
    case PROVISIONER_TROUBLE:
        host_log_say(log, HOST_LOG_WARNING, "set-up: %s", text);
        break;
    case PROVISIONER_WINDOW:
        host_log_say(log, HOST_LOG_INFO, "set-up: the window is %s", text);
        break;
    }
}

static enum status open_radio(struct device_provisioning *provisioning, char *fault)
{
    static struct radio_script script; // Large, and copied.
    const struct options *options = provisioning->parts.options;

    if (options->radio_script[0] == '\0') {
        const struct nmcli_wifi_options nmcli = {
            .program = "nmcli",
            .interface = options->wifi_interface,
            .hotspot_interface =
                options->hotspot_interface[0] != '\0' ? options->hotspot_interface : NULL,
            .hotspot_address = "192.168.4.1/24",
            .clock = provisioning->parts.clock,
        };
        nmcli_wifi_init(&provisioning->nmcli, &nmcli);
        provisioning->wifi = nmcli_wifi_seam(&provisioning->nmcli);
        return STATUS_OK;
    }
    const enum status status =
        radio_script_load(&script, options->radio_script, fault, OPTIONS_FAULT_SIZE);
    if (status == STATUS_OK) {
        simulated_radio_init(&provisioning->simulated, &script);
        provisioning->wifi = simulated_radio_seam(&provisioning->simulated);
    }
    return status;
}

static enum status open_http(struct device_provisioning *provisioning, char *fault)
{
    const struct options *options = provisioning->parts.options;

    provisioning->http_options = (struct curl_client_options){ .server = options->server_url,
                                                               .ca = options->ca,
                                                               .use_certificate = use_certificate,
                                                               .ctx = provisioning };
    const enum status status =
        curl_client_open(&provisioning->http_options, &provisioning->http_client);
    if (status != STATUS_OK) {
        return complain(fault, status, "server_url",
                        "must be such as https://fleet.example:8445, without a path");
    }
    provisioning->http = curl_client_seam(provisioning->http_client);
    return STATUS_OK;
}

enum status device_provisioning_open(struct device_provisioning *provisioning,
                                     const struct attester *attester,
                                     char fault[OPTIONS_FAULT_SIZE])
{
    const struct device_provisioning_parts *parts = &provisioning->parts;
    const struct options *options = parts->options;

    if (!provisioning->is_on) {
        return STATUS_OK;
    }
    enum status status = open_radio(provisioning, fault);
    if (status == STATUS_OK) {
        status = open_http(provisioning, fault);
    }
    if (status != STATUS_OK) {
        return status;
    }
    provisioning->signer =
        (struct csr_signer){ .keystore = keys_of(provisioning), .crypto = parts->crypto };
    provisioning->csr = csr_encoder_of(&provisioning->signer);
    const struct provisioner_parts leads = {
        .device = { .device_id = options->settings.device_id,
                    .hotspot_ssid = provisioning->hotspot.name,
                    .hotspot_password = provisioning->hotspot.password,
                    .hotspot_address = options->portal_address,
                    .portal_port = (uint16_t)options->portal_port,
                    .allow_plain = options->allow_plain,
                    .portal_origin = options->portal_origin },
        .values = parts->values,
        .keystore = keys_of(provisioning),
        .wifi = &provisioning->wifi,
        .http = &provisioning->http,
        .csr = &provisioning->csr,
        .clock = parts->clock,
        .entropy = parts->entropy,
        .crypto = parts->crypto,
        .attester = attester,
        .protocol = options->first_enrolment ? ENROLMENT_FIRST : ENROLMENT_V2,
        .notice = notice,
        .ctx = provisioning,
    };
    provisioner_init(&provisioning->provisioner, &leads);
    const struct pairing_session_needs needs = { .crypto = parts->crypto,
                                                 .keystore = keys_of(provisioning),
                                                 .entropy = parts->entropy,
                                                 .key_value = parts->values,
                                                 .device_id = options->settings.device_id };
    pairing_session_init(&provisioning->pairing, &needs);
    provisioning->host = provisioner_portal_host(&provisioning->provisioner);
    portal_init(&provisioning->portal, &provisioning->host, &provisioning->pairing);
    device_portal_init(&provisioning->listeners, options, parts->log, &provisioning->portal);
    return STATUS_OK;
}

// Running

bool device_provisioning_step(struct device_provisioning *provisioning)
{
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;
    unsigned number = 0;

    if (provisioning->parts.options->radio_script[0] != '\0') {
        simulated_radio_advance(&provisioning->simulated, now_ms(provisioning));
    }
    if (atomic_exchange(&provisioning->window_wanted, false)) {
        if (pairing_session_unlock(&provisioning->pairing) != STATUS_OK) {
            host_log_say(provisioning->parts.log, HOST_LOG_ERROR,
                         "pairing cannot be unlocked: storage failed");
        }
        provisioner_open_window(&provisioning->provisioner);
    }
    pairing_session_mind(&provisioning->pairing, now_ms(provisioning));
    device_portal_step(&provisioning->listeners, provisioning->provisioner.is_window_open,
                       now_ms(provisioning));
    (void)provisioner_step(&provisioning->provisioner, now_ms(provisioning));
    atomic_store(&provisioning->is_open, provisioning->provisioner.is_window_open);
    provisioning->was_ready |= provisioner_identity(&provisioning->provisioner, &slot, &number);
    return provisioning->was_ready;
}

bool device_provisioning_identity(const struct device_provisioning *provisioning,
                                  enum keystore_slot *slot)
{
    unsigned number = 0;
    return provisioner_identity(&provisioning->provisioner, slot, &number);
}

const struct keystore *device_provisioning_keystore(const struct device_provisioning *provisioning)
{
    return keys_of(provisioning);
}

const char *device_provisioning_keystore_kind(const struct device_provisioning *provisioning)
{
    return device_keystore_kind(&provisioning->keystore);
}

bool device_provisioning_has_changed(struct device_provisioning *provisioning)
{
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;
    unsigned number = 0;

    const bool is_ready = provisioner_identity(&provisioning->provisioner, &slot, &number);
    const bool has_changed = is_ready && number != provisioning->shown_number;
    if (has_changed) {
        provisioning->shown_number = number;
    }
    return has_changed;
}

enum status device_provisioning_open_tls(void *ctx, SSL_CTX **context,
                                         char fault[TLS_IDENTITY_FAULT_SIZE])
{
    const struct device_provisioning *provisioning = ctx;
    const struct options *options = provisioning->parts.options;
    struct tls_identity_slot identity = { .keystore = keys_of(provisioning), .ca = options->ca };
    unsigned number = 0;

    if (!provisioner_identity(&provisioning->provisioner, &identity.slot, &number)) {
        (void)snprintf(fault, TLS_IDENTITY_FAULT_SIZE, "the device is not set up (%s)",
                       provisioning_state_name(provisioner_state(&provisioning->provisioner)));
        return STATUS_BUSY;
    }
    return tls_identity_open_slot(&identity, options->broker_host, context, fault);
}

void device_provisioning_tell(struct device_provisioning *provisioning, bool online)
{
    if (online) {
        provisioner_session_is_up(&provisioning->provisioner);
    } else {
        provisioner_session_is_down(&provisioning->provisioner);
    }
}

enum status_led_pattern device_provisioning_pattern(const struct device_provisioning *provisioning)
{
    if (provisioning->provisioner.is_window_open) {
        return STATUS_LED_PROVISIONING;
    }
    switch (provisioner_state(&provisioning->provisioner)) {
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

void device_provisioning_close(struct device_provisioning *provisioning)
{
    if (!provisioning->is_on) {
        return;
    }
    device_portal_close(&provisioning->listeners);
    curl_client_close(provisioning->http_client);
    if (provisioning->wifi.ctx == &provisioning->nmcli) {
        nmcli_wifi_close(&provisioning->nmcli);
    }
    device_keystore_close(&provisioning->keystore);
    explicit_bzero(&provisioning->hotspot, sizeof provisioning->hotspot);
}
