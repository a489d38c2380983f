// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import type { WaveformSignal } from "../api/types";
import { joinSignals } from "./waveform";

function signal(start_ms: number, values: number[]): WaveformSignal {
  return { channel: 0, signal: "voltage", unit: "V", start_ms, interval_us: 500, values };
}

test("signals of the same times share one axis", () => {
  expect(joinSignals([signal(-1, [1, 2, 3]), signal(-1, [4, 5, 6])])).toEqual([
    [-1, -0.5, 0],
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test("a signal that begins later has nothing before", () => {
  expect(joinSignals([signal(0, [1, 2]), signal(0.5, [7])])).toEqual([
    [0, 0.5],
    [1, 2],
    [null, 7],
  ]);
});

test("no signals make an empty axis", () => {
  expect(joinSignals([])).toEqual([[]]);
});
