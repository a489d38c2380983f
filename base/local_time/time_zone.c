// SPDX-License-Identifier: MIT
#include "time_zone.h"

enum { HOUR_S = 3600, NAME_SIZE_MIN = 3 };

/// What is left of the text. A failed read sets `bad` and stays.
struct reader {
    const char *at;
    bool bad;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct reader *reader, char c)
{
    if (reader->bad || *reader->at != c) {
        return false;
    }
    reader->at++;
    return true;
}

static void expect(struct reader *reader, char c)
{
    reader->bad = !take(reader, c) || reader->bad;
}

static int32_t read_number(struct reader *reader, int32_t low, int32_t high)
{
    const char *at = reader->at;
    int32_t value = 0;
    while (is_digit(*at) && value <= high) {
        value = value * 10 + (*at - '0');
        at++;
    }
    if (reader->bad || at == reader->at || value < low || value > high) {
        reader->bad = true;
        return low;
    }
    reader->at = at;
    return value;
}

/// Letters alone, or anything of letters, digits and signs between < and >.
static void read_name(struct reader *reader)
{
    const bool quoted = take(reader, '<');
    const char *at = reader->at;
    while (is_letter(*at) || (quoted && (is_digit(*at) || *at == '+' || *at == '-'))) {
        at++;
    }
    if (at - reader->at < NAME_SIZE_MIN) {
        reader->bad = true;
    }
    if (!reader->bad) {
        reader->at = at;
    }
    if (quoted) {
        expect(reader, '>');
    }
}

/// [+-]hh[:mm[:ss]] in seconds.
static int32_t read_time(struct reader *reader, int32_t hours)
{
    const bool negative = take(reader, '-');
    if (!negative) {
        (void)take(reader, '+');
    }
    int32_t seconds = read_number(reader, 0, hours) * HOUR_S;
    if (take(reader, ':')) {
        seconds += read_number(reader, 0, 59) * 60;
        if (take(reader, ':')) {
            seconds += read_number(reader, 0, 59);
        }
    }
    return negative ? -seconds : seconds;
}

static struct time_zone_change read_change(struct reader *reader)
{
    struct time_zone_change change = { .time_s = 2 * HOUR_S };
    expect(reader, ',');
    if (take(reader, 'M')) {
        change.kind = TIME_ZONE_DAY_OF_WEEK;
        change.month = (uint8_t)read_number(reader, 1, 12);
        expect(reader, '.');
        change.week = (uint8_t)read_number(reader, 1, 5);
        expect(reader, '.');
        change.weekday = (uint8_t)read_number(reader, 0, 6);
    } else if (take(reader, 'J')) {
        change.kind = TIME_ZONE_DAY_NO_LEAP;
        change.day = (uint16_t)read_number(reader, 1, 365);
    } else {
        change.kind = TIME_ZONE_DAY_OF_YEAR;
        change.day = (uint16_t)read_number(reader, 0, 365);
    }
    if (take(reader, '/')) {
        change.time_s = read_time(reader, 167);
    }
    return change;
}

struct time_zone time_zone_utc(void)
{
    return (struct time_zone){ .has_summer = false };
}

static bool is_too_long(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') {
        if (++size > TIME_ZONE_TEXT_SIZE) {
            return true;
        }
    }
    return false;
}

enum status time_zone_parse(struct time_zone *zone, const char *text, size_t *fault)
{
    struct reader reader = { .at = text, .bad = is_too_long(text) };
    struct time_zone found = time_zone_utc();

    read_name(&reader);
    // POSIX counts west of Greenwich, everybody else east.
    found.standard_offset_s = -read_time(&reader, 24);
    if (!reader.bad && *reader.at != '\0') {
        found.has_summer = true;
        read_name(&reader);
        const bool has_offset = *reader.at != ',';
        found.summer_offset_s =
            has_offset ? -read_time(&reader, 24) : found.standard_offset_s + HOUR_S;
        found.to_summer = read_change(&reader);
        found.to_standard = read_change(&reader);
    }
    if (reader.bad || *reader.at != '\0') {
        if (fault != NULL) {
            *fault = (size_t)(reader.at - text);
        }
        return STATUS_INVALID;
    }
    *zone = found;
    return STATUS_OK;
}
