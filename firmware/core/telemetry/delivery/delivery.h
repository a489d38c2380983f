// SPDX-License-Identifier: MIT
#pragma once

/// Which records of the journal to send next, and which acknowledgements to believe.
///
/// It decides by numbers alone and touches no record: the communication task asks, publishes, and
/// says what happened. It promises:
///   - at most DELIVERY_WINDOW batches are unacknowledged in one session;
///   - without progress it starts again from the oldest record, after `resend_ms`, then after twice
///     and four times as long until there is progress again;
///   - an acknowledgement above everything that this device can have sent is ignored.
///
/// Records [oldest, end) are in the journal. Times are milliseconds on a monotonic clock.

#include <stdbool.h>
#include <stdint.h>

enum { DELIVERY_WINDOW = 8 };

struct delivery_batch {
    uint64_t first_seq;
    uint32_t count;
};

/// Storage for one journal's delivery, owned by the caller. Use it only through the functions
/// below.
struct delivery {
    uint64_t next_seq;         ///< First record not sent since the last start.
    uint64_t sent_end;         ///< Behind the newest record that was ever sent.
    uint64_t acknowledged_end; ///< Behind the newest record the server has stored, as far as known.
    uint64_t goal_end;         ///< Everything below is to be sent now.
    uint64_t in_flight_last[DELIVERY_WINDOW];
    uint32_t in_flight;
    uint32_t upload_period_ms;
    uint32_t resend_ms;
    uint32_t patience_ms; ///< The present wait for progress.
    uint32_t batch_limit;
    uint64_t progress_ms;
    uint64_t uploaded_ms;
    bool uploaded; ///< `uploaded_ms` is set.
};

/// Starts with the journal as it was found: its records may have been sent by an earlier boot, so
/// an acknowledgement of any of them is believed.
///
/// `upload_period_ms` is the shortest time between two uploads (1000 when live); what is in the
/// journal when one begins goes out in batches of at most `batch_limit` records.
void delivery_init(struct delivery *delivery, uint64_t end, uint32_t upload_period_ms,
                   uint32_t resend_ms, uint32_t batch_limit);

/// A new session has begun: nothing sent before counts as under way, and an upload begins at once.
void delivery_restart(struct delivery *delivery, uint64_t oldest, uint64_t now_ms);

/// Begins an upload now, whatever the period says.
void delivery_flush(struct delivery *delivery, uint64_t end);

/// Tells what to send now. @return false  nothing.
bool delivery_next(struct delivery *delivery, uint64_t oldest, uint64_t end, uint64_t now_ms,
                   struct delivery_batch *batch);

/// `count` records from `first_seq` have been handed to the broker.
void delivery_sent(struct delivery *delivery, uint64_t first_seq, uint32_t count, uint64_t now_ms);

/// The server says that every record up to `watermark` is stored.
///
/// @return false  this device cannot have sent that much: ignore it.
bool delivery_acknowledge(struct delivery *delivery, uint64_t watermark, uint64_t now_ms);
