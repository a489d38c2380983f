#!/usr/bin/env python3
"""Writes the constant tables behind harmonics: rfft_table.c and resampler_table.c.

Usage: make_spectrum_tables.py sine|interpolator > FILE.c
The tests of rfft and resampler check every entry against the C library's own functions."""
import math
import sys

QUARTER = 512  # Of a turn of 2048 steps.
POINTS = 8  # Of the Lagrange interpolation.
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


def weight(point, phase):
    """Of the sample `point` - 3, for a place `phase` from sample 0 to sample 1."""
    at = point - (POINTS // 2 - 1)
    product = 1.0
    for other in range(-(POINTS // 2 - 1), POINTS // 2 + 1):
        if other != at:
            product *= (phase - other) / (at - other)
    return product


def phase_row(phase):
    """Weights in 2^-31 whose sum is exact: what rounding leaves over goes to the largest."""
    if phase in (0, PHASES):
        row = [0] * POINTS
        row[POINTS // 2 - 1 + phase // PHASES] = 2**31 - 1
        return row
    row = [round(weight(point, phase / PHASES) * 2**31) for point in range(POINTS)]
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
        print("    { " + ", ".join(str(value) for value in row) + " },")
    print("};\n")
    print("const float RESAMPLER_GAIN[RESAMPLER_DECIMATION_LIMIT][RESAMPLER_STEPS + 1] = {")
    for decimation in range(1, DECIMATIONS + 1):
        gains = []
        for step in range(STEPS + 1):
            nu = step / (2 * STEPS)
            box = sinc(nu) / sinc(nu / decimation)
            gains.append(1.0 / (kernel_response(weights, nu) * box))
        print("    {")
        rows(gains, lambda gain: "%.8ef" % gain, 6)
        print("    },")
    print("};\n")
    print("const float RESAMPLER_SINC_GAIN[RESAMPLER_STEPS + 1] = {")
    rows([1.0 / sinc(step / (2 * STEPS)) for step in range(STEPS + 1)],
         lambda gain: "%.8ef" % gain, 6)
    print("};")


def main():
    tables = {"sine": sine, "interpolator": interpolator}
    if len(sys.argv) != 2 or sys.argv[1] not in tables:
        sys.exit(__doc__)
    print("// SPDX-License-Identifier: MIT")
    print("// Made by tools/make_spectrum_tables.py.")
    tables[sys.argv[1]]()


main()
