// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Reading, Series } from "../api/types";
import { LiveWindow, TOTAL } from "./live_window";

function reading(timeMs: number, watts: number): Reading {
  return {
    time_ms: timeMs,
    channels: [{ channel: 2, active_power_w: watts }],
  } as unknown as Reading;
}

function series(channel: number | "total", times: number[], watts: (number | null)[]): Series {
  return { channel, time_ms: times, active_power_w: watts } as unknown as Series;
}

describe("the live window", () => {
  it("puts readings in order of time, whenever they come", () => {
    const live = new LiveWindow(600_000);
    for (const second of [3, 1, 2]) live.addReading(reading(second * 1000, second));
    const data = live.data();
    expect(data[0]).toEqual([1, 2, 3]);
    expect(data[3]).toEqual([1, 2, 3]);
    expect(data[TOTAL + 1]).toEqual([1, 2, 3]);
  });

  it("forgets what has run out of it", () => {
    const live = new LiveWindow(10_000);
    for (let second = 0; second <= 60; second++) live.addReading(reading(second * 1000, 1));
    expect(live.size).toBe(12);
  });

  it("lets the stream's reading win over the history's", () => {
    const live = new LiveWindow(600_000);
    live.addReading(reading(2000, 7));
    live.addSeries(series(2, [1000, 2000], [5, 5]));
    expect(live.data()[3]).toEqual([5, 7]);
  });

  it("keeps a silence open and closes single holes", () => {
    const live = new LiveWindow(600_000);
    live.addSeries(series("total", [1000, 2000, 3000], [1, null, 3]));
    live.addSeries(series(2, [2000], [9]));
    live.addReading(reading(60_000, 4));
    const data = live.data();
    expect(data[TOTAL + 1]).toEqual([1, 1, 3, null, 4]);
    expect(data[0]).toHaveLength(5);
  });

  it("hands out the same columns until something new came", () => {
    const live = new LiveWindow(600_000);
    live.addReading(reading(1000, 1));
    const first = live.data();
    expect(live.data()).toBe(first);
    live.addReading(reading(2000, 1));
    expect(live.data()).not.toBe(first);
  });
});
