// SPDX-License-Identifier: MIT
#include "reading_code.h"

#include "record_fields.h"

/// Places of the channel's fields in record_channel_fields.
enum {
    VOLTAGE,
    CURRENT,
    POWER,
    REACTIVE_POWER,
    APPARENT_POWER,
    POWER_FACTOR,
    QUALITY,
    FUNDAMENTAL_VOLTAGE,
    FUNDAMENTAL_CURRENT,
    FUNDAMENTAL_POWER,
    IMPORT,
    EXPORT,
    REACTIVE,
};

/// And of a reading's in record_reading_fields.
enum {
    UPTIME,
    WINDOW,
    FREQUENCY,
    READING_QUALITY,
    CHANNELS,
    CONNECTED,
    RATE,
    TOTAL_IMPORT,
    TOTAL_EXPORT = TOTAL_IMPORT + READING_RATE_COUNT,
    TOTAL_REACTIVE = TOTAL_EXPORT + READING_RATE_COUNT,
};

_Static_assert(REACTIVE + READING_QUADRANT_COUNT == RECORD_CHANNEL_FIELDS &&
                   TOTAL_REACTIVE + READING_QUADRANT_COUNT == RECORD_READING_FIELDS,
               "the places are those of the tables");

enum { US_PER_MS = 1000, K_LIMIT = 15, REGISTER_K = 2, VOLTAGE_K = 5 };

// Power times time: steps of 10 mW times microseconds, in millijoule; and so for reactive power.
static const int64_t steps_us_per_mj = 100000;

/// One direction of the coding: writes residuals, or reads them.
struct coder {
    struct bit_writer *writer; ///< NULL when reading.
    struct bit_reader *reader;
    bool failed;
};

// Differences and sums are taken modulo 2^64: any two values have one.
static int64_t subtract(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static bool is_measured(uint8_t channels, unsigned channel)
{
    return (((unsigned)channels >> channel) & 1u) != 0;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

static int64_t clip(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/// Product of two unsigned fields of 32 bits over a positive number.
static int64_t scale(int64_t a, int64_t b, int64_t divisor)
{
    const uint64_t quotient = (uint64_t)a * (uint64_t)b / (uint64_t)divisor;
    return quotient < UINT32_MAX ? (int64_t)quotient : UINT32_MAX;
}

/// Writes or reads one field of `base`'s struct by what it differs from its prediction, and returns
/// its value. After a failure every value is 0.
static int64_t code(struct coder *coder, const struct record_field *field, void *base,
                    int64_t predicted, unsigned k)
{
    if (coder->writer != NULL) {
        const int64_t value = record_field_load(field, base);
        bit_code_put(coder->writer, bit_code_fold(subtract(value, predicted)), k);
        return value;
    }
    uint64_t folded = 0;
    coder->failed = coder->failed || !bit_code_get(coder->reader, k, &folded);
    const int64_t value = add(predicted, bit_code_unfold(folded));
    coder->failed = coder->failed || !record_field_store(field, base, value);
    return coder->failed ? 0 : value;
}

/// Predicts current from how power has moved, as at an unchanged power factor.
static int64_t predict_current(const int64_t *field, const int64_t *base)
{
    const bool moves_along = (field[POWER] > 0) == (base[POWER] > 0) && base[POWER] != 0 &&
                             magnitude(base[POWER]) > base[APPARENT_POWER] / 4;
    return moves_along ? scale(base[CURRENT], magnitude(field[POWER]), magnitude(base[POWER]))
                       : base[CURRENT];
}

/// Which of the quadrants the powers lie in; 0 is quadrant I.
static unsigned quadrant_of(const int64_t *field)
{
    if (field[POWER] >= 0) {
        return field[REACTIVE_POWER] >= 0 ? 0 : 3;
    }
    return field[REACTIVE_POWER] >= 0 ? 1 : 2;
}

/// How far a register moves at `power` within the window.
static int64_t moved(int64_t power, int64_t window_us)
{
    return magnitude(power) * window_us / steps_us_per_mj;
}

static void code_powers(struct coder *coder, struct reading_channel *channel, int64_t *field,
                        const int64_t *base)
{
    const struct record_field *table = record_channel_fields;
    // Power is as noisy as the load is large.
    const unsigned noise = bit_code_length((uint64_t)base[APPARENT_POWER] >> 8);
    const unsigned k = noise < K_LIMIT ? noise : K_LIMIT;

    field[POWER] = code(coder, &table[POWER], channel, base[POWER], k);
    field[CURRENT] = code(coder, &table[CURRENT], channel, predict_current(field, base), 1);
    field[REACTIVE_POWER] = code(coder, &table[REACTIVE_POWER], channel, base[REACTIVE_POWER], k);
    // 10 mV times 0.1 mA is 1e-6 VA; the field counts 1e-2 VA.
    field[APPARENT_POWER] = code(coder, &table[APPARENT_POWER], channel,
                                 scale(field[VOLTAGE], field[CURRENT], 10000), 1);
    const int64_t apparent = field[APPARENT_POWER];
    field[POWER_FACTOR] =
        code(coder, &table[POWER_FACTOR], channel,
             apparent > 0 ? clip(field[POWER] * 10000 / apparent, INT16_MIN, INT16_MAX) : 0, 1);
    field[QUALITY] = code(coder, &table[QUALITY], channel, base[QUALITY], 0);
}

/// The fundamental keeps its share of the whole.
static void code_fundamental(struct coder *coder, struct reading_channel *channel,
                             const int64_t *field, const int64_t *base)
{
    const struct record_field *table = record_channel_fields;
    const int64_t voltage =
        clip(field[VOLTAGE] - (base[VOLTAGE] - base[FUNDAMENTAL_VOLTAGE]), 0, UINT32_MAX);
    const int64_t current = base[CURRENT] > 0
                                ? scale(field[CURRENT], base[FUNDAMENTAL_CURRENT], base[CURRENT])
                                : field[CURRENT];
    const int64_t power =
        base[POWER] != 0
            ? clip(field[POWER] * base[FUNDAMENTAL_POWER] / base[POWER], INT32_MIN, INT32_MAX)
            : field[POWER];
    (void)code(coder, &table[FUNDAMENTAL_VOLTAGE], channel, voltage, 1);
    (void)code(coder, &table[FUNDAMENTAL_CURRENT], channel, current, 1);
    (void)code(coder, &table[FUNDAMENTAL_POWER], channel, power, 1);
}

static void code_registers(struct coder *coder, struct reading_channel *channel,
                           const int64_t *field, const int64_t *base, int64_t window_us)
{
    const struct record_field *table = record_channel_fields;
    const int64_t imported = field[POWER] > 0 ? moved(field[POWER], window_us) : 0;
    const int64_t exported = field[POWER] < 0 ? moved(field[POWER], window_us) : 0;
    (void)code(coder, &table[IMPORT], channel, add(base[IMPORT], imported),
               imported > 0 ? REGISTER_K : 0);
    (void)code(coder, &table[EXPORT], channel, add(base[EXPORT], exported),
               exported > 0 ? REGISTER_K : 0);
    for (unsigned i = 0; i < READING_QUADRANT_COUNT; i++) {
        const int64_t reactive =
            i == quadrant_of(field) ? moved(field[REACTIVE_POWER], window_us) : 0;
        (void)code(coder, &table[REACTIVE + i], channel, add(base[REACTIVE + i], reactive),
                   reactive > 0 ? REGISTER_K : 0);
    }
}

static void code_channels(struct coder *coder, struct reading *reading, const struct reading *base)
{
    int64_t voltage_step = 0;
    bool first = true;
    for (unsigned c = 0; c < READING_CHANNEL_COUNT; c++) {
        if (!is_measured(reading->channels, c)) {
            continue;
        }
        int64_t before[RECORD_CHANNEL_FIELDS];
        int64_t field[RECORD_CHANNEL_FIELDS] = { 0 };
        for (unsigned i = 0; i < RECORD_CHANNEL_FIELDS; i++) {
            before[i] = record_field_load(&record_channel_fields[i], &base->channel[c]);
        }
        // One mains feeds all channels, so all voltages move together.
        struct reading_channel *channel = &reading->channel[c];
        field[VOLTAGE] =
            code(coder, &record_channel_fields[VOLTAGE], channel,
                 clip(before[VOLTAGE] + voltage_step, 0, UINT32_MAX), first ? VOLTAGE_K : 0);
        voltage_step = first ? field[VOLTAGE] - before[VOLTAGE] : voltage_step;
        first = false;
        code_powers(coder, channel, field, before);
        code_fundamental(coder, channel, field, before);
        code_registers(coder, channel, field, before, reading->window_us);
    }
}

/// The total moves as its channels do.
static void code_total(struct coder *coder, struct reading *reading, const struct reading *base)
{
    int64_t imported = 0;
    int64_t exported = 0;
    int64_t reactive[READING_QUADRANT_COUNT] = { 0 };
    for (unsigned c = 0; c < READING_CHANNEL_COUNT && !coder->failed; c++) {
        if (!is_measured(reading->channels, c)) {
            continue;
        }
        const struct reading_channel *now = &reading->channel[c];
        const struct reading_channel *before = &base->channel[c];
        imported = add(imported, subtract(now->import_mj, before->import_mj));
        exported = add(exported, subtract(now->export_mj, before->export_mj));
        for (unsigned i = 0; i < READING_QUADRANT_COUNT; i++) {
            reactive[i] =
                add(reactive[i], subtract(now->reactive_mvars[i], before->reactive_mvars[i]));
        }
    }

    const struct record_field *table = record_reading_fields;
    for (unsigned i = 0; i < READING_RATE_COUNT; i++) {
        const bool counts = i == reading->rate;
        (void)code(coder, &table[TOTAL_IMPORT + i], reading,
                   add(base->total.import_mj[i], counts ? imported : 0), 0);
        (void)code(coder, &table[TOTAL_EXPORT + i], reading,
                   add(base->total.export_mj[i], counts ? exported : 0), 0);
    }
    for (unsigned i = 0; i < READING_QUADRANT_COUNT; i++) {
        (void)code(coder, &table[TOTAL_REACTIVE + i], reading,
                   add(base->total.reactive_mvars[i], reactive[i]), 0);
    }
}

static void code_reading(struct coder *coder, struct reading *reading, const struct reading *base)
{
    const struct record_field *table = record_reading_fields;
    static const unsigned plain[] = { READING_QUALITY, CHANNELS, CONNECTED, RATE };
    for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++) {
        (void)code(coder, &table[plain[i]], reading, record_field_load(&table[plain[i]], base), 0);
    }
    const int64_t window_us = code(coder, &table[WINDOW], reading, base->window_us, 8);
    const int64_t window_ms = (window_us + US_PER_MS / 2) / US_PER_MS;
    (void)code(coder, &table[UPTIME], reading, add((int64_t)base->uptime_ms, window_ms), 0);
    (void)code(coder, &table[FREQUENCY], reading, base->frequency_mhz, 3);
    code_channels(coder, reading, base);
    code_total(coder, reading, base);
}

void reading_code_put(struct bit_writer *writer, const struct reading *reading,
                      const struct reading *base)
{
    struct coder coder = { .writer = writer };
    struct reading copy = *reading; // The coder is one for both ways, and writes when it reads.
    code_reading(&coder, &copy, base);
}

bool reading_code_get(struct bit_reader *reader, const struct reading *base,
                      struct reading *reading)
{
    struct coder coder = { .reader = reader };
    *reading = (struct reading){ 0 };
    code_reading(&coder, reading, base);
    return !coder.failed;
}
