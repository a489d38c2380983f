// SPDX-License-Identifier: MIT
#pragma once

/// Programs that hold keys leave no core file behind: what libraries keep in memory (keys of TLS,
/// passwords in buffers of HTTP) cannot be wiped from outside them.

#include <stdbool.h>

/// Lets neither a core file be written nor a core be handed to a collector (core(5), prctl(2)
/// PR_SET_DUMPABLE). Without privileges nobody can attach to the process either. To be called
/// before anything secret is read, and again after an exec.
///
/// @return false  the system refused; a program that will hold keys must not go on.
bool core_dump_forbid(void);
