// SPDX-License-Identifier: MIT
#pragma once

/// Finds out what a journal holds. Belongs to the journal alone; callers use journal.h.

#include "journal.h"

/// Fills in all of `*journal` but its tables from what is in flash, writing nothing.
///
/// @return STATUS_MISSING  there is no journal in the region;  STATUS_IO  as the region.
MUST_CHECK enum status journal_resume(struct journal *journal);
