// SPDX-License-Identifier: MIT
#pragma once

/// The wifi seam on a Linux gateway whose radio NetworkManager owns, by its command nmcli.
///
/// Two profiles are made in NetworkManager's memory and never on its disk: NMCLI_WIFI_STATION and
/// NMCLI_WIFI_HOTSPOT. Passwords go through a file that has no name, not through arguments, and are
/// asked for anew at each activation. NetworkManager activates neither by itself: when to try again
/// is the provisioner's to decide.
///
/// Station and hotspot need an interface each, which may be two of one radio
/// (`iw dev wlan0 interface add ap0 type __ap`); without the second there is no hotspot.
///
/// A network name with a 0 byte in it cannot be given to nmcli. A hidden network is not found.
///
/// One process at a time runs beside the program; nothing waits for it. Not thread-safe.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "nmcli_process.h"
#include "status.h"
#include "wifi.h"

#define NMCLI_WIFI_STATION "ohmstead-station"
#define NMCLI_WIFI_HOTSPOT "ohmstead-hotspot"

enum {
    NMCLI_WIFI_EVENTS = 8,
    NMCLI_WIFI_WATCH_MS = 5000, ///< Between two looks at a connection that is up.
    NMCLI_WIFI_STEP_MS = 60000, ///< After which a process is ended.
    NMCLI_WIFI_NAME_SIZE = WIFI_SSID_LIMIT + 1
};

struct nmcli_wifi_options {
    const char *program;           ///< "nmcli".
    const char *interface;         ///< Of the station, such as "wlan0".
    const char *hotspot_interface; ///< NULL: none.
    const char *hotspot_address;   ///< Such as "192.168.4.1/24".
    const struct clock *clock;
};

/// What the process that runs is for.
enum nmcli_wifi_step {
    NMCLI_WIFI_IDLE,
    NMCLI_WIFI_SCAN,
    NMCLI_WIFI_LEAVE, ///< Takes the station's profile away, and the connection with it.
    NMCLI_WIFI_ADD,
    NMCLI_WIFI_JOIN,
    NMCLI_WIFI_SHOW,
    NMCLI_WIFI_WATCH,
    NMCLI_WIFI_CLOSE, ///< The same for the hotspot.
    NMCLI_WIFI_MAKE,
    NMCLI_WIFI_OPEN
};

/// Owned by the caller. Use it only through the functions below.
struct nmcli_wifi {
    struct nmcli_wifi_options options;
    struct nmcli_process process;
    enum nmcli_wifi_step step;
    uint64_t step_end_ms;

    bool wants_scan; ///< Asked for, and not begun.
    bool wants_leave;
    bool wants_join;
    bool wants_close;
    bool wants_open;
    bool is_joining; ///< From connect() to its event.
    bool is_connected;
    uint64_t watch_ms;
    struct wifi_credentials credentials;
    char hotspot_ssid[NMCLI_WIFI_NAME_SIZE];
    char hotspot_password[WIFI_PASSWORD_LIMIT + 1];

    struct wifi_event events[NMCLI_WIFI_EVENTS];
    unsigned event_count;
    char output[NMCLI_PROCESS_TEXT];
    char complaint[NMCLI_PROCESS_TEXT];
    char networks[NMCLI_PROCESS_TEXT]; ///< The last list as it was printed.
};

/// `options` and what it points to must outlive it. Begins by taking away what an earlier run left.
void nmcli_wifi_init(struct nmcli_wifi *wifi, const struct nmcli_wifi_options *options);

/// The seam on `wifi`, which must outlive it. next_event() is what moves it: call it several times
/// a second.
struct wifi nmcli_wifi_seam(struct nmcli_wifi *wifi);

/// Ends the process that runs, and leaves NetworkManager as it is.
void nmcli_wifi_close(struct nmcli_wifi *wifi);
