// SPDX-License-Identifier: MIT
#pragma once

/// A person's estimate of the converter's nonlinearity, within the processing task.
///
/// METERING_LINEARITY_GATHER counts the codes of up to four inputs at once: the reference voltage
/// and heaters' currents. Each is a swing, and so is each of further calls, until four are there.
/// What two or more swings come to is a table; METERING_LINEARITY_APPLY keeps it and has it in
/// force from the next block on, for every input, since one converter scans them all.
///
///     request ──► session ── orders ──► code_census ──► sampling task: counts, straightens
///                    └──► linearity_store
///
/// Swings live until they are applied or cancelled. One task owns a session and calls its
/// functions.

#include <stdbool.h>
#include <stdint.h>

#include "code_census.h"
#include "code_density.h"
#include "key_value.h"
#include "linearity.h"
#include "linearity_activity.h"
#include "linearity_estimate.h"
#include "linearity_store.h"
#include "linearity_verdict.h"
#include "metering_mailbox.h"
#include "raw_channel.h"
#include "status.h"
#include "wiring.h"

enum { LINEARITY_SECONDS_LEAST = 3, LINEARITY_SECONDS_MOST = 300 };

/// Memory that is in use while linearity_session_is_at_work(), and during linearity_session_init()
/// and METERING_LINEARITY_CLEAR: 11 KB.
struct linearity_workspace {
    struct code_density density[LINEARITY_SWING_LIMIT];
    struct linearity_estimate estimate;
    struct linearity_table table;
};

struct linearity_swing {
    bool is_voltage;
    uint8_t channel; ///< Of a current.
    enum linearity_verdict verdict;
    int32_t from_code; ///< What it covers, when it was found.
    int32_t to_code;
    double seconds; ///< In whole windows.
    double low;     ///< Smallest and largest root mean square meanwhile.
    double high;
    bool clipped;
};

/// What a session works with; all of it outlives it.
struct linearity_parts {
    const struct wiring *wiring;
    const struct key_value *values;
    struct code_census *census;
    struct linearity_workspace *workspace;
    int32_t code_min; ///< Of the converter.
    int32_t code_max;
};

/// Owned by the caller. Use it only through the functions below.
struct linearity_session {
    struct linearity_parts parts;
    struct linearity_store store;
    enum linearity_activity activity;
    bool is_stop_posted;
    bool is_discarded; ///< What is being counted is not wanted any more.
    double seconds;    ///< As asked for.
    double seconds_left;
    uint32_t swings;   ///< Those before `gathered` are found,
    uint32_t gathered; ///< the others are being counted, or came to nothing.
    struct linearity_swing swing[LINEARITY_SWING_LIMIT];
    enum linearity_verdict verdict; ///< Of all swings together, while there are any.
};

/// Loads what was kept and has it in force. Before the tasks run.
///
/// @return STATUS_CORRUPT  what was kept is damaged or of another converter: codes stay as they
///                         are;
///         STATUS_IO       storage failed: likewise.
MUST_CHECK enum status linearity_session_init(struct linearity_session *session,
                                              const struct linearity_parts *parts);

/// Whether it counts, has swings that were neither applied nor cancelled, or the sampling task has
/// not carried out what it was told. Else its workspace may serve others.
bool linearity_session_is_at_work(const struct linearity_session *session);

/// Looks at a window of `seconds`: `raw` are READING_CHANNEL_COUNT channels.
void linearity_session_observe(struct linearity_session *session, const struct raw_channel *raw,
                               double seconds);

/// Moves on once the sampling task has let go. After the last swing, it computes for as long as
/// some 100 million instructions take without double precision in hardware.
void linearity_session_step(struct linearity_session *session);

/// Carries out a request of METERING_LINEARITY_GATHER to METERING_LINEARITY_TELL and answers it.
/// May block for as long as the disk does when it applies or clears.
void linearity_session_answer(struct linearity_session *session,
                              const struct metering_request *request,
                              struct metering_answer *answer);
