// SPDX-License-Identifier: MIT
#pragma once

/// What a device measured, written down beside its journal, for tests that ask whether anything was
/// lost. It knows nothing of the journal's code; only the numbers are the same.
///
/// One line an event, each by a single write(2) that outlives a kill -9 (not a power cut):
///
///   open JOURNAL NEXT_SEQ BOOT        a boot has opened the journal
///   try JOURNAL SEQ BOOT UPTIME_MS I0 E0 I1 E1 ... I7 E7
///                                     a reading is about to be appended: registers in millijoule
///   kept JOURNAL SEQ                  the append has returned success
///   lost JOURNAL SEQ                  the append has returned failure: the reading comes again
///
/// A reading of `try` counts as measured if `kept` follows; or, where the process died in between,
/// if the next `open` of the same journal has a NEXT_SEQ above its SEQ. Sequence numbers that no
/// `try` names belong to anchors.

#include <stdint.h>

#include "reading.h"
#include "status.h"

struct reading_trace;

/// Goes on writing at the end of the file `path`, made if need be. `journal` is the name of the
/// journal, 32 hexadecimal digits.
///
/// @return STATUS_IO  the file cannot be opened; errno tells why.
MUST_CHECK enum status reading_trace_open(const char *path, const char *journal, uint64_t next_seq,
                                          uint32_t boot_id, struct reading_trace **trace);

/// Without a trace (NULL) these do nothing.
void reading_trace_try(struct reading_trace *trace, uint64_t seq, const struct reading *reading);
void reading_trace_kept(struct reading_trace *trace, uint64_t seq);
void reading_trace_lost(struct reading_trace *trace, uint64_t seq);

/// NULL is fine.
void reading_trace_close(struct reading_trace *trace);
