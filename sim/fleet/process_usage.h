// SPDX-License-Identifier: MIT
#pragma once

/// Processor time and memory of another process, from Linux's /proc (proc(5)).

#include <stdint.h>
#include <sys/types.h>

#include "status.h"

struct process_usage {
    uint64_t cpu_us;       ///< User and system time since its start.
    uint64_t resident_kib; ///< Resident memory now.
};

/// @return STATUS_MISSING  there is no such process.
MUST_CHECK enum status process_usage_read(pid_t pid, struct process_usage *usage);
