// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  NO_VALUE,
  age,
  axisLabels,
  axisNumbers,
  duration,
  energy,
  fixed,
  millijouleOfText,
  percent,
  power,
  powerLabels,
  text,
} from "./format";

const plain = (quantity: { value: string; unit: string }): string =>
  text(quantity).replace("\u00a0", " ");

describe("numbers", () => {
  it("have a true minus sign and never a negative zero", () => {
    expect(fixed(-1.25, 1)).toMatch(/^−1\.[23]$/);
    expect(fixed(-0.04, 1)).toBe("0.0");
  });

  it("are a dash where nothing was measured", () => {
    for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(fixed(nothing, 1)).toBe(NO_VALUE);
      expect(power(nothing)).toEqual({ value: NO_VALUE, unit: "W" });
      expect(energy(nothing).value).toBe(NO_VALUE);
    }
  });
});

describe("power", () => {
  it.each([
    [0, "0.0 W"],
    [3.44, "3.4 W"],
    [99.96, "100 W"],
    [842.6, "843 W"],
    [999.6, "1.00 kW"],
    [-1843, "−1.84 kW"],
    [22_140, "22.1 kW"],
    [123_456, "123 kW"],
  ])("of %d W reads %s", (watts, words) => {
    expect(plain(power(watts))).toBe(words);
  });
});

describe("energy", () => {
  it.each([
    [0, "0.00 kWh"],
    [3600, "0.00 Wh"],
    [3.6e6 * 4.2, "4.20 Wh"],
    [3.6e6 * 640, "640 Wh"],
    [3.6e6 * 1940, "1.94 kWh"],
    [-3.6e6 * 1940, "−1.94 kWh"],
    [3.6e6 * 172_200, "172.2 kWh"],
    [3.6e6 * 12_345_678, "12.35 MWh"],
  ])("of %d mJ reads %s", (mj, words) => {
    expect(plain(energy(mj))).toBe(words);
  });
});

describe("ages", () => {
  it.each([
    [-500, "just now"],
    [1999, "just now"],
    [4000, "4 s ago"],
    [89_999, "89 s ago"],
    [90_000, "2 min ago"],
    [3 * 3_600_000, "3 h ago"],
    [3 * 86_400_000, "3 d ago"],
  ])("of %d ms read %s", (ms, words) => {
    expect(age(ms)).toBe(words);
  });
});

describe("axes", () => {
  it("use one unit and only the decimals that the steps need", () => {
    const labels = (ticks: number[]) =>
      powerLabels(ticks).map((label) => label.replace("\u00a0", " "));
    expect(labels([-2000, 0, 2000])).toEqual(["−2 kW", "0 kW", "2 kW"]);
    expect(labels([0, 500, 1000])).toEqual(["0.0 kW", "0.5 kW", "1.0 kW"]);
    expect(labels([0, 200, 400])).toEqual(["0 W", "200 W", "400 W"]);
    expect(axisNumbers([0, 0.25, 0.5])).toEqual(["0.00", "0.25", "0.50"]);
    expect(axisNumbers([49.98, 50, 50.02])).toEqual(["49.98", "50.00", "50.02"]);
    expect(axisNumbers([])).toEqual([]);
  });

  it("of time carry the date at midnight and from a day's step on", () => {
    const midnight = new Date(2026, 10, 21).getTime() / 1000;
    const [before, at] = axisLabels([midnight - 3600, midnight], 3600) as [string, string];
    expect(before).toMatch(/11|23/);
    expect(at).toMatch(/21/);
    expect(axisLabels([midnight + 3600], 86_400)[0]).toMatch(/21/);
  });
});

describe("shares and lengths of time", () => {
  it("show more digits where they are small", () => {
    expect(percent(0.0213)).toEqual({ value: "2.13", unit: "%" });
    expect(percent(0.62)).toEqual({ value: "62.0", unit: "%" });
    expect(percent(1.14)).toEqual({ value: "114", unit: "%" });
    expect(percent(null).value).toBe("–");
  });

  it("pick the unit by size, and never say 60 seconds", () => {
    const words = (ms: number) => duration(ms).replaceAll("\u00a0", " ");
    expect(words(86.42)).toBe("86.4 ms");
    expect(words(999.9)).toBe("1.00 s");
    expect(words(59_999)).toBe("1 min 0 s");
    expect(words(754_300)).toBe("12 min 34 s");
    expect(words(7_800_000)).toBe("2 h 10 min");
  });
});

describe("kilowatt-hours that a person typed", () => {
  it("are read with a point or a comma, and nothing else", () => {
    expect(millijouleOfText("1234.5")).toBe(4_444_200_000_000);
    expect(millijouleOfText(" 0,001 ")).toBe(3_600_000);
    for (const wrong of ["", "-1", "1e3", "12 kWh", "1.2.3", "9999999999"]) {
      expect(millijouleOfText(wrong), wrong).toBeNull();
    }
  });
});
