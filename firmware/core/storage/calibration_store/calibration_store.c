// SPDX-License-Identifier: MIT
#include "calibration_store.h"

#include <stdbool.h>

#include "bytes.h"
#include "crc32.h"

enum {
    VERSION = 1,
    STORED_INPUTS = ADC_INPUT_MOST, // By any build: a wider one may have been here.
    CHANGE_SIZE = 54,
    KNOT_SIZE = 16,
    INPUT_HEAD_SIZE = 18, // Version, gain, delay, number of knots.
    INPUT_SIZE = INPUT_HEAD_SIZE + CALIBRATION_KNOT_LIMIT * KNOT_SIZE + CHANGE_SIZE + 4,
    LOG_HEAD_SIZE = 2, // Version, number of changes.
    LOG_SIZE = LOG_HEAD_SIZE + CALIBRATION_STORE_CHANGE_COUNT * CHANGE_SIZE + 4,
};

_Static_assert((int)INPUT_SIZE <= (int)KEY_VALUE_SIZE_LIMIT, "an input must fit a value");
_Static_assert((int)LOG_SIZE <= (int)KEY_VALUE_SIZE_LIMIT, "the history must fit a value");

static const char log_key[] = "cal.log";

/// "cal.a" for input 0, "cal.b" for input 1.
static void name_input(unsigned input, char key[6])
{
    static const char prefix[] = "cal.";
    for (unsigned i = 0; i < 4; i++) {
        key[i] = prefix[i];
    }
    key[4] = (char)('a' + (int)input);
    key[5] = '\0';
}

/// IEEE 754 numbers travel as their bits.
union bits32 {
    float value;
    uint32_t bits;
};

union bits64 {
    double value;
    uint64_t bits;
};

static void store_float(uint8_t *out, float value)
{
    const union bits32 number = { .value = value };
    bytes_store_le32(out, number.bits);
}

static float load_float(const uint8_t *in)
{
    const union bits32 number = { .bits = bytes_load_le32(in) };
    return number.value;
}

static void store_double(uint8_t *out, double value)
{
    const union bits64 number = { .value = value };
    bytes_store_le64(out, number.bits);
}

static double load_double(const uint8_t *in)
{
    const union bits64 number = { .bits = bytes_load_le64(in) };
    return number.value;
}

static void write_change(const struct calibration_change *change, uint8_t *out)
{
    const float numbers[] = { change->gain_error_percent, change->lead_error_deg,
                              change->old_gain,           change->new_gain,
                              change->old_lead_rad,       change->new_lead_rad };
    bytes_store_le32(out, change->number);
    bytes_store_le64(out + 4, (uint64_t)change->utc_s);
    out[12] = change->input;
    out[13] = (uint8_t)change->method;
    for (unsigned i = 0; i < CALIBRATION_STORE_WHO_SIZE; i++) {
        out[14 + i] = (uint8_t)change->who[i];
    }
    for (unsigned i = 0; i < 6; i++) {
        store_float(out + 30 + 4 * i, numbers[i]);
    }
}

/// @return false  it cannot be one of ours.
static bool read_change(const uint8_t *in, struct calibration_change *change)
{
    const uint64_t utc_s = bytes_load_le64(in + 4);
    if (in[12] >= STORED_INPUTS || in[13] >= CALIBRATION_METHOD_COUNT || utc_s > INT64_MAX / 1000) {
        return false;
    }
    *change = (struct calibration_change){
        .number = bytes_load_le32(in),
        .utc_s = (int64_t)utc_s,
        .input = in[12],
        .method = (enum calibration_method)in[13],
        .gain_error_percent = load_float(in + 30),
        .lead_error_deg = load_float(in + 34),
        .old_gain = load_float(in + 38),
        .new_gain = load_float(in + 42),
        .old_lead_rad = load_float(in + 46),
        .new_lead_rad = load_float(in + 50),
    };
    for (unsigned i = 0; i < CALIBRATION_STORE_WHO_SIZE; i++) {
        change->who[i] = (char)in[14 + i];
    }
    return change->number > 0;
}

static void seal(uint8_t *value, size_t size)
{
    bytes_store_le32(value + size - 4, crc32_extend(0, value, size - 4));
}

static bool is_sealed(const uint8_t *value, size_t size)
{
    return value[0] == VERSION &&
           bytes_load_le32(value + size - 4) == crc32_extend(0, value, size - 4);
}

static enum status write_input(struct calibration_store *store,
                               const struct calibration_input *input,
                               const struct calibration_change *change)
{
    uint8_t value[INPUT_SIZE] = { VERSION };
    char key[6];
    store_double(value + 1, input->gain);
    store_double(value + 9, input->delay_s);
    value[17] = (uint8_t)input->knots;
    for (uint32_t i = 0; i < input->knots; i++) {
        uint8_t *out = value + INPUT_HEAD_SIZE + i * KNOT_SIZE;
        store_float(out, input->knot[i].magnitude);
        store_float(out + 4, input->knot[i].gain);
        store_float(out + 8, input->knot[i].lead_50hz_rad);
        store_float(out + 12, input->knot[i].lead_60hz_rad);
    }
    write_change(change, value + INPUT_SIZE - 4 - CHANGE_SIZE);
    seal(value, sizeof value);
    name_input(change->input, key);
    return store->values->set(store->values->ctx, key, value, sizeof value);
}

static bool parse_input(const uint8_t *value, struct calibration_input *input,
                        struct calibration_change *change)
{
    if (!is_sealed(value, INPUT_SIZE) || value[17] > CALIBRATION_KNOT_LIMIT ||
        !read_change(value + INPUT_SIZE - 4 - CHANGE_SIZE, change)) {
        return false;
    }
    *input = (struct calibration_input){ .gain = load_double(value + 1),
                                         .delay_s = load_double(value + 9),
                                         .knots = value[17] };
    for (uint32_t i = 0; i < input->knots; i++) {
        const uint8_t *in = value + INPUT_HEAD_SIZE + i * KNOT_SIZE;
        input->knot[i] = (struct calibration_knot){ .magnitude = load_float(in),
                                                    .gain = load_float(in + 4),
                                                    .lead_50hz_rad = load_float(in + 8),
                                                    .lead_60hz_rad = load_float(in + 12) };
    }
    return calibration_check_input(input) == STATUS_OK;
}

static enum status write_log(struct calibration_store *store)
{
    uint8_t value[LOG_SIZE] = { VERSION, (uint8_t)store->count };
    for (uint32_t i = 0; i < store->count; i++) {
        write_change(&store->change[i], value + LOG_HEAD_SIZE + i * CHANGE_SIZE);
    }
    seal(value, sizeof value);
    const enum status status = store->values->set(store->values->ctx, log_key, value, sizeof value);
    store->is_log_behind = status != STATUS_OK;
    return status;
}

/// Enters a change where it belongs by its number, in place of the oldest when there is no room.
static void remember(struct calibration_store *store, const struct calibration_change *change)
{
    if (store->count == CALIBRATION_STORE_CHANGE_COUNT) {
        for (uint32_t i = 1; i < store->count; i++) {
            store->change[i - 1] = store->change[i];
        }
        store->count--;
    }
    uint32_t at = store->count++;
    while (at > 0 && store->change[at - 1].number > change->number) {
        store->change[at] = store->change[at - 1];
        at--;
    }
    store->change[at] = *change;
    if (change->number > store->newest) {
        store->newest = change->number;
    }
}

/// A change that a power cut kept out of the history, since it is newer than all there.
static void take_up(struct calibration_store *store, const struct calibration_change *change,
                    uint32_t logged)
{
    if (change->number > logged) {
        remember(store, change);
        store->is_log_behind = true;
    }
}

static enum status load_log(struct calibration_store *store)
{
    uint8_t value[LOG_SIZE];
    size_t size = 0;
    const enum status status =
        store->values->get(store->values->ctx, log_key, value, sizeof value, &size);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK
               : status == STATUS_IO    ? STATUS_IO
                                        : STATUS_CORRUPT;
    }
    if (size != sizeof value || !is_sealed(value, sizeof value) ||
        value[1] > CALIBRATION_STORE_CHANGE_COUNT) {
        return STATUS_CORRUPT;
    }
    for (uint32_t i = 0; i < value[1]; i++) {
        struct calibration_change change;
        if (!read_change(value + LOG_HEAD_SIZE + i * CHANGE_SIZE, &change) ||
            change.number <= store->newest) {
            return STATUS_CORRUPT;
        }
        remember(store, &change);
    }
    return STATUS_OK;
}

static enum status load_input(struct calibration_store *store, unsigned input, uint32_t logged)
{
    uint8_t value[INPUT_SIZE];
    struct calibration_input loaded;
    struct calibration_change found;
    char key[6];
    size_t size = 0;
    name_input(input, key);
    const enum status status =
        store->values->get(store->values->ctx, key, value, sizeof value, &size);
    if (status != STATUS_OK) {
        return status == STATUS_MISSING ? STATUS_OK
               : status == STATUS_IO    ? STATUS_IO
                                        : STATUS_CORRUPT;
    }
    if (size != sizeof value || !parse_input(value, &loaded, &found) || found.input != input) {
        return STATUS_CORRUPT;
    }
    if (input < ADC_INPUT_LIMIT) {
        store->calibration.input[input] = loaded;
        store->calibrated |= (uint16_t)(1u << input);
    }
    take_up(store, &found, logged);
    return STATUS_OK;
}

enum status calibration_store_load(struct calibration_store *store, const struct key_value *values)
{
    *store = (struct calibration_store){ .values = values };
    calibration_default(&store->calibration);
    enum status worst = load_log(store);
    const uint32_t logged = store->newest;
    for (unsigned input = 0; input < STORED_INPUTS && worst != STATUS_IO; input++) {
        const enum status status = load_input(store, input, logged);
        worst = status == STATUS_OK ? worst : status;
    }
    return worst;
}

void calibration_store_place(struct calibration_store *store, double input_spacing_s)
{
    for (unsigned input = 0; input < ADC_INPUT_LIMIT; input++) {
        if (((unsigned)store->calibrated >> input & 1u) == 0) {
            store->calibration.input[input].delay_s = input * input_spacing_s;
        }
    }
}

const struct calibration *calibration_store_current(const struct calibration_store *store)
{
    return &store->calibration;
}

/// The lead that a change tells of.
static float lead_of(const struct calibration_input *input)
{
    return input->knots > 0 ? input->knot[input->knots - 1].lead_50hz_rad : 0.0f;
}

static enum status keep(struct calibration_store *store, const struct calibration_input *input,
                        const struct calibration_change *change)
{
    enum status status = STATUS_OK;
    // The input's own record holds only its newest change: the one before must be in the history.
    if (store->is_log_behind) {
        status = write_log(store);
    }
    if (status == STATUS_OK) {
        status = write_input(store, input, change);
    }
    return status;
}

enum status calibration_store_apply(struct calibration_store *store,
                                    const struct calibration_input *input,
                                    const struct calibration_change *change)
{
    if (change->input >= ADC_INPUT_LIMIT || calibration_check_input(input) != STATUS_OK) {
        return STATUS_INVALID;
    }
    const struct calibration_input *old = &store->calibration.input[change->input];
    struct calibration_change entry = *change;
    entry.number = store->newest + 1;
    entry.old_gain = (float)old->gain;
    entry.new_gain = (float)input->gain;
    entry.old_lead_rad = lead_of(old);
    entry.new_lead_rad = lead_of(input);
    const enum status status = keep(store, input, &entry);
    if (status != STATUS_OK) {
        // It may show after a restart, so its number is not given out again.
        store->newest = entry.number;
        return status;
    }
    store->calibration.input[change->input] = *input;
    store->calibrated |= (uint16_t)(1u << change->input);
    remember(store, &entry);
    // Now it counts. A history that cannot be written is made up for later.
    store->is_log_behind = true;
    (void)write_log(store);
    return STATUS_OK;
}

const struct calibration_change *calibration_store_change(const struct calibration_store *store,
                                                          uint32_t age)
{
    return age < store->count ? &store->change[store->count - 1 - age] : NULL;
}

const char *calibration_method_name(enum calibration_method method)
{
    switch (method) {
    case CALIBRATION_METHOD_RESET:
        return "reset";
    case CALIBRATION_METHOD_LOAD:
        return "load";
    case CALIBRATION_METHOD_REFERENCE:
        return "reference";
    case CALIBRATION_METHOD_RESISTIVE:
        return "resistive";
    case CALIBRATION_METHOD_ENTERED:
        return "entered";
    case CALIBRATION_METHOD_COUNT:
        break;
    }
    return "unknown";
}
