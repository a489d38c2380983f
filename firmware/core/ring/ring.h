// SPDX-License-Identifier: MIT
#pragma once

/// A ring of equal slots between two tasks: one writes, one reads, neither waits.
///
/// The two share nothing but two 32-bit counters, each written by one side only with a plain store,
/// so the ring works on processors without atomic read-modify-write instructions (rv32imc).
///
///     slots   | a | b | c |   |      taken = 5 ──► a      put = 8 ──► the free slot
///
/// The counters run freely and wrap at 2^32; a slot's index is its counter modulo the capacity.

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/// Storage for one ring, owned by the caller. Use it only through the functions below.
struct ring {
    unsigned char *slots;
    uint32_t slot_size;
    uint32_t capacity;
    _Atomic uint32_t put;   ///< Slots ever published; written by the producer.
    _Atomic uint32_t taken; ///< Slots ever released; written by the consumer.
};

/// Binds `ring` to `slots`, which has room for `capacity` slots of `slot_size` bytes, is aligned
/// for what is kept there and outlives the ring. Not for use while another task uses the ring.
///
/// @return STATUS_INVALID  the capacity is not a power of two, or a size is 0.
MUST_CHECK enum status ring_init(struct ring *ring, void *slots, uint32_t slot_size,
                                 uint32_t capacity);

/// Producer: the slot to fill next, or NULL while the ring is full. Asking again returns the same
/// slot.
void *ring_claim(struct ring *ring);

/// Producer: the slot after the claimed one, or NULL while that is not free. ring_publish() makes
/// it the one that ring_claim() gives. For whoever fills a slot while another waits for a verdict.
void *ring_claim_second(struct ring *ring);

/// Producer: hands the claimed slot to the consumer. Call it only after ring_claim() gave a slot.
void ring_publish(struct ring *ring);

/// Consumer: the oldest published slot, or NULL while the ring is empty. It stays valid until
/// released.
void *ring_peek(struct ring *ring);

/// Consumer: gives the oldest slot back. Call it only after ring_peek() gave a slot.
void ring_release(struct ring *ring);

/// Either side: how many slots are published and not released; a moment's truth.
uint32_t ring_count(const struct ring *ring);
