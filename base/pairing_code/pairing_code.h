// SPDX-License-Identifier: MIT
#pragma once

/// What is printed on a device: the pairing code, and how to join its hotspot. All of it follows
/// from the possession secret, so every device has its own, and none of it needs to be kept.
///
///     EM1:meter-1:AAAQEAYEAUDAOCAJBIFQYDIOB4           name and secret, for pairing
///     WIFI:T:WPA;S:Ohmstead-e677e7;P:AZN2DWITZT657Z22;;  for a phone's camera
///
///     password = base32(HKDF-SHA256(secret, no salt, "em/ap-psk/v1", 10 bytes))
///     pair id  = HKDF-SHA256(secret, no salt, "em/pair-id/v1", 8 bytes)

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "pairing.h"
#include "status.h"

enum {
    PAIRING_CODE_SIZE = 64, ///< "EM1:", a name, ':', 26 characters, and the final NUL.
    PAIRING_PREFIX_LIMIT = 25,
    PAIRING_HOTSPOT_NAME_SIZE = PAIRING_PREFIX_LIMIT + 8, ///< Prefix, '-', six digits, NUL.
    PAIRING_PASSWORD_SEED_SIZE = 10,
    PAIRING_PASSWORD_SIZE = 17, ///< 16 characters and the final NUL.
    PAIRING_ID_SIZE = 8,
    PAIRING_JOIN_SIZE = 209 ///< WIFI:…;; with every character of name and password escaped.
};

extern const char pairing_code_password_label[]; ///< For a keystore; its NUL is no part of it.
extern const char pairing_code_id_label[];

struct pairing_code {
    char device_id[PAIRING_ID_LIMIT + 1];
    uint8_t secret[PAIRING_SECRET_SIZE];
};

/// @return STATUS_INVALID  the name is not of 1 to 32 letters, digits, '_' and '-'.
MUST_CHECK enum status pairing_code_write(const struct pairing_code *code,
                                          char text[PAIRING_CODE_SIZE]);

/// Reads a code, scanned or typed: small letters of the secret are as good as capitals.
///
/// @return STATUS_CORRUPT  it is no such code; `code` is wiped.
MUST_CHECK enum status pairing_code_read(const char *text, size_t size, struct pairing_code *code);

/// What the labels above give for a secret that is at hand, as it is to whoever has the code.
MUST_CHECK enum status pairing_code_derive(const struct crypto *crypto,
                                           const uint8_t secret[PAIRING_SECRET_SIZE],
                                           uint8_t password_seed[PAIRING_PASSWORD_SEED_SIZE],
                                           uint8_t id[PAIRING_ID_SIZE]);

/// The hotspot's password.
void pairing_code_password(const uint8_t seed[PAIRING_PASSWORD_SEED_SIZE],
                           char password[PAIRING_PASSWORD_SIZE]);

/// The hotspot's name: the prefix, which is cut to PAIRING_PREFIX_LIMIT bytes, and the end of the
/// pair id, so that two devices in one room differ.
void pairing_code_hotspot_name(const char *prefix, const uint8_t id[PAIRING_ID_SIZE],
                               char name[PAIRING_HOTSPOT_NAME_SIZE]);

/// The text that makes a phone join a network with WPA. The characters \ ; , : and " are escaped.
///
/// @return STATUS_FULL  name and password are longer than Wi-Fi allows.
MUST_CHECK enum status pairing_code_join(const char *name, const char *password,
                                         char text[PAIRING_JOIN_SIZE]);
