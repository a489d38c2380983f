// SPDX-License-Identifier: MIT
#include "provisioning_state.h"

/// What `event` means wherever the station is in use; `state` if it means nothing.
static enum provisioning_state from_station(enum provisioning_state state,
                                            enum provisioning_event event)
{
    switch (event) {
    case PROVISIONING_SUBMITTED:
    case PROVISIONING_WIFI_DOWN:
        return PROVISIONING_WIFI_CONNECTING;
    case PROVISIONING_STARTED:
    case PROVISIONING_BARE:
    case PROVISIONING_FURNISHED:
    case PROVISIONING_WIFI_UP:
    case PROVISIONING_WIFI_REFUSED:
    case PROVISIONING_NETWORK_READY:
    case PROVISIONING_CERTIFIED:
    case PROVISIONING_UNCERTIFIED:
    case PROVISIONING_DENIED:
    case PROVISIONING_MQTT_UP:
    case PROVISIONING_MQTT_DOWN:
    case PROVISIONING_EVENT_COUNT:
        break;
    }
    return state;
}

static enum provisioning_state from_check_provisioning(enum provisioning_event event)
{
    if (event == PROVISIONING_FURNISHED) {
        return PROVISIONING_WIFI_CONNECTING;
    }
    return event == PROVISIONING_BARE ? PROVISIONING_AP_MODE : PROVISIONING_CHECK_PROVISIONING;
}

static enum provisioning_state from_ap_mode(enum provisioning_event event)
{
    return event == PROVISIONING_SUBMITTED ? PROVISIONING_WIFI_CONNECTING : PROVISIONING_AP_MODE;
}

static enum provisioning_state from_wifi_connecting(enum provisioning_event event)
{
    if (event == PROVISIONING_WIFI_UP) {
        return PROVISIONING_WIFI_CONNECTED;
    }
    return event == PROVISIONING_WIFI_REFUSED ? PROVISIONING_AP_MODE
                                              : from_station(PROVISIONING_WIFI_CONNECTING, event);
}

static enum provisioning_state from_check_certificates(enum provisioning_event event)
{
    if (event == PROVISIONING_CERTIFIED) {
        return PROVISIONING_MQTT_CONNECTING;
    }
    return event == PROVISIONING_UNCERTIFIED ? PROVISIONING_SUBMIT_CSR
                                             : from_station(PROVISIONING_CHECK_CERTIFICATES, event);
}

static enum provisioning_state from_submit_csr(enum provisioning_event event)
{
    if (event == PROVISIONING_CERTIFIED) {
        return PROVISIONING_MQTT_CONNECTING;
    }
    return event == PROVISIONING_DENIED ? PROVISIONING_AP_MODE
                                        : from_station(PROVISIONING_SUBMIT_CSR, event);
}

static enum provisioning_state from_mqtt(enum provisioning_state state,
                                         enum provisioning_event event)
{
    if (event == PROVISIONING_MQTT_UP) {
        return PROVISIONING_MQTT_CONNECTED;
    }
    if (event == PROVISIONING_MQTT_DOWN) {
        return PROVISIONING_MQTT_CONNECTING;
    }
    return event == PROVISIONING_UNCERTIFIED ? PROVISIONING_SUBMIT_CSR : from_station(state, event);
}

enum provisioning_state provisioning_next(enum provisioning_state state,
                                          enum provisioning_event event)
{
    switch (state) {
    case PROVISIONING_INIT:
        return event == PROVISIONING_STARTED ? PROVISIONING_CHECK_PROVISIONING : PROVISIONING_INIT;
    case PROVISIONING_CHECK_PROVISIONING:
        return from_check_provisioning(event);
    case PROVISIONING_AP_MODE:
        return from_ap_mode(event);
    case PROVISIONING_WIFI_CONNECTING:
        return from_wifi_connecting(event);
    case PROVISIONING_WIFI_CONNECTED:
        return event == PROVISIONING_NETWORK_READY ? PROVISIONING_CHECK_CERTIFICATES
                                                   : from_station(state, event);
    case PROVISIONING_CHECK_CERTIFICATES:
        return from_check_certificates(event);
    case PROVISIONING_SUBMIT_CSR:
        return from_submit_csr(event);
    case PROVISIONING_MQTT_CONNECTING:
    case PROVISIONING_MQTT_CONNECTED:
        return from_mqtt(state, event);
    case PROVISIONING_STATE_COUNT:
        break;
    }
    return PROVISIONING_INIT;
}

const char *provisioning_state_name(enum provisioning_state state)
{
    switch (state) {
    case PROVISIONING_INIT:
        return "INIT";
    case PROVISIONING_CHECK_PROVISIONING:
        return "CHECK_PROVISIONING";
    case PROVISIONING_AP_MODE:
        return "AP_MODE";
    case PROVISIONING_WIFI_CONNECTING:
        return "WIFI_CONNECTING";
    case PROVISIONING_WIFI_CONNECTED:
        return "WIFI_CONNECTED";
    case PROVISIONING_CHECK_CERTIFICATES:
        return "CHECK_CERTIFICATES";
    case PROVISIONING_SUBMIT_CSR:
        return "SUBMIT_CSR";
    case PROVISIONING_MQTT_CONNECTING:
        return "MQTT_CONNECTING";
    case PROVISIONING_MQTT_CONNECTED:
        return "MQTT_CONNECTED";
    case PROVISIONING_STATE_COUNT:
        break;
    }
    return "UNKNOWN";
}
