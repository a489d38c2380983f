// SPDX-License-Identifier: MIT
#pragma once

/// A name server that knows one answer: every name has the hotspot's address, so that a phone's
/// captive-portal check ends at the portal. One message in, one message out (RFC 1035 section 4).
///
/// A query of type A, or of any type, gets the address with a life of a few seconds, since it is
/// wrong once the phone has left the hotspot. Other types get an empty answer without error, which
/// makes phones ask for A. Additional records, such as those of EDNS, are not looked at.

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum {
    CAPTIVE_DNS_SIZE_LIMIT = 512, ///< Of a message over UDP (RFC 1035 section 4.2.1).
    CAPTIVE_DNS_LIFE_S = 5
};

/// Writes the reply to `reply`, which has room for CAPTIVE_DNS_SIZE_LIMIT bytes. A query that
/// cannot be understood gets the error that says so.
///
/// @return STATUS_CORRUPT  it is no query, so there is nothing to send: too short or too long for a
///                         message, or a reply itself.
MUST_CHECK enum status captive_dns_answer(const uint8_t *query, size_t size,
                                          const uint8_t address[4],
                                          uint8_t reply[CAPTIVE_DNS_SIZE_LIMIT],
                                          size_t *reply_size);
