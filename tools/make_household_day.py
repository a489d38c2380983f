#!/usr/bin/env python3
"""Writes household_day.c for the synthesizer from the UCI household data (set 235, CC BY 4.0).

Usage: make_household_day.py q1-2007.csv DAY/MONTH/YEAR > household_day.c
The dates of the data come in several forms; the day is matched by its numbers."""
import csv
import sys


def main():
    path, day = sys.argv[1], [int(n) for n in sys.argv[2].split("/")]
    rows = []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            date = [int(n) for n in row["Date"].split("/")]
            if date[:2] == day[:2] and date[2] % 100 == day[2] % 100:
                rows.append(row)
    if len(rows) != 1440:
        sys.exit(f"{len(rows)} minutes instead of 1440 on that day")
    print("// SPDX-License-Identifier: CC-BY-4.0")
    print("// Made by tools/make_household_day.py; README.md in this folder names the source.")
    print('#include "household_day.h"\n')
    print("// clang-format off")
    print("const struct household_minute HOUSEHOLD_DAY[HOUSEHOLD_DAY_MINUTES] = {")
    line = "   "
    for row in rows:
        entry = " {%d,%d,%d,%d,%d,%d}," % (
            round(1000 * float(row["Global_active_power"])),
            round(1000 * float(row["Global_reactive_power"])),
            round(10 * float(row["Voltage"])),
            *(round(float(row["Sub_metering_%d" % n])) for n in (1, 2, 3)),
        )
        if len(line) + len(entry) > 100:
            print(line)
            line = "   "
        line += entry
    print(line + "\n};")
    print("// clang-format on")


main()
