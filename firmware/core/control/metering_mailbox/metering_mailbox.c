// SPDX-License-Identifier: MIT
#include "metering_mailbox.h"

#include <stddef.h>

// The words count up and wrap. A release store publishes the slot written before it; the acquire
// load on the other side sees that slot.

static uint32_t load(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static void store(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

enum metering_subject metering_subject_of(enum metering_action action)
{
    switch (action) {
    case METERING_CALIBRATE:
    case METERING_APPLY:
    case METERING_CANCEL:
    case METERING_TELL:
    case METERING_CHECK_WIRING:
        break;
    case METERING_LINEARITY_GATHER:
    case METERING_LINEARITY_APPLY:
    case METERING_LINEARITY_CLEAR:
    case METERING_LINEARITY_CANCEL:
    case METERING_LINEARITY_TELL:
        return METERING_OF_CONVERTER;
    case METERING_DEMAND_RESET:
    case METERING_DEMAND_TELL:
        return METERING_OF_DEMAND;
    }
    return METERING_OF_CHANNEL;
}

enum metering_action metering_subject_telling(enum metering_subject subject)
{
    switch (subject) {
    case METERING_OF_CHANNEL:
        break;
    case METERING_OF_CONVERTER:
        return METERING_LINEARITY_TELL;
    case METERING_OF_DEMAND:
        return METERING_DEMAND_TELL;
    }
    return METERING_TELL;
}

void metering_mailbox_init(struct metering_mailbox *mailbox)
{
    *mailbox = (struct metering_mailbox){ .taken = 0 };
}

enum status metering_mailbox_post(struct metering_mailbox *mailbox,
                                  const struct metering_request *request)
{
    const uint32_t posted = load(&mailbox->posted);
    if (posted != mailbox->taken) {
        return STATUS_FULL;
    }
    mailbox->request = *request;
    store(&mailbox->posted, posted + 1);
    return STATUS_OK;
}

const struct metering_answer *metering_mailbox_peek(const struct metering_mailbox *mailbox)
{
    return load(&mailbox->answered) == mailbox->taken ? NULL : &mailbox->answer;
}

void metering_mailbox_release(struct metering_mailbox *mailbox)
{
    mailbox->taken = load(&mailbox->answered);
}

const struct metering_request *metering_mailbox_next(const struct metering_mailbox *mailbox)
{
    return load(&mailbox->posted) == load(&mailbox->answered) ? NULL : &mailbox->request;
}

struct metering_answer *metering_mailbox_slot(struct metering_mailbox *mailbox)
{
    return &mailbox->answer;
}

void metering_mailbox_answer(struct metering_mailbox *mailbox)
{
    store(&mailbox->answered, load(&mailbox->answered) + 1);
}
