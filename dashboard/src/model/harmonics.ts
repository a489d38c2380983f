// SPDX-License-Identifier: MIT
// What the page about power quality computes from spectra and events.

import type { PowerEvent, ReadingChannel, SignalKind, Spectrum } from "../api/types";

/** Ends of the logarithmic scale of harmonics, as shares of the fundamental. */
export const CEILING = 1;
export const FLOOR = 0.0001;

/** Height of the bar of `share` on that scale, 0 to 1. */
export function barShare(share: number): number {
  if (!(share > FLOOR)) return 0;
  const decades = Math.log10(CEILING / FLOOR);
  return Math.min(1, Math.log10(share / FLOOR) / decades);
}

/**
 * The spectrum of a signal. A voltage that several channels share comes with the first of them, so
 * a meter's only voltage is that of every channel. Where there are more, channels that share one
 * show the same to the last digit in every reading, its fundamental too: `readings` tells by that.
 */
export function findSpectrum(
  spectra: readonly Spectrum[],
  channel: number,
  signal: SignalKind,
  readings: readonly ReadingChannel[] = [],
): Spectrum | null {
  const those = spectra.filter((one) => one.signal === signal);
  const own = those.find((one) => one.channel === channel);
  if (own !== undefined || signal !== "voltage") return own ?? null;
  if (those.length === 1) return those[0] ?? null;
  const mine = readings.find((one) => one.channel === channel);
  const shared = those.filter((one) => {
    const theirs = readings.find((other) => other.channel === one.channel);
    return (
      mine !== undefined &&
      theirs !== undefined &&
      mine.voltage_v > 0 &&
      theirs.voltage_v === mine.voltage_v &&
      theirs.fundamental_voltage_v === mine.fundamental_voltage_v
    );
  });
  return shared.length === 1 ? (shared[0] ?? null) : null;
}

const KINDS: Record<string, { label: string; extreme: string }> = {
  dip: { label: "Dip", extreme: "down to" },
  swell: { label: "Swell", extreme: "up to" },
  interruption: { label: "Interruption", extreme: "down to" },
};

/** The kind of an event in words; one that this page does not know yet is shown as it is. */
export function eventWords(event: PowerEvent): { label: string; extreme: string } {
  return KINDS[event.kind] ?? { label: event.kind.replaceAll("_", " "), extreme: "to" };
}
