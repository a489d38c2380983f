// SPDX-License-Identifier: MIT
#include "disturbances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct kind {
    const char *word;
    double first_s;
    double length_s;
    struct disturbance effect;
};

static const struct kind KINDS[DISTURBANCES_KIND_COUNT] = {
    { "dip", 30.0, 0.16, { 0.6, 0.0 } },
    { "swell", 50.0, 0.12, { 1.15, 0.0 } },
    { "interruption", 70.0, 1.5, { 0.0, 0.0 } },
    { "harmonics", 90.0, 20.0, { 1.0, 0.08 } },
};

static const char SEPARATORS[] = " ,";

/// Reads one "word:seconds" of `length` characters.
static enum status parse_item(const char *item, size_t length, struct disturbances *out)
{
    for (unsigned n = 0; n < DISTURBANCES_KIND_COUNT; n++) {
        const size_t word = strlen(KINDS[n].word);
        if (length < word + 2 || strncmp(item, KINDS[n].word, word) != 0 || item[word] != ':') {
            continue;
        }
        const char *digits = item + word + 1;
        const size_t count = length - word - 1;
        if (strspn(digits, "0123456789") != count || count > 5) {
            return STATUS_INVALID;
        }
        const unsigned long every_s = strtoul(digits, NULL, 10);
        if (every_s < DISTURBANCES_LEAST_S || every_s > DISTURBANCES_MOST_S) {
            return STATUS_INVALID;
        }
        out->every_s[n] = (uint32_t)every_s;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

enum status disturbances_parse(const char *text, struct disturbances *out)
{
    struct disturbances found = { { 0 } };
    for (text += strspn(text, SEPARATORS); *text != '\0'; text += strspn(text, SEPARATORS)) {
        const size_t length = strcspn(text, SEPARATORS);
        if (parse_item(text, length, &found) != STATUS_OK) {
            return STATUS_INVALID;
        }
        text += length;
    }
    *out = found;
    return STATUS_OK;
}

struct disturbance disturbances_at(const struct disturbances *disturbances, double seconds)
{
    struct disturbance now = { .share = 1.0, .fifth = 0.0 };
    for (unsigned n = 0; n < DISTURBANCES_KIND_COUNT; n++) {
        const double since_s = seconds - KINDS[n].first_s;
        if (disturbances->every_s[n] != 0 && since_s >= 0.0 &&
            fmod(since_s, disturbances->every_s[n]) < KINDS[n].length_s) {
            now.share *= KINDS[n].effect.share;
            now.fifth += KINDS[n].effect.fifth;
        }
    }
    return now;
}
