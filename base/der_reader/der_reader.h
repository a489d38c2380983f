// SPDX-License-Identifier: MIT
#pragma once

/// Reads the Distinguished Encoding Rules of ASN.1 (X.690 clause 10), and nothing that only BER
/// allows: lengths are definite and as short as can be, integers too.
///
/// Nothing is copied; what comes out points into what went in.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum der_tag {
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_UTF8_STRING = 0x0C,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};

struct der_reader {
    const uint8_t *at;
    size_t left;
};

/// Starts on `size` bytes, at most 65535.
void der_reader_open(struct der_reader *reader, const uint8_t *der, size_t size);

/// Steps over one element with this tag and starts `inside` on its content.
///
/// Here and below: @return STATUS_CORRUPT  something else comes next, or it does not end within
///                         what is left; neither reader has moved.
MUST_CHECK enum status der_reader_enter(struct der_reader *reader, enum der_tag tag,
                                        struct der_reader *inside);

/// Steps over an INTEGER that is not negative; `bytes` is its value, big-endian, without leading
/// zeros: zero has a size of 0.
MUST_CHECK enum status der_reader_unsigned(struct der_reader *reader, const uint8_t **bytes,
                                           size_t *size);

bool der_reader_is_at_end(const struct der_reader *reader);
