// SPDX-License-Identifier: MIT
#include "ring.h"

static void *slot_at(struct ring *ring, uint32_t counter)
{
    return ring->slots + (size_t)(counter & (ring->capacity - 1u)) * ring->slot_size;
}

enum status ring_init(struct ring *ring, void *slots, uint32_t slot_size, uint32_t capacity)
{
    if (slots == NULL || slot_size == 0 || capacity == 0 || (capacity & (capacity - 1u)) != 0) {
        return STATUS_INVALID;
    }
    ring->slots = slots;
    ring->slot_size = slot_size;
    ring->capacity = capacity;
    atomic_init(&ring->put, 0);
    atomic_init(&ring->taken, 0);
    return STATUS_OK;
}

void *ring_claim(struct ring *ring)
{
    const uint32_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
    const uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
    return put - taken < ring->capacity ? slot_at(ring, put) : NULL;
}

void *ring_claim_second(struct ring *ring)
{
    const uint32_t next = atomic_load_explicit(&ring->put, memory_order_relaxed) + 1u;
    const uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
    return next - taken < ring->capacity ? slot_at(ring, next) : NULL;
}

void ring_publish(struct ring *ring)
{
    const uint32_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
    atomic_store_explicit(&ring->put, put + 1u, memory_order_release);
}

void *ring_peek(struct ring *ring)
{
    const uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    const uint32_t put = atomic_load_explicit(&ring->put, memory_order_acquire);
    return put != taken ? slot_at(ring, taken) : NULL;
}

void ring_release(struct ring *ring)
{
    const uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    atomic_store_explicit(&ring->taken, taken + 1u, memory_order_release);
}

uint32_t ring_count(const struct ring *ring)
{
    const uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
    return atomic_load_explicit(&ring->put, memory_order_acquire) - taken;
}
