// SPDX-License-Identifier: MIT
#pragma once

/// Who may ask what: the rules that portal.h reasons for. For the portal's own files.

#include <stdbool.h>

#include "portal.h"

/// Whether `host` cannot have been pointed at us by somebody's name server: an address,
/// "localhost", or none at all.
bool portal_host_is_address(const char *host);

/// Whether the request's origin is our own page, or it has none because no page sent it.
bool portal_origin_is_own(const struct portal_request *request);

/// Whether the facts let pages of the request's origin call the portal.
bool portal_origin_is_allowed(const struct portal *portal, const struct portal_request *request);

/// Whether a content type, its parameters aside, is `type`.
bool portal_content_is(const struct portal_request *request, const char *type);
