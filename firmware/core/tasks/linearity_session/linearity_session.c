// SPDX-License-Identifier: MIT
#include "linearity_session.h"

#include <stddef.h>

#include "linearity_detail.h"

// Swings that differ by a quarter of a code of 12 bits leave an error of some five codes; no sound
// converter bends by 64.
enum { DISAGREEMENT_SHARE = 16384, CORRECTION_SHARE = 64 };

static const double STEADY_SHARE = 0.95; // Of the largest root mean square that the smallest has.
static const double WHOLE_SHARE = 0.8;   // Of the time that must be whole cycles.

/// Whether a table was made for a converter of this range.
static bool fits(const struct linearity_parts *parts, const struct linearity_table *table)
{
    struct code_density *density = &parts->workspace->density[0];
    return table->cells == 0 ||
           (code_density_init(density, parts->code_min, parts->code_max) == STATUS_OK &&
            table->code_min == density->code_min &&
            table->cells << table->cell_bits == density->cell_codes * CODE_DENSITY_CELLS);
}

enum status linearity_session_init(struct linearity_session *session,
                                   const struct linearity_parts *parts)
{
    struct linearity_table *table = &parts->workspace->table;
    *session = (struct linearity_session){ .parts = *parts };
    enum status status = linearity_store_load(&session->store, parts->values, table);
    if (status == STATUS_OK && !fits(parts, table)) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        session->store.note.swings = 0;
    }
    code_census_init(parts->census, status == STATUS_OK ? table : NULL);
    return status;
}

bool linearity_session_is_at_work(const struct linearity_session *session)
{
    return session->activity != LINEARITY_IDLE || session->swings > 0 ||
           !code_census_is_free(session->parts.census);
}

static unsigned input_of(const struct linearity_session *session,
                         const struct linearity_swing *swing)
{
    const struct wiring *wiring = session->parts.wiring;
    return swing->is_voltage ? wiring->reference_input
                             : wiring->channel[swing->channel].current_input;
}

static bool is_measured(const struct linearity_session *session, unsigned channel)
{
    return channel < READING_CHANNEL_COUNT &&
           ((unsigned)wiring_channels(session->parts.wiring) >> channel & 1u) != 0;
}

/// A channel that shows the input of a swing.
static const struct raw_channel *raw_of(const struct linearity_session *session,
                                        const struct linearity_swing *swing,
                                        const struct raw_channel *raw)
{
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        const struct wiring_channel *wired = &session->parts.wiring->channel[n];
        const bool shows = swing->is_voltage
                               ? wired->voltage_input == session->parts.wiring->reference_input
                               : n == swing->channel;
        if (is_measured(session, n) && shows) {
            return &raw[n];
        }
    }
    return NULL;
}

static void look(struct linearity_swing *swing, const struct raw_channel *raw, double seconds)
{
    const double size = swing->is_voltage ? raw->voltage_v : raw->current_a;
    swing->clipped |= swing->is_voltage ? raw->voltage_clipped : raw->current_clipped;
    if (!raw->whole || !(raw->frequency_hz > 0.0)) {
        return;
    }
    swing->low = swing->seconds > 0.0 && swing->low < size ? swing->low : size;
    swing->high = swing->high > size ? swing->high : size;
    swing->seconds += seconds;
}

static void move(struct linearity_session *session, enum linearity_event event)
{
    session->activity = linearity_activity_next(session->activity, event);
}

void linearity_session_observe(struct linearity_session *session, const struct raw_channel *raw,
                               double seconds)
{
    if (session->activity != LINEARITY_COUNTING || !(seconds > 0.0)) {
        return;
    }
    for (uint32_t k = session->swings; k < session->gathered; k++) {
        const struct raw_channel *channel = raw_of(session, &session->swing[k], raw);
        if (channel != NULL) {
            look(&session->swing[k], channel, seconds);
        }
    }
    session->seconds_left -= seconds;
    if (!(session->seconds_left > 0.0)) {
        move(session, LINEARITY_TIME_UP);
    }
}

/// What one swing is worth by itself.
static enum linearity_verdict judge(const struct linearity_session *session, uint32_t k)
{
    const struct linearity_swing *swing = &session->swing[k];
    const struct code_density *density = &session->parts.workspace->density[k];
    if (swing->clipped || density->outside > 0) {
        return LINEARITY_CLIPPED;
    }
    if (swing->seconds < WHOLE_SHARE * session->seconds) {
        return LINEARITY_NO_MAINS;
    }
    if (swing->low < STEADY_SHARE * swing->high) {
        return LINEARITY_UNSTEADY;
    }
    return linearity_estimate(&density, 1, &session->parts.workspace->estimate) == STATUS_OK
               ? LINEARITY_FOUND
               : LINEARITY_TOO_LITTLE;
}

/// What all swings that were found are worth together.
static enum linearity_verdict conclude(struct linearity_session *session)
{
    struct linearity_workspace *workspace = session->parts.workspace;
    struct linearity_estimate *estimate = &workspace->estimate;
    const struct code_density *densities[LINEARITY_SWING_LIMIT];
    for (uint32_t k = 0; k < session->swings; k++) {
        densities[k] = &workspace->density[k];
    }
    if (session->swings == 0) {
        return LINEARITY_TOO_LITTLE;
    }
    const double range = (double)session->parts.code_max - (double)session->parts.code_min;
    const enum status status = linearity_estimate(densities, session->swings, estimate);
    if (status != STATUS_OK) {
        return LINEARITY_ALIKE;
    }
    if (!estimate->separated) {
        return LINEARITY_ONE_SWING;
    }
    if (estimate->disagreement_codes * DISAGREEMENT_SHARE > range) {
        return LINEARITY_CONTRADICTORY;
    }
    const bool fits_table = estimate->largest_codes <= (double)LINEARITY_LARGEST;
    return fits_table && estimate->largest_codes * CORRECTION_SHARE <= range ? LINEARITY_FOUND
                                                                             : LINEARITY_BEYOND;
}

/// Puts what was found in front of what came to nothing.
static void sort_swings(struct linearity_session *session)
{
    struct linearity_workspace *workspace = session->parts.workspace;
    for (uint32_t k = session->swings; k < session->gathered; k++) {
        if (session->swing[k].verdict != LINEARITY_FOUND) {
            continue;
        }
        const struct linearity_swing found = session->swing[k];
        if (k != session->swings) {
            workspace->density[session->swings] = workspace->density[k];
            session->swing[k] = session->swing[session->swings];
            session->swing[session->swings] = found;
        }
        session->swings++;
    }
}

static void end_gathering(struct linearity_session *session)
{
    const struct linearity_estimate *estimate = &session->parts.workspace->estimate;
    if (session->is_discarded) {
        session->swings = 0;
        session->gathered = 0;
        return;
    }
    for (uint32_t k = session->swings; k < session->gathered; k++) {
        struct linearity_swing *swing = &session->swing[k];
        swing->verdict = judge(session, k);
        if (swing->verdict == LINEARITY_FOUND) {
            const int32_t cell = (int32_t)estimate->cell_codes;
            swing->from_code = estimate->code_min + (int32_t)estimate->first * cell;
            swing->to_code = estimate->code_min + (int32_t)estimate->last * cell;
        }
    }
    sort_swings(session);
    session->verdict = conclude(session);
}

void linearity_session_step(struct linearity_session *session)
{
    static const struct code_census_order rest = { .action = CODE_CENSUS_REST };
    struct code_census *census = session->parts.census;
    if (session->activity != LINEARITY_STOPPING) {
        return;
    }
    if (!session->is_stop_posted) {
        session->is_stop_posted = code_census_post(census, &rest) == STATUS_OK;
    } else if (code_census_is_free(census)) {
        move(session, LINEARITY_LET_GO);
        end_gathering(session);
    }
}

/// The swings that a request asks for, after those that were found.
static void list_swings(struct linearity_session *session, const struct metering_request *request)
{
    session->gathered = session->swings;
    if (request->voltage && session->gathered < LINEARITY_SWING_LIMIT) {
        session->swing[session->gathered++] = (struct linearity_swing){ .is_voltage = true };
    }
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        if ((request->channels >> n & 1u) != 0 && session->gathered < LINEARITY_SWING_LIMIT) {
            session->swing[session->gathered++] = (struct linearity_swing){ .channel = (uint8_t)n };
        }
    }
}

static uint32_t count_wanted(const struct metering_request *request)
{
    uint32_t count = request->voltage ? 1 : 0;
    for (unsigned n = 0; n < READING_CHANNEL_COUNT; n++) {
        count += (uint32_t)request->channels >> n & 1u;
    }
    return count;
}

static enum status gather(struct linearity_session *session, const struct metering_request *request,
                          const char **reason)
{
    const uint32_t wanted = count_wanted(request);
    const unsigned measured = wiring_channels(session->parts.wiring);
    if (wanted == 0 || (request->channels & ~measured) != 0) {
        *reason = wanted == 0 ? "name the voltage or channels" : "a channel is not measured";
        return STATUS_INVALID;
    }
    if (request->seconds < LINEARITY_SECONDS_LEAST || request->seconds > LINEARITY_SECONDS_MOST) {
        *reason = "seconds must be 3 to 300";
        return STATUS_INVALID;
    }
    if (session->swings + wanted > LINEARITY_SWING_LIMIT) {
        *reason = "at most four swings fit: apply or cancel";
        return STATUS_BUSY;
    }
    list_swings(session, request);
    struct code_census_order order = { .action = CODE_CENSUS_COUNT };
    for (uint32_t k = session->swings; k < session->gathered; k++) {
        struct code_density *density = &session->parts.workspace->density[k];
        if (code_density_init(density, session->parts.code_min, session->parts.code_max) !=
            STATUS_OK) {
            *reason = "this converter has too wide a range";
            return STATUS_INVALID;
        }
        order.input[order.inputs] = (uint8_t)input_of(session, &session->swing[k]);
        order.density[order.inputs++] = density;
    }
    session->seconds = request->seconds;
    session->seconds_left = request->seconds;
    session->is_stop_posted = false;
    session->is_discarded = false;
    move(session, LINEARITY_BEGIN);
    return code_census_post(session->parts.census, &order);
}

/// Keeps a table with who and when, and has it in force.
static enum status put_in_force(struct linearity_session *session,
                                const struct linearity_table *table, struct linearity_note *note,
                                const struct metering_request *request, const char **reason)
{
    const struct code_census_order order = { .action = CODE_CENSUS_STRAIGHTEN, .table = table };
    note->utc_s = request->utc_s;
    for (unsigned i = 0; i < LINEARITY_STORE_WHO_SIZE; i++) {
        note->who[i] = request->who[i];
    }
    enum status status = linearity_store_keep(&session->store, table, note);
    if (status != STATUS_OK) {
        *reason = "the table could not be kept";
        return status;
    }
    session->swings = 0;
    session->gathered = 0;
    return code_census_post(session->parts.census, &order);
}

static enum status apply(struct linearity_session *session, const struct metering_request *request,
                         const char **reason)
{
    struct linearity_workspace *workspace = session->parts.workspace;
    const struct linearity_estimate *estimate = &workspace->estimate;
    if (session->swings == 0) {
        *reason = "there is nothing to apply: gather first";
        return STATUS_INVALID;
    }
    if (session->verdict != LINEARITY_FOUND ||
        linearity_table_init(&workspace->table, estimate->code_min, estimate->cell_codes,
                             estimate->correction, LINEARITY_EDGES) != STATUS_OK) {
        *reason = linearity_verdict_advice(session->verdict);
        return STATUS_INVALID;
    }
    struct linearity_note note = { .swings = (uint8_t)session->swings,
                                   .largest_codes = (float)estimate->largest_codes,
                                   .disagreement_codes = (float)estimate->disagreement_codes };
    return put_in_force(session, &workspace->table, &note, request, reason);
}

static enum status clear(struct linearity_session *session, const struct metering_request *request,
                         const char **reason)
{
    struct linearity_note note = { .swings = 0 };
    session->parts.workspace->table = (struct linearity_table){ .cells = 0 };
    return put_in_force(session, &session->parts.workspace->table, &note, request, reason);
}

static void cancel(struct linearity_session *session)
{
    session->is_discarded = true;
    move(session, LINEARITY_CANCEL);
    if (session->activity == LINEARITY_IDLE) {
        session->swings = 0;
        session->gathered = 0;
    }
}

static enum status execute(struct linearity_session *session,
                           const struct metering_request *request, const char **reason)
{
    if (request->action == METERING_LINEARITY_TELL) {
        return STATUS_OK;
    }
    if (request->action == METERING_LINEARITY_CANCEL) {
        cancel(session);
        return STATUS_OK;
    }
    if (session->activity != LINEARITY_IDLE) {
        *reason = "a measurement is under way: wait or cancel";
        return STATUS_BUSY;
    }
    if (!code_census_is_free(session->parts.census)) {
        *reason = "no samples come from the converter";
        return STATUS_BUSY;
    }
    return request->action == METERING_LINEARITY_GATHER  ? gather(session, request, reason)
           : request->action == METERING_LINEARITY_APPLY ? apply(session, request, reason)
                                                         : clear(session, request, reason);
}

void linearity_session_answer(struct linearity_session *session,
                              const struct metering_request *request,
                              struct metering_answer *answer)
{
    size_t size = 0;
    answer->status = execute(session, request, &answer->reason);
    answer->detail_size =
        linearity_detail_write(session, answer->detail, sizeof answer->detail, &size) == STATUS_OK
            ? (uint32_t)size
            : 0;
}
