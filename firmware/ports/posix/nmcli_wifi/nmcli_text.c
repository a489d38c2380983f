// SPDX-License-Identifier: MIT
#include "nmcli_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_LIMIT = 512,
    FIELD_LIMIT = 128,
    PERCENT = 100,
    CHANNEL_LIMIT = 233,
    EXIT_NOT_FOUND = 10,
};

enum status nmcli_text_field(const char *line, size_t *position, char *out, size_t capacity)
{
    const char *at = line + *position;
    size_t used = 0;

    out[0] = '\0';
    // Behind the last field the position is one past the end.
    if (*position > strlen(line)) {
        return STATUS_MISSING;
    }
    for (; *at != '\0' && *at != ':'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        }
        if (used + 1 >= capacity) {
            out[0] = '\0';
            return STATUS_FULL;
        }
        out[used++] = *at;
    }
    out[used] = '\0';
    *position = (size_t)(at - line) + 1;
    return STATUS_OK;
}

/// Copies the next line without its end. @return false  there is none.
static bool next_line(const char **text, char line[LINE_LIMIT])
{
    const char *start = *text;
    if (*start == '\0') {
        return false;
    }
    const size_t size = strcspn(start, "\n");
    *text = start + size + (start[size] == '\n' ? 1 : 0);
    const size_t kept = size < LINE_LIMIT ? size : 0; // A line that long is none of ours.
    memcpy(line, start, kept);
    line[kept] = '\0';
    return true;
}

static int digit_of(char byte)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    const char upper = (char)(byte >= 'a' && byte <= 'f' ? byte - ('a' - 'A') : byte);
    const char *found = upper == '\0' ? NULL : strchr(DIGITS, upper);
    return found == NULL ? -1 : (int)(found - DIGITS);
}

static bool read_ssid(const char *hex, struct wifi_network *network)
{
    const size_t digits = strlen(hex);

    if (digits % 2 != 0 || digits / 2 > WIFI_SSID_LIMIT) {
        return false;
    }
    for (size_t i = 0; i < digits; i += 2) {
        const int high = digit_of(hex[i]);
        const int low = digit_of(hex[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        network->ssid[i / 2] = (uint8_t)(high * 16 + low);
    }
    network->ssid_size = (uint8_t)(digits / 2);
    return true;
}

static bool read_number(const char *text, long most, long *value)
{
    char *end = NULL;
    *value = strtol(text, &end, 10);
    return end != text && *end == '\0' && *value >= 0 && *value <= most;
}

/// Reads one line of a list, with its security as it is.
static bool read_network(const char *line, struct wifi_network *network, char security[FIELD_LIMIT])
{
    char field[3][FIELD_LIMIT];
    size_t position = 0;
    long channel = 0;
    long quality = 0;

    *network = (struct wifi_network){ .ssid_size = 0 };
    for (unsigned i = 0; i < 3; i++) {
        if (nmcli_text_field(line, &position, field[i], sizeof field[i]) != STATUS_OK) {
            return false;
        }
    }
    if (nmcli_text_field(line, &position, security, FIELD_LIMIT) != STATUS_OK ||
        !read_ssid(field[0], network) || !read_number(field[1], CHANNEL_LIMIT, &channel) ||
        !read_number(field[2], PERCENT, &quality)) {
        return false;
    }
    network->channel = (uint8_t)channel;
    network->rssi_dbm = (int8_t)(quality / 2 - PERCENT);
    network->secure = security[0] != '\0' && strcmp(security, "--") != 0;
    return true;
}

static bool same_name(const struct wifi_network *left, const struct wifi_network *right)
{
    return left->ssid_size == right->ssid_size &&
           memcmp(left->ssid, right->ssid, left->ssid_size) == 0;
}

size_t nmcli_text_networks(const char *text, struct wifi_network *networks, size_t capacity)
{
    char line[LINE_LIMIT];
    char security[FIELD_LIMIT];
    size_t count = 0;

    while (next_line(&text, line)) {
        struct wifi_network network;
        if (!read_network(line, &network, security)) {
            continue;
        }
        size_t place = 0;
        while (place < count && !same_name(&networks[place], &network)) {
            place++;
        }
        if (place < count && networks[place].rssi_dbm >= network.rssi_dbm) {
            continue; // The same name, nearer.
        }
        if (place == count && count == capacity) {
            if (count == 0 || networks[count - 1].rssi_dbm >= network.rssi_dbm) {
                continue;
            }
            place = count - 1; // In place of the weakest.
        }
        count += place == count ? 1 : 0;
        for (; place > 0 && networks[place - 1].rssi_dbm < network.rssi_dbm; place--) {
            networks[place] = networks[place - 1];
        }
        networks[place] = network;
    }
    return count;
}

bool nmcli_text_is_wpa3_alone(const char *text, const uint8_t *ssid, size_t ssid_size)
{
    char line[LINE_LIMIT];
    char security[FIELD_LIMIT];
    bool is_wpa3 = false;

    while (next_line(&text, line)) {
        struct wifi_network network;
        if (!read_network(line, &network, security) || network.ssid_size != ssid_size ||
            memcmp(network.ssid, ssid, ssid_size) != 0) {
            continue;
        }
        if (strstr(security, "WPA2") != NULL || strstr(security, "WPA1") != NULL) {
            return false;
        }
        is_wpa3 |= strstr(security, "WPA3") != NULL;
    }
    return is_wpa3;
}

/// Copies an address without its prefix, if it is of a plausible form.
static void keep_address(const char *text, char address[WIFI_ADDRESS_SIZE])
{
    const size_t size = strcspn(text, "/");
    if (size > 0 && size < WIFI_ADDRESS_SIZE && strspn(text, "0123456789abcdefABCDEF.:") == size) {
        memcpy(address, text, size);
        address[size] = '\0';
    }
}

bool nmcli_text_device(const char *text, char address[WIFI_ADDRESS_SIZE])
{
    char line[LINE_LIMIT] = "";
    char name[FIELD_LIMIT];
    char value[FIELD_LIMIT];
    char second[WIFI_ADDRESS_SIZE] = "";
    bool is_active = false;

    address[0] = '\0';
    while (next_line(&text, line)) {
        size_t position = 0;
        if (nmcli_text_field(line, &position, name, sizeof name) != STATUS_OK ||
            nmcli_text_field(line, &position, value, sizeof value) != STATUS_OK) {
            continue;
        }
        // 100 is activated; externally managed networks also say so, with more words behind.
        if (strcmp(name, "GENERAL.STATE") == 0) {
            is_active = strncmp(value, "100 ", 4) == 0;
        } else if (strncmp(name, "IP4.ADDRESS[", 12) == 0 && address[0] == '\0') {
            keep_address(value, address);
        } else if (strncmp(name, "IP6.ADDRESS[", 12) == 0 && second[0] == '\0' &&
                   strncasecmp(value, "fe80", 4) != 0) {
            keep_address(value, second);
        }
    }
    if (address[0] == '\0') {
        memcpy(address, second, sizeof second);
    }
    return is_active;
}

enum wifi_reason nmcli_text_reason(int exit_code, const char *complaint)
{
    static const struct {
        const char *words;
        enum wifi_reason reason;
    } REASONS[] = {
        { "Secrets were required", WIFI_REASON_AUTH_FAILED },
        { "No valid secrets", WIFI_REASON_AUTH_FAILED },
        { "Invalid secrets", WIFI_REASON_AUTH_FAILED },
        { "invalid passwd-file", WIFI_REASON_AUTH_FAILED },
        { "802.1X supplicant", WIFI_REASON_AUTH_FAILED },
        { "network could not be found", WIFI_REASON_NOT_FOUND },
        { "No network with SSID", WIFI_REASON_NOT_FOUND },
        { "No suitable device found", WIFI_REASON_NOT_FOUND },
        { "IP configuration could not be reserved", WIFI_REASON_NO_ADDRESS },
        { "IP configuration is no longer valid", WIFI_REASON_NO_ADDRESS },
        { "DHCP client", WIFI_REASON_NO_ADDRESS },
        { "base network connection was interrupted", WIFI_REASON_LOST },
        { "connection was disconnected", WIFI_REASON_LOST },
    };

    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++) {
        if (strstr(complaint, REASONS[i].words) != NULL) {
            return REASONS[i].reason;
        }
    }
    return exit_code == EXIT_NOT_FOUND ? WIFI_REASON_NOT_FOUND : WIFI_REASON_RADIO;
}

enum status nmcli_text_secret(const char *password, char *out, size_t capacity, size_t *size)
{
    static const char NAME[] = "802-11-wireless-security.psk:";
    size_t used = strlen(NAME);

    *size = 0;
    if (capacity < used + 4 * strlen(password) + 2) {
        return STATUS_FULL;
    }
    memcpy(out, NAME, used);
    // Spaces at the ends would be stripped and backslashes read as escapes.
    for (; *password != '\0'; password++) {
        const unsigned byte = (uint8_t)*password;
        out[used++] = '\\';
        out[used++] = (char)('0' + (byte >> 6));
        out[used++] = (char)('0' + (byte >> 3 & 7u));
        out[used++] = (char)('0' + (byte & 7u));
    }
    out[used++] = '\n';
    out[used] = '\0';
    *size = used;
    return STATUS_OK;
}
