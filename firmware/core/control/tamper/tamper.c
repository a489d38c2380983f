// SPDX-License-Identifier: MIT
#include "tamper.h"

enum { DEBOUNCE_US = TAMPER_DEBOUNCE_MS * 1000 };

static enum tamper_state next_suspect(enum tamper_event event)
{
    switch (event) {
    case TAMPER_READS_CLOSED:
        return TAMPER_QUIET;
    case TAMPER_SETTLED:
        return TAMPER_LATCHED;
    case TAMPER_READS_OPEN:
    case TAMPER_CLEARED:
        return TAMPER_SUSPECT;
    }
    return TAMPER_LATCHED;
}

enum tamper_state tamper_next(enum tamper_state state, enum tamper_event event)
{
    switch (state) {
    case TAMPER_QUIET:
        return event == TAMPER_READS_OPEN ? TAMPER_SUSPECT : TAMPER_QUIET;
    case TAMPER_SUSPECT:
        return next_suspect(event);
    case TAMPER_LATCHED:
        return event == TAMPER_CLEARED ? TAMPER_QUIET : TAMPER_LATCHED;
    }
    return TAMPER_LATCHED;
}

void tamper_init(struct tamper *tamper)
{
    *tamper = (struct tamper){ .state = TAMPER_QUIET };
}

static void count_one(struct tamper *tamper)
{
    if (tamper->count < TAMPER_COUNT_LIMIT) {
        tamper->count++;
    }
}

void tamper_restore(struct tamper *tamper, struct tamper_record kept)
{
    if (tamper->known) {
        return;
    }
    tamper->known = true;
    tamper->count = kept.count < TAMPER_COUNT_LIMIT ? kept.count : TAMPER_COUNT_LIMIT;
    if (kept.latched) {
        tamper->state = TAMPER_LATCHED;
    } else if (tamper->opened_before_known) {
        count_one(tamper);
    }
}

bool tamper_step(struct tamper *tamper, bool open, uint64_t now_us)
{
    const enum tamper_state before = tamper->state;

    tamper->open = open;
    tamper->state = tamper_next(before, open ? TAMPER_READS_OPEN : TAMPER_READS_CLOSED);
    if (before == TAMPER_QUIET && tamper->state == TAMPER_SUSPECT) {
        tamper->opened_us = now_us;
    }
    if (tamper->state == TAMPER_SUSPECT && now_us - tamper->opened_us >= DEBOUNCE_US) {
        tamper->state = tamper_next(tamper->state, TAMPER_SETTLED);
    }
    if (before == TAMPER_LATCHED || tamper->state != TAMPER_LATCHED) {
        return false;
    }
    if (tamper->known) {
        count_one(tamper);
    } else {
        tamper->opened_before_known = true;
    }
    return true;
}

bool tamper_is_latched(const struct tamper *tamper)
{
    return !tamper->known || tamper->state == TAMPER_LATCHED;
}

enum status tamper_clear(struct tamper *tamper, uint32_t count)
{
    if (!tamper->known || tamper->state != TAMPER_LATCHED) {
        return STATUS_MISSING;
    }
    if (count != tamper->count) {
        return STATUS_INVALID;
    }
    if (tamper->open) {
        return STATUS_BUSY;
    }
    tamper->state = tamper_next(tamper->state, TAMPER_CLEARED);
    return STATUS_OK;
}

struct tamper_record tamper_record(const struct tamper *tamper)
{
    return (struct tamper_record){ .latched = tamper->state == TAMPER_LATCHED,
                                   .count = tamper->count };
}
