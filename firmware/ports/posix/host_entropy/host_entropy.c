// SPDX-License-Identifier: MIT
#include "host_entropy.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

static enum status fill(void *ctx, void *out, size_t size)
{
    unsigned char *bytes = out;
    size_t done = 0;

    (void)ctx;
    while (done < size) {
        const ssize_t got = getrandom(bytes + done, size - done, 0);
        if (got < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return STATUS_OK;
}

struct entropy host_entropy(void)
{
    return (struct entropy){ .fill = fill };
}
