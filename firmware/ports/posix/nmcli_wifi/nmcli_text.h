// SPDX-License-Identifier: MIT
#pragma once

/// What NetworkManager's nmcli prints in its terse mode (nmcli(1), options --terse and --escape),
/// and what its passwd-file takes (nmcli-examples(7)).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "wifi.h"

/// Copies the next field of a line, which ends at a ':' or at the end of the line, to `out` with
/// its escapes undone, and moves `*position` behind it.
///
/// @return STATUS_MISSING  the line has no more fields;  STATUS_FULL  it does not fit.
MUST_CHECK enum status nmcli_text_field(const char *line, size_t *position, char *out,
                                        size_t capacity);

/// Reads a list with the fields SSID-HEX,CHAN,SIGNAL,SECURITY: each name once, strongest first.
/// What is no such line is left out. nmcli gives no level but a quality in percent, of which the
/// level is half, less 100 dBm.
///
/// @return how many.
size_t nmcli_text_networks(const char *text, struct wifi_network *networks, size_t capacity);

/// Whether all access points of a name in such a list ask for WPA3 and none takes WPA2.
bool nmcli_text_is_wpa3_alone(const char *text, const uint8_t *ssid, size_t ssid_size);

/// Reads `device show` with the fields GENERAL.STATE,IP4.ADDRESS,IP6.ADDRESS: whether the device is
/// activated, and its first address without the prefix, IPv4 before IPv6; "" if it has none.
bool nmcli_text_device(const char *text, char address[WIFI_ADDRESS_SIZE]);

/// Why an activation failed, from nmcli's exit code and its complaint in English.
enum wifi_reason nmcli_text_reason(int exit_code, const char *complaint);

/// Writes the line of a passwd-file for a WPA passphrase, which may hold any ASCII.
///
/// @return STATUS_FULL  it does not fit; 320 bytes always do.
MUST_CHECK enum status nmcli_text_secret(const char *password, char *out, size_t capacity,
                                         size_t *size);
