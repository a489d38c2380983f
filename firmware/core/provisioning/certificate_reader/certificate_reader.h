// SPDX-License-Identifier: MIT
#pragma once

/// What a device has to know about its own certificate (RFC 5280): whose key, whose name, how long.
///
/// It judges no signature: a certificate comes over a connection whose server was verified, and
/// whoever verifies the device checks the chain.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    CERTIFICATE_READER_KEY_SIZE = 65,  ///< An uncompressed point of P-256, 0x04 first.
    CERTIFICATE_READER_NAME_LIMIT = 64 ///< Characters of a common name (RFC 5280 appendix A.1).
};

struct certificate_facts {
    uint8_t public_key[CERTIFICATE_READER_KEY_SIZE];
    char common_name[CERTIFICATE_READER_NAME_LIMIT + 1]; ///< Of the subject.
    int64_t from_s;                                      ///< Unix time, inclusive.
    int64_t until_s;                                     ///< Unix time, inclusive.
};

/// Reads one certificate in DER, nothing before and nothing after it.
///
/// @return STATUS_CORRUPT  it is not DER, or no certificate;
///         STATUS_INVALID  it is one, but not with a key on P-256, or the subject has not exactly
///                         one common name of printable ASCII.
MUST_CHECK enum status certificate_reader_read(const uint8_t *der, size_t size,
                                               struct certificate_facts *facts);
