// SPDX-License-Identifier: MIT
#pragma once

/// The first byte of a CBOR item (RFC 8949 section 3): three bits of major type, five of
/// information.

enum cbor_major {
    CBOR_MAJOR_UINT = 0,
    CBOR_MAJOR_NEGATIVE = 1,
    CBOR_MAJOR_BYTES = 2,
    CBOR_MAJOR_TEXT = 3,
    CBOR_MAJOR_ARRAY = 4,
    CBOR_MAJOR_MAP = 5,
    CBOR_MAJOR_TAG = 6,
    CBOR_MAJOR_SIMPLE = 7, ///< Simple values and floating point.
};

enum { CBOR_SIMPLE_FALSE = 20, CBOR_SIMPLE_TRUE = 21 }; ///< RFC 8949 section 3.3.

enum {
    CBOR_INFO_8 = 24, ///< The argument is in the next byte; smaller values are the argument itself.
    CBOR_INFO_16 = 25,
    CBOR_INFO_32 = 26,
    CBOR_INFO_64 = 27, ///< Larger values are reserved or mark an indefinite length.
};
