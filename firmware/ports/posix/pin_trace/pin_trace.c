// SPDX-License-Identifier: MIT
#include "pin_trace.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared_map.h"

struct slot {
    uint64_t time_ns;
    _Atomic uint32_t number; ///< Counted from 1; stored last.
    uint16_t signal;
    uint16_t level;
};

struct ring {
    char magic[8];
    uint32_t capacity;
    uint32_t unused;
    _Atomic uint64_t count;
    uint8_t reserved[40];
    struct slot slots[PIN_TRACE_CAPACITY];
};

static_assert(offsetof(struct ring, slots) == 64, "the layout that the header promises");
static_assert(sizeof(struct slot) == 16, "the layout that the header promises");

static const char MAGIC[8] = { 'O', 'H', 'M', 'P', 'I', 'N', 'S', '1' };

struct pin_trace {
    struct ring *ring;
};

enum status pin_trace_open(const char *path, struct pin_trace **trace)
{
    void *memory = NULL;
    const enum status status = shared_map_open(path, sizeof(struct ring), &memory);
    if (status != STATUS_OK) {
        return status;
    }
    struct pin_trace *opened = malloc(sizeof *opened);
    if (opened == NULL) {
        shared_map_close(memory, sizeof(struct ring));
        return STATUS_FULL;
    }
    opened->ring = memory;
    if (memcmp(opened->ring->magic, MAGIC, sizeof MAGIC) != 0 ||
        opened->ring->capacity != PIN_TRACE_CAPACITY) {
        memset(opened->ring, 0, sizeof *opened->ring);
        opened->ring->capacity = PIN_TRACE_CAPACITY;
        memcpy(opened->ring->magic, MAGIC, sizeof MAGIC);
    }
    *trace = opened;
    return STATUS_OK;
}

void pin_trace_record(struct pin_trace *trace, unsigned signal, bool level)
{
    if (trace == NULL) {
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t number = atomic_fetch_add_explicit(&trace->ring->count, 1, memory_order_relaxed);
    struct slot *slot = &trace->ring->slots[number % PIN_TRACE_CAPACITY];

    // A reader must not take the old number for the new content.
    atomic_store_explicit(&slot->number, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    slot->time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    slot->signal = (uint16_t)signal;
    slot->level = level ? 1 : 0;
    atomic_store_explicit(&slot->number, (uint32_t)(number + 1), memory_order_release);
}

uint64_t pin_trace_count(const struct pin_trace *trace)
{
    return atomic_load_explicit(&trace->ring->count, memory_order_acquire);
}

enum status pin_trace_read(const struct pin_trace *trace, uint64_t number,
                           struct pin_trace_edge *edge)
{
    const struct slot *slot = &trace->ring->slots[number % PIN_TRACE_CAPACITY];
    const uint32_t expected = (uint32_t)(number + 1);
    if (atomic_load_explicit(&slot->number, memory_order_acquire) != expected) {
        return STATUS_MISSING;
    }
    const struct pin_trace_edge copy = { .time_ns = slot->time_ns,
                                         .signal = slot->signal,
                                         .level = slot->level != 0 };
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&slot->number, memory_order_relaxed) != expected) {
        return STATUS_MISSING;
    }
    *edge = copy;
    return STATUS_OK;
}

void pin_trace_close(struct pin_trace *trace)
{
    if (trace != NULL) {
        shared_map_close(trace->ring, sizeof *trace->ring);
        free(trace);
    }
}
