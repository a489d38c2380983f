// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import type { PowerEvent, ReadingChannel, Spectrum } from "../api/types";
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

test("of several voltages, a channel without one of its own shows that which it shares", () => {
  const spectra = [0, 1, 2].map((channel) => ({ channel, signal: "voltage" })) as Spectrum[];
  const volts = [230.12, 229.87, 231.4, 229.87, 231.4, 0];
  const readings = volts.map((voltage, channel) => ({
    channel,
    voltage_v: voltage,
    fundamental_voltage_v: voltage - 0.1,
  })) as ReadingChannel[];
  expect(findSpectrum(spectra, 3, "voltage", readings)).toBe(spectra[1]);
  expect(findSpectrum(spectra, 4, "voltage", readings)).toBe(spectra[2]);
  expect(findSpectrum(spectra, 0, "voltage", readings)).toBe(spectra[0]);
  expect(findSpectrum(spectra, 5, "voltage", readings)).toBeNull();
  expect(findSpectrum(spectra, 3, "current", readings)).toBeNull();
});

test("a voltage that could be either of two is not guessed", () => {
  const spectra = [0, 1].map((channel) => ({ channel, signal: "voltage" })) as Spectrum[];
  const readings = [0, 1, 2].map((channel) => ({
    channel,
    voltage_v: 230,
    fundamental_voltage_v: channel === 0 ? 229.9 : 229.8,
  })) as ReadingChannel[];
  expect(findSpectrum(spectra, 2, "voltage", readings)).toBe(spectra[1]);
  const alike = readings.map((one) => ({ ...one, fundamental_voltage_v: 229.8 }));
  expect(findSpectrum(spectra, 2, "voltage", alike)).toBeNull();
});

test("an unknown kind of event is shown by its name", () => {
  const event = { kind: "rapid_change" } as PowerEvent;
  expect(eventWords(event).label).toBe("rapid change");
  expect(eventWords({ kind: "swell" } as PowerEvent).extreme).toBe("up to");
});
