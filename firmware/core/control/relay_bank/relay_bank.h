// SPDX-License-Identifier: MIT
#pragma once

/// Eight relays behind one output register.
///
/// The bank promises four things, whatever the bus does:
///   - neither relay_bank_set() nor relay_bank_set_all() switches one relay twice within its dwell
///     time;
///   - relay_bank_set_all() moves every relay it has to move, or none;
///   - a relay is reported closed exactly while its coil is being driven;
///   - relay_bank_open_all() releases every coil even when the data bus is dead.
///
/// The bank commands relays; it cannot feel a welded contact. It keeps no global state, never
/// allocates, and is not thread-safe: one task owns one bank.

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum { RELAY_BANK_COUNT = 8 };

/// What the bank needs from the board. Filled in once and kept alive.
struct relay_bank_port {
    /// Shifts `outputs` in (bit n drives relay n) and latches all eight together, or fails and
    /// leaves the outputs as they were. May take at most 1 ms.
    MUST_CHECK enum status (*latch)(void *ctx, uint8_t outputs);

    /// Drives the register's output-enable pin. Must not share a failure with `latch`.
    void (*enable)(void *ctx, bool on);

    void *ctx; ///< Passed back to both functions, otherwise untouched.
};

/// Storage for one bank, owned by the caller. Use it only through the functions below.
struct relay_bank {
    const struct relay_bank_port *port;
    uint64_t changed_ms[RELAY_BANK_COUNT];
    uint32_t dwell_ms;
    uint8_t outputs;
    bool tripped;
};

/// Binds `bank` to `port`, which must outlive it, and opens every relay.
///
/// The first dwell starts now, so a device stuck in a reboot loop cannot chatter its relays.
/// `dwell_ms` is the shortest time between two changes of one relay.
///
/// Times are in milliseconds on a monotonic 64-bit clock, here and below.
///
/// @return as relay_bank_open_all().
MUST_CHECK enum status relay_bank_init(struct relay_bank *bank, const struct relay_bank_port *port,
                                       uint32_t dwell_ms, uint64_t now_ms);

/// Closes or opens one relay, counted from 0. Asking for the present state always succeeds.
///
/// @return STATUS_INVALID  there is no such relay;
///         STATUS_BUSY     the relay changed less than its dwell time ago;
///         STATUS_IO       the bus failed, or the bank is tripped; no relay moved.
MUST_CHECK enum status relay_bank_set(struct relay_bank *bank, unsigned relay, bool closed,
                                      uint64_t now_ms);

/// Brings all relays to `mask` (bit n closes relay n), all together or not at all.
///
/// @return STATUS_BUSY  a relay that would have to move is in its dwell time; no relay moved;
///         STATUS_IO    as relay_bank_set().
MUST_CHECK enum status relay_bank_set_all(struct relay_bank *bank, uint8_t mask, uint64_t now_ms);

/// Opens every relay at once, ignoring dwell, and restarts every dwell.
///
/// @return STATUS_IO  the register did not answer: the coils are released, and the bank stays
///                    tripped until a later call succeeds.
MUST_CHECK enum status relay_bank_open_all(struct relay_bank *bank, uint64_t now_ms);

/// Tells whether the coil of `relay` is being driven. A relay that does not exist is open.
bool relay_bank_is_closed(const struct relay_bank *bank, unsigned relay);

/// The coils that are being driven, bit n for relay n.
uint8_t relay_bank_mask(const struct relay_bank *bank);

/// Tells whether the coils are cut off because the register did not answer.
bool relay_bank_is_tripped(const struct relay_bank *bank);
