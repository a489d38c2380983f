// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import type { PowerEvent, Spectrum } from "../api/types";
import { barShare, eventWords, findSpectrum } from "./harmonics";

test("a bar is full for the fundamental, half for a hundredth, and gone below the floor", () => {
  expect(barShare(1)).toBe(1);
  expect(barShare(0.01)).toBeCloseTo(0.5);
  expect(barShare(0.0001)).toBe(0);
  expect(barShare(0)).toBe(0);
  expect(barShare(Number.NaN)).toBe(0);
  expect(barShare(3)).toBe(1);
});

test("a spectrum is found by channel and signal", () => {
  const spectra = [
    { channel: 0, signal: "voltage" },
    { channel: 0, signal: "current" },
  ] as Spectrum[];
  expect(findSpectrum(spectra, 0, "current")).toBe(spectra[1]);
  expect(findSpectrum(spectra, 1, "current")).toBeNull();
});

test("the only voltage is that of every channel, one of several is not", () => {
  const one = [{ channel: 0, signal: "voltage" }] as Spectrum[];
  expect(findSpectrum(one, 3, "voltage")).toBe(one[0]);
  expect(findSpectrum(one, 3, "current")).toBeNull();
  const two = [...one, { channel: 2, signal: "voltage" } as Spectrum];
  expect(findSpectrum(two, 3, "voltage")).toBeNull();
  expect(findSpectrum(two, 2, "voltage")).toBe(two[1]);
});

test("an unknown kind of event is shown by its name", () => {
  const event = { kind: "rapid_change" } as PowerEvent;
  expect(eventWords(event).label).toBe("rapid change");
  expect(eventWords({ kind: "swell" } as PowerEvent).extreme).toBe("up to");
});
