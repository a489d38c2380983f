// SPDX-License-Identifier: MIT

/// Any text as a script; what is accepted runs for a while.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simulated_radio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct radio_script script;
    static struct simulated_radio radio;
    char line[RADIO_SCRIPT_LINE_LIMIT];
    size_t used = 0;

    radio_script_init(&script);
    for (size_t i = 0; i <= size; i++) {
        if (i == size || data[i] == '\n' || used == sizeof line - 1) {
            line[used] = '\0';
            used = 0;
            (void)radio_script_line(&script, line);
        } else if (data[i] != '\0') {
            line[used++] = (char)data[i];
        }
    }
    simulated_radio_init(&radio, &script);
    const struct wifi wifi = simulated_radio_seam(&radio);
    struct wifi_credentials credentials = { .ssid_size = script.networks[0].ssid_size };
    memcpy(credentials.ssid, script.networks[0].ssid, sizeof credentials.ssid);
    memcpy(credentials.password, script.networks[0].password, sizeof credentials.password);
    (void)!wifi.connect(wifi.ctx, &credentials);
    for (uint64_t now_ms = 0; now_ms < 100000; now_ms += 5000) {
        struct wifi_event event;
        simulated_radio_advance(&radio, now_ms);
        while (wifi.next_event(wifi.ctx, &event) == STATUS_OK) {
        }
        (void)!wifi.scan(wifi.ctx);
    }
    return 0;
}
