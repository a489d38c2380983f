// SPDX-License-Identifier: MIT
#include "relay_mailbox.h"

// Each index counts up for ever and wraps at 2^32, which RELAY_MAILBOX_CAPACITY divides. A release
// store publishes the slot written before it; the acquire load on the other side sees that slot.

static uint32_t load(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static void store(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

void relay_mailbox_init(struct relay_mailbox *mailbox)
{
    *mailbox = (struct relay_mailbox){ 0 };
}

enum status relay_mailbox_post(struct relay_mailbox *mailbox, const struct relay_request *request)
{
    const uint32_t posted = load(&mailbox->posted);
    if (posted - load(&mailbox->taken) >= RELAY_MAILBOX_CAPACITY) {
        return STATUS_FULL;
    }
    mailbox->requests[posted % RELAY_MAILBOX_CAPACITY] = *request;
    store(&mailbox->posted, posted + 1);
    return STATUS_OK;
}

bool relay_mailbox_take_result(struct relay_mailbox *mailbox, struct relay_result *result)
{
    const uint32_t taken = load(&mailbox->taken);
    if (load(&mailbox->answered) == taken) {
        return false;
    }
    *result = mailbox->results[taken % RELAY_MAILBOX_CAPACITY];
    store(&mailbox->taken, taken + 1);
    return true;
}

bool relay_mailbox_next_request(struct relay_mailbox *mailbox, struct relay_request *request)
{
    const uint32_t answered = load(&mailbox->answered);
    if (load(&mailbox->posted) == answered) {
        return false;
    }
    *request = mailbox->requests[answered % RELAY_MAILBOX_CAPACITY];
    return true;
}

void relay_mailbox_answer(struct relay_mailbox *mailbox, const struct relay_result *result)
{
    // There is always room: no more requests are let in than results fit.
    const uint32_t answered = load(&mailbox->answered);
    mailbox->results[answered % RELAY_MAILBOX_CAPACITY] = *result;
    store(&mailbox->answered, answered + 1);
}
