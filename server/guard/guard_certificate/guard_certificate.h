// SPDX-License-Identifier: MIT
#pragma once

/// What the guard wants to know of a client's certificate.

#include <stdbool.h>

#include <openssl/x509.h>

#include "guard_rules.h"

/// Takes from `x509` its digest, its end, and its common name if there is exactly one and that is a
/// good name; otherwise the name is empty. The bytes of the name count as they stand in the
/// certificate, whatever type of string it is: a NUL or a byte above 0x7F makes it a bad one.
///
/// @return false  it cannot be digested, or its end is no time.
bool guard_certificate_read(const X509 *x509, struct guard_certificate *certificate);
