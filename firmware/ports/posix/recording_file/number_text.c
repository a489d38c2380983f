// SPDX-License-Identifier: MIT
#include "number_text.h"

#include <math.h>

enum { EXPONENT_LIMIT = 400 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_padding(char c)
{
    return c == ' ' || c == '\r' || c == '"';
}

/// Reads an optional exponent; returns where it ends.
static const char *take_exponent(const char *text, const char *end, int *exponent)
{
    if (text == end || (*text != 'e' && *text != 'E')) {
        return text;
    }
    const char *at = text + 1;
    const bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    int value = 0;
    const char *digits = at;
    for (; at < end && is_digit(*at); at++) {
        value = value < EXPONENT_LIMIT ? 10 * value + (*at - '0') : value;
    }
    *exponent += negative ? -value : value;
    return at == digits ? text : at;
}

bool number_from_text(const char *text, const char *end, double *value)
{
    while (text < end && is_padding(*text)) {
        text++;
    }
    while (end > text && is_padding(end[-1])) {
        end--;
    }
    const bool negative = text < end && *text == '-';
    text += text < end && (*text == '-' || *text == '+');
    double digits = 0.0;
    int exponent = 0;
    bool any = false;
    for (; text < end && is_digit(*text); text++, any = true) {
        digits = 10.0 * digits + (*text - '0');
    }
    if (text < end && *text == '.') {
        for (text++; text < end && is_digit(*text); text++, any = true) {
            digits = 10.0 * digits + (*text - '0');
            exponent--;
        }
    }
    if (any) {
        text = take_exponent(text, end, &exponent);
    }
    // A division by an exact power of ten rounds once; a multiplication by its inverse twice.
    const double size = exponent < 0 ? digits / pow(10.0, -exponent) : digits * pow(10.0, exponent);
    *value = negative ? -size : size;
    return any && text == end && isfinite(*value);
}
