// SPDX-License-Identifier: MIT
#include <esp_log.h>
#include <esp_mac.h>
#include <sdkconfig.h>
#include <stdio.h>

#include "meter.h"

static const char TAG[] = "ohm";

static enum status set(struct settings *settings, const char *name, const char *text)
{
    const enum status status = settings_set(settings, name, text);
    if (status != STATUS_OK) {
        ESP_LOGE(TAG, "menuconfig: '%s' is no value for %s", text, name);
    }
    return status;
}

/// Only what menuconfig has a text for; everything else stays at its default.
static enum status set_if_said(struct settings *settings, const char *name, const char *text)
{
    return text[0] == '\0' ? STATUS_OK : set(settings, name, text);
}

static enum status set_name(struct settings *settings)
{
    uint8_t mac[6] = { 0 };
    char name[SETTINGS_DEVICE_ID_SIZE + 1];

    if (esp_read_mac(mac, ESP_MAC_BASE) != ESP_OK) {
        return STATUS_IO;
    }
    (void)snprintf(name, sizeof name, "ohm-%02x%02x%02x", mac[3], mac[4], mac[5]);
    return set(settings, "device_id",
               CONFIG_OHM_DEVICE_ID[0] != '\0' ? CONFIG_OHM_DEVICE_ID : name);
}

enum status meter_settings_read(struct settings *settings)
{
    settings_init(settings);
#if CONFIG_OHM_SEED_PROFILE
    settings_use_seed_profile(settings);
#endif
#if CONFIG_OHM_PROFILE_SMART_PLUG
    settings->relays = 1;
#endif
#if CONFIG_OHM_CURRENTS
    settings->channels = CONFIG_OHM_CURRENTS;
#endif
    settings->declared_v = CONFIG_OHM_DECLARED_V;
#if CONFIG_OHM_RESTORE_RELAYS
    settings->restore_relays = 1;
#else
    settings->restore_relays = 0;
#endif
    settings->tamper_switch = CONFIG_OHM_TAMPER_GPIO >= 0;
    enum status status = set_name(settings);
    if (status == STATUS_OK) {
        status = set_if_said(settings, "root_topic", CONFIG_OHM_ROOT_TOPIC);
    }
    if (status == STATUS_OK) {
        status = set_if_said(settings, "command_key", CONFIG_OHM_COMMAND_KEY);
    }
    return status == STATUS_OK ? set_if_said(settings, "time_zone", CONFIG_OHM_TIME_ZONE) : status;
}
