// SPDX-License-Identifier: MIT
#pragma once

/// An oscilloscope on the simulated board's pins: every edge with its time, in a ring in memory.
///
/// Recording never waits, takes no lock, and may happen in several threads and in a signal handler.
/// The file lies on a tmpfs, outlives the process, and is carried on by the next one, so a trace
/// runs across kill -9 and restarts. Anybody may read it meanwhile.
///
/// The file, in the machine's own byte order:
///
///   offset  size
///        0     8  "OHMPINS1"
///        8     4  capacity in edges
///       16     8  edges ever recorded
///       64    16  edge 0 of the ring, and so on
///
///   an edge: time in nanoseconds of CLOCK_MONOTONIC (8), number of the edge modulo 2^32, counted
///   from 1 and stored last (4), signal (2), level (2)

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { PIN_TRACE_CAPACITY = 65536 }; ///< Edges in a ring: 1 MB, three hours of a blinking light.

enum pin_trace_signal {
    PIN_TRACE_POWER = 0,  ///< Level 1: the board got power; every other signal is at level 0 now.
    PIN_TRACE_LED = 1,    ///< Level 1: lit.
    PIN_TRACE_BUTTON = 2, ///< Level 1: pressed.
    PIN_TRACE_RELAY = 8,  ///< And the seven after it, one for each coil; level 1: driven.
};

struct pin_trace_edge {
    uint64_t time_ns; ///< CLOCK_MONOTONIC, which all processes of a machine share.
    unsigned signal;  ///< One of enum pin_trace_signal.
    bool level;
};

struct pin_trace;

/// Opens the trace in the file `path`, or begins one there if it holds none.
///
/// @return as shared_map_open(), or STATUS_FULL when there is no memory.
MUST_CHECK enum status pin_trace_open(const char *path, struct pin_trace **trace);

/// Records an edge, now. Without a trace (NULL) it does nothing.
void pin_trace_record(struct pin_trace *trace, unsigned signal, bool level);

/// How many edges were ever recorded.
uint64_t pin_trace_count(const struct pin_trace *trace);

/// Copies edge `number`, counted from 0.
///
/// @return STATUS_MISSING  it has not been recorded yet, or the ring has overwritten it.
MUST_CHECK enum status pin_trace_read(const struct pin_trace *trace, uint64_t number,
                                      struct pin_trace_edge *edge);

/// Closes the trace; its file stays. NULL is fine.
void pin_trace_close(struct pin_trace *trace);
