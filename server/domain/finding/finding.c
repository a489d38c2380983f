// SPDX-License-Identifier: MIT
#include "finding.h"

#include "record_fields.h"

bool finding_is_kind(unsigned kind)
{
    return kind > RECORD_KIND_ANCHOR && kind < RECORD_KIND_COUNT;
}

uint64_t finding_uptime_ms(const struct record *record)
{
    enum { US_PER_MS = 1000 };
    return record->kind == RECORD_KIND_EVENT ? record->event.started_us / US_PER_MS
                                             : record_uptime_ms(record);
}

int64_t finding_spectrum_subject(unsigned channel, unsigned signal)
{
    return (int64_t)channel * SIGNAL_KIND_COUNT + signal;
}

int64_t finding_subject(const struct record *record)
{
    switch ((enum record_kind)record->kind) {
    case RECORD_KIND_EVENT:
        return record->event.id;
    case RECORD_KIND_WAVEFORM:
        return record->waveform.event_id;
    case RECORD_KIND_SPECTRUM:
        return finding_spectrum_subject(record->spectrum.channel, record->spectrum.signal);
    case RECORD_KIND_INTERVAL:
        return record->interval.kind;
    case RECORD_KIND_READING:
    case RECORD_KIND_ANCHOR:
    case RECORD_KIND_COUNT:
        break;
    }
    return 0;
}
