// SPDX-License-Identifier: MIT
#include "core_dump.h"

#include <sys/prctl.h>
#include <sys/resource.h>

bool core_dump_forbid(void)
{
    const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
    // The limit outlives an exec and a change of user, which put the flag back; but a collector
    // behind a pipe pays no heed to it, only to the flag.
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}
