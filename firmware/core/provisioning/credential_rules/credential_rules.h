// SPDX-License-Identifier: MIT
#pragma once

/// Which names, passwords and tokens a device takes. Sizes are in bytes, without a final NUL, and
/// no text needs one.

#include <stdbool.h>
#include <stddef.h>

/// 1 to 32 bytes (IEEE 802.11-2020 clause 9.4.2.2). A NUL among them, which the standard allows, is
/// refused: names pass through text on their way.
bool credential_is_ssid(const char *ssid, size_t size);

/// Nothing (an open network), a passphrase of 8 to 63 characters from space to '~', or the key
/// itself as 64 hexadecimal digits (IEEE 802.11-2020 annex J.4).
bool credential_is_password(const char *password, size_t size);

/// 1 to 32 letters, digits, '_' and '-', so that a name means nothing to broker, shell or page.
bool credential_is_device_id(const char *id, size_t size);

/// Characters from '!' to '~'; the caller limits the size.
bool credential_is_token(const char *token, size_t size);
