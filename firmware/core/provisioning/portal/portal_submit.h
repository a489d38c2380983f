// SPDX-License-Identifier: MIT
#pragma once

/// Credentials from JSON and from forms, checked member by member. For the portal's own files.

#include <stdbool.h>

#include "portal_reply.h"

/// Reads the document's members. `bearer` tells that the token of the user is among them, as in a
/// sealed document; else the submission's own is left.
///
/// @return false  `*fault` says why; the submission must not be used, and must be wiped.
bool portal_submit_read_json(const struct json_reader *json, bool bearer,
                             struct portal_submission *submission, struct portal_fault *fault);

/// Reads the fields of a form; device_id and provisioning_token may be absent or empty.
bool portal_submit_read_form(const void *form, size_t size, struct portal_submission *submission,
                             struct portal_fault *fault);

/// Reads an Authorization header; absent, there is no token.
bool portal_submit_read_bearer(const char *authorization, struct portal_submission *submission,
                               struct portal_fault *fault);

/// Hands the submission over. @return false  the host refused; `*fault` says why.
bool portal_submit(struct portal *portal, struct portal_fault *fault);

/// What a body that is no JSON object of ours gets.
extern const struct portal_fault portal_invalid_json;

/// What credentials in the clear get where they are not taken.
extern const struct portal_fault portal_pairing_required;
