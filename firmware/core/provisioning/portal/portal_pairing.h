// SPDX-License-Identifier: MIT
#pragma once

/// Pairing in JSON, and credentials that come sealed. For the portal's own files.

#include "portal_reply.h"

void portal_pairing_start(struct portal *portal, const struct portal_request *request,
                          struct portal_reply *reply);
void portal_pairing_finish(struct portal *portal, const struct portal_request *request,
                           struct portal_reply *reply);

/// Takes the credentials that the document in portal->json carries sealed, and answers sealed.
void portal_pairing_provision(struct portal *portal, struct portal_reply *reply);
