// SPDX-License-Identifier: MIT
#pragma once

/// A certificate in a PEM file, as others see it.

#include "certificate_authority.h"

/// Reads the first certificate of the file: its fingerprint and its common name.
///
/// @return STATUS_MISSING  there is no such file;  STATUS_CORRUPT  it holds no such certificate.
MUST_CHECK enum status certificate_file_read(const char *path,
                                             uint8_t fingerprint[CRYPTO_SHA256_SIZE],
                                             char name[CERTIFICATE_NAME_SIZE]);
