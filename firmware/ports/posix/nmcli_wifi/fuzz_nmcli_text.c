// SPDX-License-Identifier: MIT

/// Any text as what nmcli prints.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nmcli_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wifi_network networks[4];
    char address[WIFI_ADDRESS_SIZE];
    char *text = malloc(size + 1);

    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    const size_t count = nmcli_text_networks(text, networks, 4);
    for (size_t i = 0; i < count; i++) {
        if (networks[i].ssid_size > WIFI_SSID_LIMIT || networks[i].rssi_dbm < -100 ||
            networks[i].rssi_dbm > -50 ||
            (i > 0 && networks[i].rssi_dbm > networks[i - 1].rssi_dbm)) {
            abort();
        }
        (void)nmcli_text_is_wpa3_alone(text, networks[i].ssid, networks[i].ssid_size);
    }
    (void)nmcli_text_device(text, address);
    if (strlen(address) >= WIFI_ADDRESS_SIZE) {
        abort();
    }
    (void)nmcli_text_reason(4, text);
    free(text);
    return 0;
}
