// SPDX-License-Identifier: MIT
#include "credential_rules.h"

#include "portal_host.h"
#include "wifi.h"

static bool are_between(const char *text, size_t size, char low, char high)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] < low || text[i] > high) {
            return false;
        }
    }
    return true;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool are_hexadecimal(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char lower = (char)(text[i] | 0x20);
        if (!is_digit(text[i]) && !(lower >= 'a' && lower <= 'f')) {
            return false;
        }
    }
    return true;
}

bool credential_is_ssid(const char *ssid, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (ssid[i] == '\0') {
            return false;
        }
    }
    return size >= 1 && size <= WIFI_SSID_LIMIT;
}

bool credential_is_password(const char *password, size_t size)
{
    if (size == 0) {
        return true;
    }
    if (size == WIFI_PASSWORD_LIMIT) {
        return are_hexadecimal(password, size);
    }
    return size >= WIFI_PASSWORD_LEAST && size < WIFI_PASSWORD_LIMIT &&
           are_between(password, size, ' ', '~');
}

bool credential_is_device_id(const char *id, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char lower = (char)(id[i] | 0x20);
        if (!is_digit(id[i]) && !(lower >= 'a' && lower <= 'z') && id[i] != '_' && id[i] != '-') {
            return false;
        }
    }
    return size >= 1 && size <= PORTAL_DEVICE_ID_LIMIT;
}

bool credential_is_token(const char *token, size_t size)
{
    return size >= 1 && are_between(token, size, '!', '~');
}
