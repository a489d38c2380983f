// SPDX-License-Identifier: MIT
#pragma once

/// Guesses when a boot was that never learned the time.
///
/// Two things bound it from above: a reading cannot have been measured after it arrived, and a boot
/// ended before the next one of the same journal began. The guess is the lower of the bounds, so
/// live readings keep the time at which they came, and a backlog ends where the next boot begins.

#include "fleet_writer.h"

/// Gives a guessed anchor to every boot of the journal that has records after `rolled_seq` and no
/// anchor.
MUST_CHECK enum status boot_guess_place(const struct fleet_writer *writer,
                                        const struct journal_record *journal);
