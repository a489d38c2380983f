// SPDX-License-Identifier: MIT

/// The running block: where it ends, and what belongs to it.

#include "demand_window.h"

#include "local_time.h"

enum { US_PER_MS = 1000, S_PER_MIN = 60, WHOLE_PER_MILLE = 999 };

static const int64_t US_PER_S = 1000000;
static const int64_t UTC_LIMIT_MS = 253402300799000; // End of 9999.

static const uint16_t FLAWS =
    READING_QUALITY_GAP | READING_QUALITY_NO_REFERENCE | READING_QUALITY_CHANNEL_SWAP;

static uint64_t block_us(const struct demand *demand)
{
    return (uint64_t)demand->settings.block_min * S_PER_MIN * (uint64_t)US_PER_S;
}

static uint64_t slice_us(const struct demand *demand)
{
    const uint32_t sub_min = demand->settings.sub_min;
    return sub_min == 0 ? block_us(demand) : (uint64_t)sub_min * S_PER_MIN * (uint64_t)US_PER_S;
}

static uint64_t slack_us(void)
{
    return (uint64_t)DEMAND_STEP_MS * US_PER_MS;
}

static int64_t unix_ms(const struct demand *demand, uint64_t at_us)
{
    return demand->utc_known ? ((int64_t)at_us + demand->utc_offset_us) / US_PER_MS : 0;
}

/// A slice that begins at `at_us` and ends with the next multiple of `length_us` by the local
/// clock; whole until something is missing. While the time is not known, uptime is the clock.
static struct demand_slice slice_at(const struct demand *demand, uint64_t at_us, uint64_t length_us)
{
    const int64_t length = (int64_t)length_us;
    const int64_t utc_us = (int64_t)at_us + demand->utc_offset_us;
    int64_t local_us = utc_us;
    if (demand->utc_known) {
        local_us += local_time_at(demand->zone, utc_us / US_PER_S).offset_s * US_PER_S;
    }
    const int64_t past = (local_us % length + length) % length;
    return (struct demand_slice){ .began_us = at_us,
                                  .ends_utc_us = utc_us + length - past,
                                  .is_whole = past <= (int64_t)slack_us() };
}

/// The uptime at which a slice ends by the clock as it goes now; not before what was taken already.
static uint64_t end_of(const struct demand *demand, const struct demand_slice *slice)
{
    const int64_t end_us = slice->ends_utc_us - demand->utc_offset_us;
    return end_us < (int64_t)demand->at_us ? demand->at_us : (uint64_t)end_us;
}

/// Whether a slice that ends now has all of its `length_us`, within a thousandth and a correction
/// of the clock.
static bool is_whole(const struct demand_slice *slice, uint64_t end_us, uint64_t length_us)
{
    const uint64_t span_us = end_us - slice->began_us;
    return slice->is_whole && span_us + slack_us() >= length_us &&
           span_us <= length_us + slack_us() &&
           slice->measured_us >= span_us / 1000 * WHOLE_PER_MILLE;
}

/// Mean power: millijoules over microseconds are 10^6 milliwatts.
static int64_t mean_mw(int64_t import_mj, uint64_t measured_us)
{
    const uint64_t measured_ms = measured_us / US_PER_MS;
    if (measured_ms == 0) {
        return 0;
    }
    return import_mj > INT64_MAX / US_PER_MS ? INT64_MAX
                                             : import_mj * US_PER_MS / (int64_t)measured_ms;
}

/// Puts the demand over the last block length forward, when all of its slices are whole.
static void end_slice(struct demand *demand, uint64_t at_us)
{
    const uint32_t limit = (uint32_t)(block_us(demand) / slice_us(demand));
    if (!is_whole(&demand->slice, at_us, slice_us(demand))) {
        demand->slices = 0;
        return;
    }
    if (demand->slices == limit) {
        for (uint32_t n = 1; n < limit; n++) {
            demand->ring[n - 1] = demand->ring[n];
        }
        demand->slices--;
    }
    demand->ring[demand->slices++] =
        (struct demand_share){ demand->slice.import_mj, demand->slice.measured_us };
    if (demand->slices == limit) {
        int64_t import_mj = 0;
        uint64_t measured_us = 0;
        for (uint32_t n = 0; n < limit; n++) {
            const int64_t more = demand->ring[n].import_mj;
            import_mj = import_mj > INT64_MAX - more ? INT64_MAX : import_mj + more;
            measured_us += demand->ring[n].measured_us;
        }
        maximum_demand_offer(demand->maximum, mean_mw(import_mj, measured_us),
                             unix_ms(demand, at_us));
    }
}

static void queue(struct demand *demand, const struct metering_interval *interval)
{
    if (demand->pending_count == DEMAND_PENDING) {
        for (uint32_t n = 1; n < DEMAND_PENDING; n++) {
            demand->pending[n - 1] = demand->pending[n];
        }
        demand->pending_count--;
        demand->lost++;
    }
    demand->pending[demand->pending_count++] = *interval;
}

static void end_block(struct demand *demand, uint64_t at_us)
{
    const bool whole = is_whole(&demand->block, at_us, block_us(demand));
    struct metering_interval interval = {
        .uptime_ms = at_us / US_PER_MS,
        .length_ms = (uint32_t)((at_us - demand->block.began_us) / US_PER_MS),
        .demand_mw = mean_mw(demand->block.import_mj, demand->block.measured_us),
        .kind = INTERVAL_DEMAND,
        .flags = (uint8_t)(demand->flags | (whole ? 0 : INTERVAL_SHORT)),
        .rate = *demand->rate,
    };
    interval_sums_tell(&demand->sums, &interval);
    if (demand->sums.windows > 0) {
        queue(demand, &interval);
    }
}

static void begin_block(struct demand *demand, uint64_t at_us, uint8_t flags)
{
    demand->is_open = true;
    demand->at_us = at_us;
    demand->flags = (uint8_t)(flags | (demand->utc_known ? 0 : INTERVAL_UNALIGNED));
    demand->sums = (struct interval_sums){ .seconds = 0.0 };
    demand->block = slice_at(demand, at_us, block_us(demand));
    demand->slice = slice_at(demand, at_us, slice_us(demand));
}

/// Reads the clock. @return whether it goes on as it did when the running block was begun.
static bool read_clock(struct demand *demand)
{
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;
    const struct clock *clock = demand->clock;
    const uint64_t now_us = clock->uptime_us(clock->ctx);
    const bool known = clock->utc_ms(clock->ctx, &utc_ms, &uncertainty_ms) && utc_ms >= 0 &&
                       utc_ms <= UTC_LIMIT_MS && now_us <= INT64_MAX / 4;
    const int64_t offset_us = known ? utc_ms * US_PER_MS - (int64_t)now_us : 0;
    const int64_t moved_us = offset_us - demand->utc_offset_us;
    const bool stands = known == demand->utc_known && moved_us <= (int64_t)slack_us() &&
                        moved_us >= -(int64_t)slack_us();
    demand->utc_known = known;
    demand->utc_offset_us = offset_us;
    return stands;
}

static void add_to_slice(struct demand_slice *slice, int64_t import_mj, uint64_t measured_us,
                         bool is_flawed)
{
    slice->import_mj =
        slice->import_mj > INT64_MAX - import_mj ? INT64_MAX : slice->import_mj + import_mj;
    slice->measured_us += measured_us;
    slice->is_whole = slice->is_whole && !is_flawed;
}

/// Counts by the window's own length, which is that of its samples: the times at which windows are
/// told to have ended jitter by as much as the sampling thread was late.
static void add(struct demand *demand, const struct window_report *report)
{
    const uint64_t measured_us = (uint64_t)(report->seconds * 1e6 + 0.5);
    const int64_t import_mj = report->total_import_mj > 0 ? report->total_import_mj : 0;
    const bool is_flawed = (report->quality & FLAWS) != 0;
    interval_sums_add(&demand->sums, report);
    add_to_slice(&demand->block, import_mj, measured_us, is_flawed);
    add_to_slice(&demand->slice, import_mj, measured_us, is_flawed);
}

/// `part_us` out of `whole_us` of an energy, without an overflow.
static int64_t share(int64_t mj, uint64_t part_us, uint64_t whole_us)
{
    const int64_t whole = (int64_t)whole_us;
    const int64_t part = (int64_t)part_us; // A window is shorter than a block: below 2^32.
    return mj / whole * part + mj % whole * part / whole;
}

/// Cuts the first `part_us` of `left_us` off `report`, which keeps the rest.
static struct window_report cut_off(struct window_report *report, uint64_t part_us,
                                    uint64_t left_us)
{
    struct window_report first = *report;
    first.seconds = report->seconds * (double)part_us / (double)left_us;
    report->seconds -= first.seconds;
    // Cycles are counted where the window ends: a piece of a window has no frequency of its own.
    first.cycles = 0;
    first.whole = false;
    first.total_import_mj = share(report->total_import_mj, part_us, left_us);
    report->total_import_mj -= first.total_import_mj;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        struct window_report_channel *channel = &first.channel[n];
        channel->import_mj = share(channel->import_mj, part_us, left_us);
        channel->export_mj = share(channel->export_mj, part_us, left_us);
        report->channel[n].import_mj -= channel->import_mj;
        report->channel[n].export_mj -= channel->export_mj;
    }
    report->whole = false;
    report->cycles = 0;
    return first;
}

/// Ends the running slice at `at_us`, and the block when it ends there too.
static void pass_end(struct demand *demand, uint64_t at_us)
{
    end_slice(demand, at_us);
    if (demand->slice.ends_utc_us >= demand->block.ends_utc_us) {
        end_block(demand, at_us);
        begin_block(demand, at_us, 0);
    } else {
        demand->slice = slice_at(demand, at_us, slice_us(demand));
        demand->at_us = at_us;
    }
}

/// Ends the running block before its time.
static void break_off(struct demand *demand, uint8_t flags)
{
    demand->flags |= flags;
    demand->block.is_whole = false;
    end_block(demand, demand->at_us);
    demand->slices = 0;
    demand->is_open = false;
}

/// Shares a window out over the slices that it touches.
static void take(struct demand *demand, struct window_report *report, uint64_t from_us)
{
    uint64_t at_us = from_us > demand->at_us ? from_us : demand->at_us;
    uint64_t end_us = end_of(demand, &demand->slice);
    while (end_us <= report->ended_us) {
        if (end_us > at_us) {
            const struct window_report first =
                cut_off(report, end_us - at_us, report->ended_us - at_us);
            add(demand, &first);
            at_us = end_us;
        }
        pass_end(demand, end_us);
        end_us = end_of(demand, &demand->slice);
    }
    if (report->ended_us > at_us) {
        add(demand, report);
    }
    demand->at_us = report->ended_us;
}

void demand_take_window(struct demand *demand, const struct window_report *window)
{
    const double limit_s = demand->settings.block_min * (double)S_PER_MIN;
    struct window_report report = *window;
    if (!(report.seconds > 0.0) || report.ended_us > INT64_MAX / 4) {
        return;
    }
    const bool is_too_long = !(report.seconds < limit_s);
    const uint64_t length_us = is_too_long ? 0 : (uint64_t)(report.seconds * 1e6 + 0.5);
    const uint64_t from_us = report.ended_us > length_us ? report.ended_us - length_us : 0;

    if (demand->is_open && report.ended_us <= demand->at_us) {
        if (!is_too_long) {
            add(demand, &report); // The fragment before the first whole window.
        }
        return;
    }
    uint8_t flags = 0;
    if (!read_clock(demand) && demand->is_open) {
        flags = INTERVAL_CLOCK_STEP;
        break_off(demand, flags);
    }
    if (demand->is_open && (is_too_long || from_us >= demand->at_us + block_us(demand))) {
        break_off(demand, 0);
    }
    if (is_too_long) {
        return;
    }
    if (!demand->is_open) {
        begin_block(demand, from_us, flags);
    }
    take(demand, &report, from_us);
}
