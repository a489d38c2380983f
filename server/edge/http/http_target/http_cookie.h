// SPDX-License-Identifier: MIT
#pragma once

/// Finds one cookie in a Cookie header (RFC 6265 section 5.4).

#include <stddef.h>

#include "status.h"

/// @return STATUS_OK       `*value` points into `header`;
///         STATUS_MISSING  there is no such cookie, or more than one: then none can be trusted.
MUST_CHECK enum status http_cookie_find(const char *header, size_t size, const char *name,
                                        const char **value, size_t *value_size);
