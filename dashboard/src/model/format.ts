// SPDX-License-Identifier: MIT
// Numbers and times as people read them. The digits shown are those that a meter of this class
// can answer for; the unit is apart, so that tables and tiles can align the figures.

export interface Quantity {
  value: string;
  unit: string;
}

export const NO_VALUE = "–";

const formatters = new Map<string, Intl.NumberFormat>();

/** `number` with exactly `digits` decimals, a true minus sign, and never "−0". */
export function fixed(number: number | null | undefined, digits: number): string {
  if (number === null || number === undefined || !Number.isFinite(number)) return NO_VALUE;
  const key = String(digits);
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat(undefined, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      signDisplay: "negative", // drops the sign of what rounds to zero
    });
    formatters.set(key, formatter);
  }
  return formatter.format(number).replace("-", "−");
}

/** Picks unit and decimals by magnitude: 3.4 W, 843 W, 1.84 kW, 22.1 kW. */
export function scaled(number: number | null | undefined, unit: string): Quantity {
  if (number === null || number === undefined || !Number.isFinite(number)) {
    return { value: NO_VALUE, unit };
  }
  const size = Math.abs(number);
  if (size < 99.95) return { value: fixed(number, 1), unit };
  if (size < 999.5) return { value: fixed(number, 0), unit };
  const digits = size < 9995 ? 2 : size < 99_950 ? 1 : 0;
  return { value: fixed(number / 1000, digits), unit: `k${unit}` };
}

export function power(watts: number | null | undefined): Quantity {
  return scaled(watts, "W");
}

/** A share as a percentage, with more digits where it is small. */
export function percent(share: number | null | undefined): Quantity {
  if (share === null || share === undefined || !Number.isFinite(share)) {
    return { value: NO_VALUE, unit: "%" };
  }
  const size = Math.abs(share);
  return { value: fixed(share * 100, size < 0.0995 ? 2 : size < 0.995 ? 1 : 0), unit: "%" };
}

/** A length of time: 64 ms, 1.28 s, 4 min 5 s, 2 h 10 min. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${fixed(ms, ms < 99.5 ? 1 : 0)}\u00a0ms`;
  const seconds = ms / 1000;
  if (seconds < 59.995) return `${fixed(seconds, seconds < 9.995 ? 2 : 1)}\u00a0s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}\u00a0min ${whole % 60}\u00a0s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}\u00a0h ${minutes % 60}\u00a0min`;
}

const MILLIJOULE_PER_WH = 3.6e6;

/** An energy in millijoule: Wh below one kilowatt-hour, kWh and MWh above. */
export function energy(millijoule: number | null | undefined): Quantity {
  if (millijoule === null || millijoule === undefined || !Number.isFinite(millijoule)) {
    return { value: NO_VALUE, unit: "kWh" };
  }
  if (millijoule === 0) return { value: fixed(0, 2), unit: "kWh" };
  const wh = millijoule / MILLIJOULE_PER_WH;
  if (Math.abs(wh) < 999.5) return { value: fixed(wh, Math.abs(wh) < 9.995 ? 2 : 0), unit: "Wh" };
  if (Math.abs(wh) < 9.995e6) {
    return { value: fixed(wh / 1000, Math.abs(wh) < 99_950 ? 2 : 1), unit: "kWh" };
  }
  return { value: fixed(wh / 1e6, 2), unit: "MWh" };
}

export function kilowattHours(millijoule: number): number {
  return millijoule / MILLIJOULE_PER_WH / 1000;
}

/** A reactive energy in millivar-seconds, told in kvarh. */
export function reactiveEnergy(millivarSeconds: number | null | undefined): Quantity {
  const unit = "kvarh";
  if (millivarSeconds === null || millivarSeconds === undefined) return { value: NO_VALUE, unit };
  return { value: fixed(millivarSeconds / MILLIJOULE_PER_WH / 1000, 3), unit };
}

/** What a person typed as kilowatt-hours, in whole millijoule; null when it is no such number. */
export function millijouleOfText(typed: string): number | null {
  const plain = typed.trim().replace(",", ".");
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(plain)) return null;
  const millijoule = Math.round(Number(plain) * 1000 * MILLIJOULE_PER_WH);
  return Number.isSafeInteger(millijoule) ? millijoule : null;
}

export function text(quantity: Quantity): string {
  return `${quantity.value}\u00a0${quantity.unit}`;
}

/** How long ago something was, coarse and short: "just now", "4 s ago", "12 min ago". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dateTimeShort = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const clockSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const clockMinutes = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export function moment(ms: number): string {
  return dateTime.format(ms);
}

export function momentShort(ms: number): string {
  return dateTimeShort.format(ms);
}

/** Labels of an axis of power: one unit for all, and no more decimals than the steps need. */
export function powerLabels(ticks: number[], unit = "W"): string[] {
  const size = Math.max(0, ...ticks.map(Math.abs));
  const scale = size >= 1000 ? 1000 : 1;
  const labels = axisNumbers(ticks.map((tick) => tick / scale));
  return labels.map((label) => `${label}\u00a0${scale === 1 ? "" : "k"}${unit}`);
}

/** Labels of evenly stepped numbers, all with the decimals that the step needs. */
export function axisNumbers(ticks: number[]): string[] {
  const [first = 0, second = first + 1] = ticks;
  const step = Math.abs(second - first);
  const digits = Math.min(4, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const exact = Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6;
  return ticks.map((tick) => fixed(tick, exact ? digits : digits + 1));
}

/** Labels of a time axis whose ticks are `stepS` seconds apart; midnights carry the date. */
export function axisLabels(ticksS: number[], stepS: number): string[] {
  return ticksS.map((tick) => {
    const date = new Date(tick * 1000);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
    if (stepS >= 86_400 || midnight) return dayMonth.format(date);
    return stepS < 60 ? clockSeconds.format(date) : clockMinutes.format(date);
  });
}
