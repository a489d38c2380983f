// SPDX-License-Identifier: MIT
// What the page about power quality computes from spectra and events.

import type { PowerEvent, SignalKind, Spectrum } from "../api/types";

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
 * a meter's only voltage is that of every channel.
 */
export function findSpectrum(
  spectra: readonly Spectrum[],
  channel: number,
  signal: SignalKind,
): Spectrum | null {
  const those = spectra.filter((one) => one.signal === signal);
  const own = those.find((one) => one.channel === channel);
  const only = signal === "voltage" && those.length === 1 ? those[0] : undefined;
  return own ?? only ?? null;
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
