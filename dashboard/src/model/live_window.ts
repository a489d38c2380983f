// SPDX-License-Identifier: MIT
// The last minutes of one device for the live chart: net power and the power of every channel,
// in columns as uPlot wants them, oldest first. Bounded by time and by count.

import { CHANNEL_COUNT, type Reading, type Series } from "../api/types";
import { netPowerW } from "./stream_reducer";

export const TOTAL = CHANNEL_COUNT; // column of net power, after the channels

type Row = (number | null)[];

const MAX_ROWS = 4000;

export class LiveWindow {
  private rows = new Map<number, Row>();
  private columns: [number[], ...Row[]] | null = null;
  readonly spanMs: number;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
  }

  private rowAt(timeMs: number): Row {
    const key = Math.round(timeMs / 100) * 100;
    let row = this.rows.get(key);
    if (row === undefined) {
      row = Array.from({ length: CHANNEL_COUNT + 1 }, () => null);
      this.rows.set(key, row);
    }
    this.columns = null;
    return row;
  }

  addReading(reading: Reading): void {
    const row = this.rowAt(reading.time_ms);
    for (const channel of reading.channels) row[channel.channel] = channel.active_power_w;
    row[TOTAL] = netPowerW(reading);
    this.forget(reading.time_ms);
  }

  /** Fills in what happened before the stream was open; readings of the stream win. */
  addSeries(series: Series): void {
    const column = series.channel === "total" ? TOTAL : series.channel;
    for (const [i, timeMs] of series.time_ms.entries()) {
      const watts = series.active_power_w[i];
      if (watts === null || watts === undefined) continue;
      this.rowAt(timeMs)[column] ??= watts;
    }
  }

  private forget(nowMs: number): void {
    // A little more than the window, so that the line runs out of the left edge.
    const oldest = nowMs - this.spanMs * 1.1;
    for (const key of this.rows.keys()) {
      if (key < oldest || this.rows.size > MAX_ROWS) this.rows.delete(key);
    }
  }

  get size(): number {
    return this.rows.size;
  }

  /**
   * Times in seconds, then one column per channel, then net power. A silence longer than
   * `gapMs` is kept open with a row of nulls, and single nulls are closed: they only tell that two
   * sources stamped the same second differently.
   */
  data(gapMs = 5000): [number[], ...Row[]] {
    if (this.columns !== null) return this.columns;
    const keys = [...this.rows.keys()].toSorted((a, b) => a - b);
    const columns: [number[], ...Row[]] = [[]];
    for (let column = 0; column <= CHANNEL_COUNT; column++) columns.push([]);
    let previous = Number.NaN;
    const last: Row = Array.from({ length: CHANNEL_COUNT + 1 }, () => null);
    for (const key of keys) {
      if (key - previous > gapMs) {
        columns[0].push((previous + 1) / 1000);
        for (let column = 0; column <= CHANNEL_COUNT; column++) {
          (columns[column + 1] as Row).push(null);
          last[column] = null;
        }
      }
      columns[0].push(key / 1000);
      const row = this.rows.get(key) as Row;
      for (let column = 0; column <= CHANNEL_COUNT; column++) {
        const value = row[column] ?? last[column] ?? null;
        (columns[column + 1] as Row).push(value);
        last[column] = value;
      }
      previous = key;
    }
    this.columns = columns;
    return columns;
  }
}
