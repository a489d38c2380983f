// SPDX-License-Identifier: MIT
// Ranges of the history: presets that end now, steps, zoom, and the calendar buckets of energy.

export interface Range {
  startMs: number;
  endMs: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const SHORTEST_RANGE_MS = 10_000;
export const LONGEST_RANGE_MS = 5 * 366 * DAY_MS;
const FEWEST_POINTS = 10; // the contract's bounds
const MOST_POINTS = 5000;

export type Preset = "hour" | "day" | "week" | "month";

export const PRESETS: readonly { preset: Preset; label: string; spanMs: number }[] = [
  { preset: "hour", label: "Hour", spanMs: HOUR_MS },
  { preset: "day", label: "Day", spanMs: DAY_MS },
  { preset: "week", label: "Week", spanMs: 7 * DAY_MS },
  { preset: "month", label: "Month", spanMs: 30 * DAY_MS },
];

export function presetRange(preset: Preset, nowMs: number): Range {
  const found = PRESETS.find((entry) => entry.preset === preset);
  return { startMs: nowMs - (found?.spanMs ?? DAY_MS), endMs: nowMs };
}

/** The range moved by half of itself; never beyond `nowMs`. */
export function shifted(range: Range, direction: -1 | 1, nowMs: number): Range {
  const step = (range.endMs - range.startMs) / 2;
  const end = Math.min(nowMs, range.endMs + direction * step);
  return { startMs: end - (range.endMs - range.startMs), endMs: end };
}

/** The range narrowed or widened around its middle; `factor` 0.5 shows half of it. */
export function zoomed(range: Range, factor: number, nowMs: number): Range {
  const wanted = (range.endMs - range.startMs) * factor;
  const span = Math.min(LONGEST_RANGE_MS, Math.max(SHORTEST_RANGE_MS, wanted));
  const end = Math.min(nowMs, (range.startMs + range.endMs) / 2 + span / 2);
  return { startMs: end - span, endMs: end };
}

/** The part of a chart that was dragged over, or null if that is too short to mean a zoom. */
export function dragged(range: Range, leftMs: number, rightMs: number): Range | null {
  const startMs = Math.max(range.startMs, Math.min(leftMs, rightMs));
  const endMs = Math.min(range.endMs, Math.max(leftMs, rightMs));
  return endMs - startMs < SHORTEST_RANGE_MS ? null : { startMs, endMs };
}

/** Points worth asking for: one per pixel of the chart, in steps so that resizing does not refetch. */
export function pointsFor(widthPx: number): number {
  return Math.min(2000, Math.max(200, Math.ceil(widthPx / 200) * 200));
}

/** Value for <input type="datetime-local"> in local time, and back. */
export function toLocalInput(ms: number): string {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function fromLocalInput(value: string): number | null {
  const ms = new Date(value).getTime();
  return Number.isNaN(ms) ? null : ms;
}

export function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

export type BucketUnit = "minutes" | "hour" | "day";

/** The calendar unit of the energy bars: about 12 to 60 bars, whatever the range. */
export function bucketUnit(range: Range): BucketUnit {
  const span = range.endMs - range.startMs;
  if (span <= 3 * HOUR_MS) return "minutes";
  return span <= 3 * DAY_MS ? "hour" : "day";
}

/** Start of the calendar bucket after the one that begins at `ms`, in local time (25 h days too). */
function nextBoundary(ms: number, unit: BucketUnit): number {
  const date = new Date(ms);
  if (unit === "day") return date.setDate(date.getDate() + 1);
  return ms + (unit === "hour" ? HOUR_MS : 5 * 60_000);
}

function firstBoundary(ms: number, unit: BucketUnit): number {
  if (unit === "day") return startOfDay(ms);
  const date = new Date(ms);
  if (unit === "hour") return date.setMinutes(0, 0, 0);
  return date.setMinutes(Math.floor(date.getMinutes() / 5) * 5, 0, 0);
}

export interface EnergyBucket extends Range {
  importMj: number;
  exportMj: number;
}

/**
 * Sums a series' energies into calendar buckets that cover `range`. Each value belongs to the
 * bucket that holds the middle of its time; buckets begin on local midnights or whole hours.
 */
export function energyBuckets(
  series: {
    bucket_ms: number;
    time_ms: number[];
    import_mj: (number | null)[];
    export_mj: (number | null)[];
  },
  range: Range,
  unit = bucketUnit(range),
): EnergyBucket[] {
  const buckets: EnergyBucket[] = [];
  for (let at = firstBoundary(range.startMs, unit); at < range.endMs;) {
    const endMs = nextBoundary(at, unit);
    buckets.push({ startMs: at, endMs, importMj: 0, exportMj: 0 });
    at = endMs;
  }
  let current = 0;
  for (const [i, timeMs] of series.time_ms.entries()) {
    const middle = timeMs + series.bucket_ms / 2;
    while (current < buckets.length - 1 && middle >= (buckets[current] as EnergyBucket).endMs) {
      current++;
    }
    const bucket = buckets[current];
    if (bucket === undefined || middle < bucket.startMs || middle >= bucket.endMs) continue;
    bucket.importMj += series.import_mj[i] ?? 0;
    bucket.exportMj += series.export_mj[i] ?? 0;
  }
  return buckets;
}

/** The range that a query for energy bars covers: whole calendar buckets. */
export function bucketAligned(range: Range, unit = bucketUnit(range)): Range & { points: number } {
  const startMs = firstBoundary(range.startMs, unit);
  let endMs = startMs;
  while (endMs < range.endMs) endMs = nextBoundary(endMs, unit);
  const grain = unit === "day" ? 3_600_000 : unit === "hour" ? 900_000 : 60_000;
  const points = Math.ceil((endMs - startMs) / grain);
  return { startMs, endMs, points: Math.min(MOST_POINTS, Math.max(FEWEST_POINTS, points)) };
}
