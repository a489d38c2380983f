// SPDX-License-Identifier: MIT
#include "file_limit.h"

#include <sys/resource.h>

enum status file_limit_raise(unsigned long files, unsigned long *limit)
{
    struct rlimit rights = { 0 };

    *limit = 0;
    if (getrlimit(RLIMIT_NOFILE, &rights) != 0) {
        return STATUS_FULL;
    }
    if (rights.rlim_cur < files && rights.rlim_cur < rights.rlim_max) {
        rights.rlim_cur = files < rights.rlim_max ? files : rights.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &rights);
        (void)getrlimit(RLIMIT_NOFILE, &rights);
    }
    *limit = rights.rlim_cur;
    return rights.rlim_cur >= files ? STATUS_OK : STATUS_FULL;
}
