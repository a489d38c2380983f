// SPDX-License-Identifier: MIT
#include "guard_outbox.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool guard_outbox_open(struct guard_outbox *outbox, const char *path)
{
    memset(outbox, 0, sizeof *outbox);
    outbox->descriptor = -1;
    if (path == NULL) {
        return true;
    }
    const size_t size = strlen(path) + 1;
    if (size > sizeof outbox->address.sun_path) {
        return false;
    }
    outbox->address.sun_family = AF_UNIX;
    memcpy(outbox->address.sun_path, path, size);
    outbox->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return outbox->descriptor >= 0;
}

void guard_outbox_close(struct guard_outbox *outbox)
{
    if (outbox->descriptor >= 0) {
        (void)close(outbox->descriptor);
        outbox->descriptor = -1;
    }
}

static void drop_oldest(struct guard_outbox *outbox)
{
    outbox->first = (outbox->first + 1) % GUARD_OUTBOX_COUNT;
    outbox->count--;
}

void guard_outbox_add(struct guard_outbox *outbox, const struct guard_report *report)
{
    if (outbox->descriptor < 0) {
        return;
    }
    if (outbox->count == GUARD_OUTBOX_COUNT) {
        drop_oldest(outbox);
        outbox->lost++;
    }
    outbox->ring[(outbox->first + outbox->count) % GUARD_OUTBOX_COUNT] = *report;
    outbox->count++;
}

void guard_outbox_flush(struct guard_outbox *outbox)
{
    char text[GUARD_REPORT_SIZE];
    size_t size = 0;

    while (outbox->count > 0) {
        struct guard_report *report = &outbox->ring[outbox->first];
        report->lost = outbox->lost;
        if (guard_report_encode(report, text, sizeof text, &size) != STATUS_OK) {
            outbox->lost++; // It has no form to be sent in.
        } else if (sendto(outbox->descriptor, text, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&outbox->address, sizeof outbox->address) < 0) {
            return; // ohmd is away or busy; the next flush tries again.
        }
        drop_oldest(outbox);
    }
}
