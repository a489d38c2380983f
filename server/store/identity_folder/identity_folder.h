// SPDX-License-Identifier: MIT
#pragma once

/// The certificates in a folder that tools/pki.sh keeps, as a source of the list of who may speak:
///
///   ohmd/cert.pem             the server
///   devices/NAME/cert.pem     a device
///   operators/NAME/cert.pem   an operator
///
/// All of them are active; whoever is to be shut out is removed from the folder. A folder without
/// certificates has none to add, and a certificate that cannot be read is left out and told.

#include "fleet_log.h"
#include "identity_list.h"
#include "status.h"

struct identity_folder {
    const char *path;
    const struct fleet_log *log;
};

/// Calls `add` with `to` for every certificate: the `each` of a struct identity_source.
///
/// @return STATUS_IO  the folder cannot be read: none of it is known, which must not pass for none;
///         otherwise the first status of `add` that is not STATUS_OK.
MUST_CHECK enum status
identity_folder_each(void *folder, enum status (*add)(void *to, const struct identity_entry *entry),
                     void *to);
