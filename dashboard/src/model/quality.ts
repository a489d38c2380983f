// SPDX-License-Identifier: MIT
// What the quality flags of a reading mean, in words, and which numbers they touch. The bits are
// those of base/reading/reading.h.

import type { MeteringInterval, Reading, ReadingChannel } from "../api/types";

export type Touched = "voltage" | "current" | "power" | "frequency" | "energy" | "rate";

export interface QualityFlag {
  name: string;
  bit: number;
  label: string;
  explanation: string;
  /** The numbers that deserve less trust for it; null: all. */
  touches: readonly Touched[] | null;
}

export const QUALITY_FLAGS: readonly QualityFlag[] = [
  {
    name: "gap",
    bit: 1,
    label: "Gap",
    explanation: "Samples were lost inside the window.",
    touches: ["voltage", "current", "power", "energy"],
  },
  {
    name: "no_reference",
    bit: 2,
    label: "No mains",
    explanation: "No mains voltage to measure against, so power and power factor are zero.",
    touches: ["power", "frequency", "energy"],
  },
  {
    name: "clipped",
    bit: 4,
    label: "Clipped",
    explanation: "A signal was larger than the converter can measure.",
    touches: ["voltage", "current", "power", "energy"],
  },
  {
    name: "partial",
    bit: 8,
    label: "Partial",
    explanation: "The window was shorter than asked for: the first or last of a run.",
    touches: ["voltage", "current", "power", "frequency"],
  },
  {
    name: "phase_jump",
    bit: 16,
    label: "Phase jump",
    explanation: "The length of the mains cycle jumped inside the window.",
    touches: ["power", "frequency"],
  },
  {
    name: "channel_swap",
    bit: 32,
    label: "Channel order",
    explanation: "The converter's channel tags came in the wrong order.",
    touches: ["voltage", "current", "power", "energy"],
  },
  {
    name: "merged",
    bit: 64,
    label: "Merged",
    explanation: "Several windows in one, because storage was slow.",
    touches: ["voltage", "current", "power", "frequency"],
  },
  {
    name: "drift",
    bit: 128,
    label: "Drift",
    explanation: "The converter's rate or zero has moved away from what it was.",
    touches: ["voltage", "current", "power", "frequency", "energy"],
  },
  {
    name: "flagged",
    bit: 256,
    label: "Disturbed",
    explanation: "A dip, swell or interruption of the supply touched this window.",
    touches: ["voltage", "power", "frequency"],
  },
  {
    name: "creep",
    bit: 512,
    label: "Not counted",
    explanation: "So little that it is taken for noise: shown here, but kept out of the registers.",
    touches: ["energy"],
  },
  {
    name: "stale_rate",
    bit: 1024,
    label: "Rate unsure",
    explanation:
      "The meter's clock was lost, so energy went to the tariff rate that was in force before.",
    touches: ["rate"],
  },
];

/** Of intervals: what may be wrong with the stretch of time itself. */
const INTERVAL_FLAGS: readonly QualityFlag[] = [
  {
    name: "short",
    bit: 0,
    label: "Short",
    explanation: "Not all of the interval was measured.",
    touches: null,
  },
  {
    name: "unaligned",
    bit: 0,
    label: "Unaligned",
    explanation: "The meter did not know the time, so the interval does not end with the clock's.",
    touches: null,
  },
  {
    name: "clock_step",
    bit: 0,
    label: "Clock set",
    explanation: "The meter's clock was set inside the interval, which ended or began there.",
    touches: null,
  },
];

const FLAGS_BY_NAME: ReadonlyMap<string, QualityFlag> = new Map(
  [...QUALITY_FLAGS, ...INTERVAL_FLAGS].map((flag) => [flag.name, flag]),
);

/** The flag of that name; one that this page does not know yet is shown as it is. */
export function qualityFlag(name: string): QualityFlag {
  const known = FLAGS_BY_NAME.get(name);
  return (
    known ?? { name, bit: 0, label: name.replaceAll("_", " "), explanation: name, touches: null }
  );
}

/** Those of the named flags that touch such a number, each once. */
export function flagsTouching(names: readonly string[], what: Touched): string[] {
  return [...new Set(names)].filter((name) => qualityFlag(name).touches?.includes(what) ?? true);
}

/**
 * The flags of a channel, and those of its reading that concern every channel: "clipped" and
 * "drift" stand in a reading when one of its channels has them, too.
 */
export function channelFlags(reading: Reading, channel: ReadingChannel): string[] {
  const explained = ["clipped", "drift"].filter((name) =>
    reading.channels.some(({ quality }) => quality.includes(name)),
  );
  const shared = reading.quality.filter((name) => !explained.includes(name));
  return [...new Set([...shared, ...channel.quality])];
}

/** The flags of an interval's time and of what was measured in it. */
export function intervalFlags(interval: MeteringInterval): string[] {
  return [...new Set([...interval.flags, ...interval.quality])];
}

/** The flags of a reading and of all its channels. */
export function allFlags(reading: Reading): string[] {
  return [...new Set([reading.quality, ...reading.channels.map((one) => one.quality)].flat())];
}

export function flagsOfMask(mask: number | null | undefined): QualityFlag[] {
  return QUALITY_FLAGS.filter((flag) => ((mask ?? 0) & flag.bit) !== 0);
}
