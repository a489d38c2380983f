// SPDX-License-Identifier: MIT
#pragma once

/// What the processing task asks of the sampling task about straight codes: to count the codes of
/// some inputs as they come, to stop, and to put another table in force.
///
///     processing                                sampling
///     code_census_post() ── one order ────────► code_tap, at the start of the next block
///     code_census_is_free() ◄── carried out ──  counts, or copies the table
///
/// One order is under way at a time, handed over by two 32-bit words; nobody ever waits. What an
/// order points to is the sampling task's from code_census_post() until another order has been
/// carried out: memory that is counted into is given back by CODE_CENSUS_REST. A table is copied,
/// between two blocks, so no block is ever straightened by half of one.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "adc_source.h"
#include "code_density.h"
#include "frame_tap.h"
#include "linearity.h"
#include "status.h"

enum { CODE_CENSUS_INPUT_LIMIT = 4 };

enum code_census_action {
    CODE_CENSUS_REST,      ///< Count no more.
    CODE_CENSUS_COUNT,     ///< Count from now on.
    CODE_CENSUS_STRAIGHTEN ///< Have this table in force from now on; counting goes on as it was.
};

struct code_census_order {
    enum code_census_action action;
    uint8_t inputs;                                        ///< COUNT: how many,
    uint8_t input[CODE_CENSUS_INPUT_LIMIT];                ///< which,
    struct code_density *density[CODE_CENSUS_INPUT_LIMIT]; ///< and into what.
    const struct linearity_table *table;                   ///< STRAIGHTEN; NULL: codes stay.
};

/// Storage owned by the caller. Use it only through the functions below.
struct code_census {
    struct linearity_table table;      ///< In force; the sampling task's own.
    struct code_census_order order;    ///< The newest; belongs to whom the words say.
    struct code_census_order counting; ///< The sampling task's own.
    _Atomic uint32_t posted;           ///< Written by the processing task.
    _Atomic uint32_t done;             ///< Written by the sampling task.
};

/// Starts with `table` in force; NULL: codes stay as they are. Call it before either task runs.
void code_census_init(struct code_census *census, const struct linearity_table *table);

/// What is in force, for sampling_task_linearise() on every input; valid as long as the census. Its
/// contents change in code_census_take() only.
const struct linearity_table *code_census_table(const struct code_census *census);

/// Whether the last order has been carried out. For the processing task only, as is the next.
bool code_census_is_free(const struct code_census *census);

/// Gives an order; more than CODE_CENSUS_INPUT_LIMIT inputs are cut.
///
/// @return STATUS_BUSY  the last one has not been carried out.
MUST_CHECK enum status code_census_post(struct code_census *census,
                                        const struct code_census_order *order);

/// Carries out an order that waits, and counts the codes of a block. For the sampling task only.
void code_census_take(struct code_census *census, const struct adc_block *block);

/// The same as a listener for sampling_task_tap_codes().
struct code_tap code_census_tap(struct code_census *census);
