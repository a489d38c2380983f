// SPDX-License-Identifier: MIT
#include "tariff.h"

enum {
    EVERY_DAY = 0xff,
    HOLIDAY_BIT = 7,
    DAY_MINUTES = 1440,
    LEAP_YEAR = 2024,
    EASTER_LIMIT = 99,
};

static const char *const day_names[] = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat", "holiday"
};

/// What is left of the text. The first failure stays, and nothing is taken after it.
struct reader {
    const char *begin;
    const char *at;
    struct tariff_fault fault; ///< `what` is NULL while all is well.
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool fail_at(struct reader *reader, const char *at, const char *what)
{
    if (reader->fault.what == NULL) {
        reader->fault = (struct tariff_fault){ (size_t)(at - reader->begin), what };
    }
    return false;
}

static bool is_well(const struct reader *reader)
{
    return reader->fault.what == NULL;
}

static void skip_blanks(struct reader *reader)
{
    while (*reader->at == ' ') {
        reader->at++;
    }
}

static bool take(struct reader *reader, char c)
{
    if (!is_well(reader) || *reader->at != c) {
        return false;
    }
    reader->at++;
    return true;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t size = 0;
    while (word[size] != '\0' && reader->at[size] == word[size]) {
        size++;
    }
    if (!is_well(reader) || word[size] != '\0' || is_letter(reader->at[size])) {
        return false;
    }
    reader->at += size;
    return true;
}

/// Exactly `digits` digits, from `low` to `high`.
static unsigned read_number(struct reader *reader, unsigned digits, unsigned low, unsigned high,
                            const char *what)
{
    unsigned value = 0;
    const char *begin = reader->at;
    for (unsigned n = 0; is_well(reader) && n < digits; n++) {
        if (!is_digit(*reader->at)) {
            (void)fail_at(reader, begin, what);
            return low;
        }
        value = value * 10 + (unsigned)(*reader->at++ - '0');
    }
    if (value < low || value > high) {
        (void)fail_at(reader, begin, what);
        return low;
    }
    return value;
}

static void expect(struct reader *reader, char c, const char *what)
{
    if (!take(reader, c)) {
        (void)fail_at(reader, reader->at, what);
    }
}

/// mm-dd as month * 100 + day; `year` tells whether 29 February exists.
static uint16_t read_date(struct reader *reader, unsigned year)
{
    const unsigned month = read_number(reader, 2, 1, 12, "a month from 01 to 12");
    expect(reader, '-', "a date mm-dd");
    const unsigned last = local_time_month_days((int32_t)year, month);
    return (uint16_t)(month * 100 + read_number(reader, 2, 1, last, "a day of that month"));
}

static uint16_t read_minute(struct reader *reader)
{
    const char *begin = reader->at;
    const unsigned hour = read_number(reader, 2, 0, 24, "a time from 00:00 to 24:00");
    expect(reader, ':', "a time hh:mm");
    const unsigned minute = hour * 60 + read_number(reader, 2, 0, 59, "minutes from 00 to 59");
    if (minute > DAY_MINUTES) {
        (void)fail_at(reader, begin, "a time from 00:00 to 24:00");
    }
    return (uint16_t)minute;
}

static unsigned read_day(struct reader *reader)
{
    for (unsigned n = 0; n <= HOLIDAY_BIT; n++) {
        if (take_word(reader, day_names[n])) {
            return n;
        }
    }
    (void)fail_at(reader, reader->at, "a day: sun mon tue wed thu fri sat holiday");
    return 0;
}

static uint8_t read_days(struct reader *reader)
{
    unsigned days = 0;
    do {
        const char *begin = reader->at;
        const unsigned first = read_day(reader);
        const bool is_range = take(reader, '-');
        const unsigned last = is_range ? read_day(reader) : first;
        if (is_range && (first == HOLIDAY_BIT || last == HOLIDAY_BIT)) {
            (void)fail_at(reader, begin, "a range of weekdays");
            break;
        }
        for (unsigned day = first; day != last; day = (day + 1) % 7) {
            days |= 1u << day;
        }
        days |= 1u << last;
    } while (take(reader, ','));
    return (uint8_t)days;
}

static void add_rule(struct reader *reader, struct tariff *tariff, const struct tariff_rule *rule)
{
    if (tariff->rules == TARIFF_RULE_LIMIT) {
        (void)fail_at(reader, reader->at, "no more than 16 rules");
        return;
    }
    tariff->rule[tariff->rules++] = *rule;
}

static void read_times(struct reader *reader, struct tariff *tariff, struct tariff_rule *rule)
{
    do {
        rule->from_minute = read_minute(reader);
        expect(reader, '-', "a range hh:mm-hh:mm");
        const char *end = reader->at;
        rule->to_minute = read_minute(reader);
        if (rule->from_minute % DAY_MINUTES == rule->to_minute % DAY_MINUTES &&
            !(rule->from_minute == 0 && rule->to_minute == DAY_MINUTES)) {
            (void)fail_at(reader, end, "an end that differs from the begin");
        }
        add_rule(reader, tariff, rule);
    } while (is_well(reader) && take(reader, ','));
}

static void read_rule(struct reader *reader, struct tariff *tariff)
{
    struct tariff_rule rule = { .from_date = 101, .to_date = 1231, .days = EVERY_DAY };
    rule.to_minute = DAY_MINUTES;
    rule.rate = (uint8_t)read_number(reader, 1, 0, READING_RATE_COUNT - 1, "a rate from 0 to 3");
    if (is_digit(*reader->at)) {
        (void)fail_at(reader, reader->at, "a blank after the rate");
    }
    skip_blanks(reader);
    if (is_well(reader) && is_digit(reader->at[0]) && is_digit(reader->at[1]) &&
        reader->at[2] == '-') {
        rule.from_date = read_date(reader, LEAP_YEAR);
        expect(reader, '.', "a range mm-dd..mm-dd");
        expect(reader, '.', "a range mm-dd..mm-dd");
        rule.to_date = read_date(reader, LEAP_YEAR);
        skip_blanks(reader);
    }
    if (is_well(reader) && is_letter(*reader->at)) {
        rule.days = read_days(reader);
        skip_blanks(reader);
    }
    if (is_well(reader) && is_digit(*reader->at)) {
        read_times(reader, tariff, &rule);
    } else {
        add_rule(reader, tariff, &rule);
    }
}

static int8_t read_easter_distance(struct reader *reader)
{
    const bool before = take(reader, '-');
    if (!before && !take(reader, '+')) {
        return 0;
    }
    const unsigned digits = is_digit(reader->at[0]) && is_digit(reader->at[1]) ? 2 : 1;
    const int distance =
        (int)read_number(reader, digits, 0, EASTER_LIMIT, "a number of days up to 99");
    return (int8_t)(before ? -distance : distance);
}

static struct tariff_holiday read_holiday(struct reader *reader)
{
    struct tariff_holiday holiday = { .kind = TARIFF_HOLIDAY_YEARLY };
    if (take_word(reader, "easter")) {
        holiday.kind = TARIFF_HOLIDAY_EASTER;
        holiday.days_after_easter = read_easter_distance(reader);
        return holiday;
    }
    unsigned digits = 0;
    while (digits < 4 && is_digit(reader->at[digits])) {
        digits++;
    }
    if (digits == 4) {
        holiday.kind = TARIFF_HOLIDAY_ONCE;
        holiday.year = (uint16_t)read_number(reader, 4, 1970, 9999, "a year from 1970");
        expect(reader, '-', "a date yyyy-mm-dd");
        holiday.date = read_date(reader, holiday.year);
    } else {
        holiday.date = read_date(reader, LEAP_YEAR);
    }
    return holiday;
}

static void read_holidays(struct reader *reader, struct tariff *tariff)
{
    do {
        skip_blanks(reader);
        const struct tariff_holiday holiday = read_holiday(reader);
        if (tariff->holidays == TARIFF_HOLIDAY_LIMIT) {
            (void)fail_at(reader, reader->at, "no more than 24 holidays");
            return;
        }
        tariff->holiday[tariff->holidays++] = holiday;
        skip_blanks(reader);
    } while (is_well(reader) && take(reader, ','));
}

static void read_clause(struct reader *reader, struct tariff *tariff)
{
    skip_blanks(reader);
    if (take_word(reader, "holidays")) {
        read_holidays(reader, tariff);
    } else if (*reader->at != ';' && *reader->at != '\0') {
        read_rule(reader, tariff);
    }
    skip_blanks(reader);
}

enum status tariff_parse(struct tariff *tariff, const char *text, struct tariff_fault *fault)
{
    struct reader reader = { .begin = text, .at = text };
    struct tariff found = { .rules = 0 };
    size_t size = 0;
    while (text[size] != '\0' && size <= TARIFF_TEXT_SIZE) {
        size++;
    }
    if (size > TARIFF_TEXT_SIZE) {
        (void)fail_at(&reader, text + TARIFF_TEXT_SIZE, "no more than 383 characters");
    }
    do {
        read_clause(&reader, &found);
    } while (take(&reader, ';'));
    if (is_well(&reader) && *reader.at != '\0') {
        (void)fail_at(&reader, reader.at, "dates, days, times or a semicolon");
    }
    if (!is_well(&reader)) {
        *fault = reader.fault;
        return STATUS_INVALID;
    }
    *tariff = found;
    return STATUS_OK;
}
