// SPDX-License-Identifier: MIT
import type { WaveformSignal } from "../api/types";

/**
 * Signals with their own starts and steps on one axis of time in milliseconds: first the times,
 * then a column for each signal, null where it has no value.
 */
export function joinSignals(signals: readonly WaveformSignal[]): (number | null)[][] {
  const keyOf = (ms: number): number => Math.round(ms * 1000);
  const times = new Set<number>();
  const columns = signals.map(({ start_ms, interval_us, values }) => {
    const column = new Map<number, number>();
    values.forEach((value, n) => {
      const key = keyOf(start_ms + (n * interval_us) / 1000);
      times.add(key);
      column.set(key, value);
    });
    return column;
  });
  const axis = [...times].toSorted((a, b) => a - b);
  return [
    axis.map((key) => key / 1000),
    ...columns.map((column) => axis.map((key) => column.get(key) ?? null)),
  ];
}
