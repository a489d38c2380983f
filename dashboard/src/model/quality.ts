// SPDX-License-Identifier: MIT
// What the quality flags of a reading mean, in words. The bits are those of base/reading/reading.h.

export interface QualityFlag {
  name: string;
  bit: number;
  label: string;
  explanation: string;
}

export const QUALITY_FLAGS: readonly QualityFlag[] = [
  { name: "gap", bit: 1, label: "Gap", explanation: "Samples were lost inside the window." },
  {
    name: "no_reference",
    bit: 2,
    label: "No mains",
    explanation: "No mains voltage to measure against, so power and power factor are zero.",
  },
  {
    name: "clipped",
    bit: 4,
    label: "Clipped",
    explanation: "A signal was larger than the converter can measure.",
  },
  {
    name: "partial",
    bit: 8,
    label: "Partial",
    explanation: "The window was shorter than asked for: the first or last of a run.",
  },
  {
    name: "phase_jump",
    bit: 16,
    label: "Phase jump",
    explanation: "The length of the mains cycle jumped inside the window.",
  },
  {
    name: "channel_swap",
    bit: 32,
    label: "Channel order",
    explanation: "The converter's channel tags came in the wrong order.",
  },
  {
    name: "merged",
    bit: 64,
    label: "Merged",
    explanation: "Several windows in one, because storage was slow.",
  },
  {
    name: "drift",
    bit: 128,
    label: "Drift",
    explanation: "The converter's rate or zero has moved away from what it was.",
  },
  {
    name: "flagged",
    bit: 256,
    label: "Disturbed",
    explanation: "A dip, swell or interruption of the supply touched this window.",
  },
  {
    name: "creep",
    bit: 512,
    label: "Not counted",
    explanation: "So little that it is taken for noise: shown here, but kept out of the registers.",
  },
  {
    name: "stale_rate",
    bit: 1024,
    label: "Rate unsure",
    explanation:
      "The meter's clock was lost, so energy went to the tariff rate that was in force before.",
  },
];

/** The flag of that name; one that this page does not know yet is shown as it is. */
export function qualityFlag(name: string): QualityFlag {
  const known = QUALITY_FLAGS.find((flag) => flag.name === name);
  return known ?? { name, bit: 0, label: name.replaceAll("_", " "), explanation: name };
}

export function flagsOfMask(mask: number | null | undefined): QualityFlag[] {
  return QUALITY_FLAGS.filter((flag) => ((mask ?? 0) & flag.bit) !== 0);
}
