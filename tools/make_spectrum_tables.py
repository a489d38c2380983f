#!/usr/bin/env python3
"""Writes the constant tables behind harmonics: rfft_table.c and resampler_table.c.

Usage: make_spectrum_tables.py sine|interpolator > FILE.c
The tests of rfft and resampler check every entry against the C library's own functions."""
import math
import sys

QUARTER = 512  # Of a turn of 2048 steps.
POINTS = 8  # That one new sample comes from.
SINC_POINTS = 7  # Of the windowed sinc, before it is averaged over one sample.
KAISER_BETA = 6.0
CUT = 0.45  # Cycles per sample.
PHASES = 64  # Between two samples.
STEPS = 128  # Of the droop, from 0 to half the rate.
DECIMATIONS = 4


def q31(value):
    return min(round(value * 2**31), 2**31 - 1)


def rows(values, form, per_row):
    for at in range(0, len(values), per_row):
        print("    " + ", ".join(form(value) for value in values[at:at + per_row]) + ",")


def sine():
    print('#include "rfft_table.h"\n\n// clang-format off')
    print("const int32_t RFFT_SINE[RFFT_QUARTER + 1] = {")
    rows([q31(math.sin(math.pi * n / 2 / QUARTER)) for n in range(QUARTER + 1)], str, 8)
    print("};")


def bessel(x):
    """The modified Bessel function of the first kind, order 0."""
    term = total = 1.0
    order = 1
    while term > 1e-17 * total:
        term *= (x / 2 / order)**2
        total += term
        order += 1
    return total


def windowed_sinc(t):
    inside = 1 - (2 * t / SINC_POINTS)**2
    if inside <= 0:
        return 0.0
    return 2 * CUT * sinc(2 * CUT * t) * bessel(KAISER_BETA * math.sqrt(inside))


def kernel(t):
    """The average over one sample makes every image of a low frequency vanish, as it has zeros at
    all multiples of the rate; the sinc takes care of those of high frequencies."""
    fine = 256
    return sum(windowed_sinc(t - 0.5 + (n + 0.5) / fine) for n in range(fine)) / fine


def phase_row(phase):
    """Weights in 2^-31 whose sum is exact: what rounding leaves over goes to the largest."""
    places = [phase / PHASES - (point - (POINTS // 2 - 1)) for point in range(POINTS)]
    values = [kernel(place) for place in places]
    row = [round(value / sum(values) * 2**31) for value in values]
    row[row.index(max(row))] += 2**31 - sum(row)
    return row


def kernel_response(rows_of_weights, nu):
    """The interpolation, straight lines between phases included, is a convolution with a kernel
    of straight lines; this is its Fourier transform at `nu` cycles per sample."""
    total = 0.0
    for phase in range(PHASES):
        for point in range(POINTS):
            distance = phase / PHASES - (point - (POINTS // 2 - 1))
            total += rows_of_weights[phase][point] / 2**31 * math.cos(2 * math.pi * nu * distance)
    return total / PHASES * sinc(nu / PHASES)**2


def sinc(x):
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def interpolator():
    weights = [phase_row(phase) for phase in range(PHASES + 1)]
    print('#include "resampler_table.h"\n\n// clang-format off')
    print("const int32_t RESAMPLER_WEIGHT[RESAMPLER_PHASES + 1][RESAMPLER_POINTS] = {")
    for row in weights:
        halves = [row[:POINTS // 2], row[POINTS // 2:]]
        print("    { " + ",\n      ".join(", ".join(map(str, half)) for half in halves) + " },")
    print("};\n")
    print("const float RESAMPLER_GAIN[RESAMPLER_DECIMATION_LIMIT][RESAMPLER_STEPS + 1] = {")
    for decimation in range(1, DECIMATIONS + 1):
        gains = []
        for step in range(STEPS + 1):
            nu = step / (2 * STEPS)
            box = sinc(nu) / sinc(nu / decimation)
            gains.append(1.0 / (kernel_response(weights, nu) * box))
        print("    {")
        rows(gains, lambda gain: "%.8ef" % gain, 5)
        print("    },")
    print("};\n")
    print("const float RESAMPLER_SINC_GAIN[RESAMPLER_STEPS + 1] = {")
    rows([1.0 / sinc(step / (2 * STEPS)) for step in range(STEPS + 1)],
         lambda gain: "%.8ef" % gain, 5)
    print("};")


def main():
    tables = {"sine": sine, "interpolator": interpolator}
    if len(sys.argv) != 2 or sys.argv[1] not in tables:
        sys.exit(__doc__)
    print("// SPDX-License-Identifier: MIT")
    print("// Made by tools/make_spectrum_tables.py.")
    tables[sys.argv[1]]()


main()
