// SPDX-License-Identifier: MIT
#pragma once

/// The switch that notices when the case is opened, and the memory that it was.
///
/// The switch is a loop that the closed case closes: a cut wire is an open case. Open for
/// TAMPER_DEBOUNCE_MS without a break, it latches, and stays latched until somebody with the right
/// to it clears it, naming how often the case has been opened. What is latched must be kept by
/// tamper_store.h before anything else is done; until what was kept is known, the state counts as
/// latched.

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum { TAMPER_DEBOUNCE_MS = 50, TAMPER_COUNT_LIMIT = 0xFFFFFF };

enum tamper_state {
    TAMPER_QUIET,   ///< The case is closed, and nobody has opened it.
    TAMPER_SUSPECT, ///< The loop is open, perhaps only for a moment.
    TAMPER_LATCHED  ///< The case was opened.
};

enum tamper_event {
    TAMPER_READS_OPEN,
    TAMPER_READS_CLOSED,
    TAMPER_SETTLED, ///< Open for TAMPER_DEBOUNCE_MS.
    TAMPER_CLEARED  ///< By a person.
};

/// The whole of the rules.
enum tamper_state tamper_next(enum tamper_state state, enum tamper_event event);

/// What survives a power cut.
struct tamper_record {
    bool latched;
    uint32_t count; ///< How often the case was opened; stays at TAMPER_COUNT_LIMIT.
};

/// Owned by the caller. Use it only through the functions below.
struct tamper {
    enum tamper_state state;
    bool known; ///< What was kept is known.
    bool open;  ///< The loop, as last read.
    bool opened_before_known;
    uint64_t opened_us;
    uint32_t count;
};

/// Nothing is known yet.
void tamper_init(struct tamper *tamper);

/// Hands in what was kept, once per boot. What was opened meanwhile is added to it.
void tamper_restore(struct tamper *tamper, struct tamper_record kept);

/// Looks at the loop, on one monotonic clock. Call it every 10 ms.
///
/// @return true  in the step that latches, and only then.
bool tamper_step(struct tamper *tamper, bool open, uint64_t now_us);

/// Tells whether the device must keep its relays open: latched, or what was kept is not known.
bool tamper_is_latched(const struct tamper *tamper);

/// Clears the latch.
///
/// @return STATUS_MISSING  nothing is latched, or what was kept is not known yet;
///         STATUS_INVALID  `count` is not how often the case was opened: it was opened again since
///                         the order to clear was given;
///         STATUS_BUSY     the case is open.
MUST_CHECK enum status tamper_clear(struct tamper *tamper, uint32_t count);

/// What is to be kept now.
struct tamper_record tamper_record(const struct tamper *tamper);
