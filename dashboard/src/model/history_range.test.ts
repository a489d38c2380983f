// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  bucketAligned,
  bucketUnit,
  DAY_MS,
  dragged,
  energyBuckets,
  fromLocalInput,
  HOUR_MS,
  pointsFor,
  presetRange,
  shifted,
  toLocalInput,
  zoomed,
} from "./history_range";

const NOW = new Date(2026, 10, 21, 14, 37, 12).getTime();
const DAY = { startMs: NOW - DAY_MS, endMs: NOW };

describe("a range", () => {
  it("of a preset ends now", () => {
    expect(presetRange("hour", NOW)).toEqual({ startMs: NOW - HOUR_MS, endMs: NOW });
  });

  it("moves by half of itself and never into the future", () => {
    expect(shifted(DAY, -1, NOW)).toEqual({ startMs: NOW - 1.5 * DAY_MS, endMs: NOW - DAY_MS / 2 });
    expect(shifted(DAY, 1, NOW)).toEqual(DAY);
  });

  it("zooms around its middle, keeps its width at the end, and has a shortest width", () => {
    expect(zoomed(DAY, 0.5, NOW)).toEqual({
      startMs: NOW - 0.75 * DAY_MS,
      endMs: NOW - 0.25 * DAY_MS,
    });
    expect(zoomed(DAY, 2, NOW)).toEqual({ startMs: NOW - 2 * DAY_MS, endMs: NOW });
    const tiny = zoomed({ startMs: NOW - 12_000, endMs: NOW }, 0.1, NOW);
    expect(tiny.endMs - tiny.startMs).toBe(10_000);
  });

  it("has a longest width, however often it is widened", () => {
    let range = DAY;
    for (let i = 0; i < 40; i++) range = zoomed(range, 2, NOW);
    expect(range.startMs).toBeGreaterThan(0);
  });

  it("is dragged in either direction and cut to what is shown; a twitch is no zoom", () => {
    const zoom = { startMs: NOW - 2 * HOUR_MS, endMs: NOW - HOUR_MS };
    expect(dragged(DAY, zoom.endMs, zoom.startMs)).toEqual(zoom);
    expect(dragged(DAY, NOW - HOUR_MS, NOW + HOUR_MS)?.endMs).toBe(NOW);
    expect(dragged(DAY, NOW - 2000, NOW - 1000)).toBeNull();
  });

  it("survives the way through a form field to the minute", () => {
    const minute = new Date(2026, 2, 5, 7, 4).getTime();
    expect(toLocalInput(minute)).toBe("2026-03-05T07:04");
    expect(fromLocalInput("2026-03-05T07:04")).toBe(minute);
    expect(fromLocalInput("")).toBeNull();
  });

  it("asks for about a point a pixel within bounds", () => {
    expect(pointsFor(0)).toBe(200);
    expect(pointsFor(1013)).toBe(1200);
    expect(pointsFor(9000)).toBe(2000);
  });
});

describe("energy bars", () => {
  it("are minutes, hours or days, as the range is long", () => {
    expect(bucketUnit({ startMs: 0, endMs: HOUR_MS })).toBe("minutes");
    expect(bucketUnit(DAY)).toBe("hour");
    expect(bucketUnit({ startMs: 0, endMs: 7 * DAY_MS })).toBe("day");
  });

  it("cover the range with whole calendar units", () => {
    const { startMs, endMs, points } = bucketAligned(DAY);
    expect(new Date(startMs).getMinutes()).toBe(0);
    expect(startMs).toBeLessThanOrEqual(DAY.startMs);
    expect(endMs).toBeGreaterThanOrEqual(DAY.endMs);
    expect(points).toBe((endMs - startMs) / 900_000);
  });

  it("ask for as many points as the contract allows, whatever the range", () => {
    for (const span of [10_000, HOUR_MS, DAY_MS, 30 * DAY_MS, 1830 * DAY_MS]) {
      const { points } = bucketAligned({ startMs: NOW - span, endMs: NOW });
      expect(points).toBeGreaterThanOrEqual(10);
      expect(points).toBeLessThanOrEqual(5000);
    }
  });

  it("lose nothing and double nothing", () => {
    const range = bucketAligned(DAY);
    const count = range.points;
    const series = {
      bucket_ms: 900_000,
      time_ms: Array.from({ length: count }, (_, i) => range.startMs + i * 900_000),
      import_mj: Array.from({ length: count }, (_, i) => (i % 7 === 0 ? null : i)),
      export_mj: Array.from({ length: count }, () => 2),
    };
    const buckets = energyBuckets(series, range, "hour");
    const sum = (values: (number | null)[]): number =>
      values.reduce<number>((total, value) => total + (value ?? 0), 0);
    expect(sum(buckets.map(({ importMj }) => importMj))).toBe(sum(series.import_mj));
    expect(buckets.every(({ exportMj }) => exportMj === 8)).toBe(true);
  });

  it("leave out what lies outside of them", () => {
    const startMs = new Date(2026, 10, 20).getTime();
    const series = {
      bucket_ms: HOUR_MS,
      time_ms: [startMs - HOUR_MS, startMs, startMs + DAY_MS],
      import_mj: [1, 10, 100],
      export_mj: [null, null, null],
    };
    const buckets = energyBuckets(series, { startMs, endMs: startMs + DAY_MS }, "day");
    expect(buckets.map(({ importMj }) => importMj)).toEqual([10]);
  });

  it("have days of 23 and 25 hours where the clocks are changed", () => {
    const startMs = new Date(2026, 9, 1).getTime();
    const endMs = new Date(2026, 10, 1).getTime();
    const empty = { bucket_ms: HOUR_MS, time_ms: [], import_mj: [], export_mj: [] };
    const buckets = energyBuckets(empty, { startMs, endMs }, "day");
    expect(buckets).toHaveLength(31);
    const hours = buckets.map((bucket) => (bucket.endMs - bucket.startMs) / HOUR_MS);
    expect(Math.max(...hours)).toBe(25);
    for (const { startMs: day } of buckets) expect(new Date(day).getHours()).toBe(0);
    expect(buckets.at(-1)?.endMs).toBe(endMs);
  });
});
