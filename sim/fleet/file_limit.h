// SPDX-License-Identifier: MIT
#pragma once

/// How many files this process may have open: a device is a socket, and a thousand are more than
/// Linux's usual soft limit allows.

#include "status.h"

/// Raises the soft limit to `files` where that is needed and allowed.
///
/// @return STATUS_FULL  the hard limit is lower; `*limit` is what there is.
MUST_CHECK enum status file_limit_raise(unsigned long files, unsigned long *limit);
