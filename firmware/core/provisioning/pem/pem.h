// SPDX-License-Identifier: MIT
#pragma once

/// The textual form of certificates and of requests for them (RFC 7468).
///
/// Reading takes the first block with the label, and refuses whatever is not base64 in it: a wrong
/// alphabet, missing padding, or bits behind the end. Line breaks may be anywhere.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Decodes the first block of `label`, such as "CERTIFICATE", from `text`, which need not end with
/// NUL. What surrounds the block is ignored.
///
/// @return STATUS_MISSING  there is no such block;
///         STATUS_CORRUPT  it is not base64, is empty, or does not end;
///         STATUS_FULL     it is longer than `capacity` bytes.
MUST_CHECK enum status pem_decode(const char *text, size_t text_size, const char *label,
                                  uint8_t *der, size_t capacity, size_t *size);

/// Writes a block of lines of 64 characters, each ended by a line feed, and a NUL that `*size` does
/// not count.
///
/// @return STATUS_FULL  it does not fit; `text` is empty then.
MUST_CHECK enum status pem_encode(const char *label, const uint8_t *der, size_t der_size,
                                  char *text, size_t capacity, size_t *size);
