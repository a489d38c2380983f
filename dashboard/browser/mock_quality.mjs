// SPDX-License-Identifier: MIT
// Power quality for the mock server: spectra, events with waveforms, ten-minute intervals, and the
// terms of IEEE 1459, all as functions of time.

import { channelAt, frequencyHz } from "./mock_household.mjs";

const ORDERS = 50;
const TEN_MINUTES_MS = 600_000;
const DECLARED_V = 230;

/** Share of order `h` in the current of a channel: a resistor, a motor, electronics... */
function currentShare(channel, h) {
  if (h === 1) return 1;
  const odd = h % 2 === 1;
  const strength = [0.012, 0.08, 0.78, 0.05, 0.32, 0.22, 0.03, 0.4][channel];
  const fall = [1.4, 1.9, 0.55, 1.2, 1.1, 0.9, 1.4, 1][channel];
  const size = strength / Math.pow((h - 1) / 2, fall);
  return (odd ? size : size / 14) * (0.8 + 0.2 * Math.sin(h * 2.3 + channel));
}

function voltageShare(h) {
  if (h === 1) return 1;
  const known = { 3: 0.006, 5: 0.021, 7: 0.014, 9: 0.003, 11: 0.007, 13: 0.004 };
  return known[h] ?? (h % 2 === 1 ? 0.0012 : 0.0002) * (1 + 0.4 * Math.sin(h));
}

function distortionOf(harmonics) {
  return Math.sqrt(harmonics.slice(1, 40).reduce((sum, share) => sum + share ** 2, 0));
}

export function spectraAt(device, t) {
  const spectra = [];
  for (let channel = 0; channel < 7; channel++) {
    const { voltage_v, current_a } = channelAt(device.seed, channel, t);
    for (const signal of ["voltage", "current"]) {
      const harmonics = Array.from({ length: ORDERS }, (_, n) =>
        signal === "voltage" ? voltageShare(n + 1) : currentShare(channel, n + 1),
      );
      const thd = distortionOf(harmonics);
      const rms = signal === "voltage" ? voltage_v : current_a;
      spectra.push({
        device_id: device.id,
        channel,
        signal,
        time_ms: Math.floor(t / 60) * 60_000,
        span_ms: 59_960,
        windows: 33,
        frequency_hz: frequencyHz(t),
        fundamental: rms / Math.hypot(1, thd),
        thd,
        harmonics,
        quality: [],
      });
    }
  }
  return spectra;
}

/** What a reading's channel says besides the quantities of mock_household.mjs. */
export function termsOf(channel, values) {
  const thdV = distortionOf(Array.from({ length: ORDERS }, (_, n) => voltageShare(n + 1)));
  const thdI = distortionOf(Array.from({ length: ORDERS }, (_, n) => currentShare(channel, n + 1)));
  const v1 = values.voltage_v / Math.hypot(1, thdV);
  const i1 = values.current_a / Math.hypot(1, thdI);
  const s1 = v1 * i1;
  const p1 = Math.max(-s1, Math.min(s1, values.active_power_w));
  const q1 = Math.sqrt(Math.max(0, s1 ** 2 - p1 ** 2));
  const reactive = values.reactive_power_var < 0 ? -q1 : q1;
  const [di, dv, sh] = [s1 * thdI, s1 * thdV, s1 * thdI * thdV];
  return {
    reactive_power_var: reactive,
    fundamental_voltage_v: v1,
    fundamental_current_a: i1,
    fundamental_power_w: p1,
    fundamental_apparent_power_va: s1,
    non_active_power_va: Math.sqrt(
      Math.max(0, values.apparent_power_va ** 2 - values.active_power_w ** 2),
    ),
    non_fundamental_apparent_va: Math.hypot(di, dv, sh),
    current_distortion_va: di,
    voltage_distortion_va: dv,
    harmonic_apparent_va: sh,
    displacement_power_factor: s1 > 0 ? p1 / s1 : null,
    voltage_thd: thdV,
    current_thd: i1 > 0 ? thdI : null,
    reactive_mvars: [4_000_000, 0, 0, 1_000_000],
  };
}

const SCRIPT = [
  { ago: 95, kind: "dip", duration: 86.4, depth: 0.62, waveform: true },
  { ago: 4_200, kind: "swell", duration: 212, depth: 1.14, waveform: true },
  { ago: 40_000, kind: "dip", duration: 1_420, depth: 0.84, waveform: true },
  { ago: 130_000, kind: "interruption", duration: 754_300, depth: 0.004, waveform: true },
  { ago: 131_000, kind: "dip", duration: 30, depth: 0.88, waveform: false },
];

export function eventsOf(device, startMs, endMs, bornMs) {
  if (device.id !== "meter-1") return [];
  return SCRIPT.map(({ ago, kind, duration, depth, waveform }, n) => ({
    device_id: device.id,
    event_id: `7-${SCRIPT.length - n}`,
    kind,
    channel: 0,
    start_ms: bornMs - ago * 1000 + 0.125,
    duration_ms: duration,
    extreme_v: DECLARED_V * depth,
    declared_v: DECLARED_V,
    quality: n === 1 ? ["phase_jump"] : [],
    has_waveform: waveform,
  })).filter(({ start_ms }) => start_ms >= startMs && start_ms < endMs);
}

/** Two cycles before the event and eight after its start, 2.56 kHz. */
export function waveformOf(event) {
  const interval_us = 390.625;
  const start_ms = -40;
  const depth = event.extreme_v / event.declared_v;
  const sample = (n, peak, lag) => {
    const ms = start_ms + (n * interval_us) / 1000;
    const inside = ms >= 0 && ms < event.duration_ms;
    const phase = 2 * Math.PI * 0.05 * ms - lag;
    const shape = Math.sin(phase) + 0.02 * Math.sin(5 * phase);
    return peak * shape * (inside ? depth : 1);
  };
  const signal = (channel, kind, unit, peak, lag) => ({
    channel,
    signal: kind,
    unit,
    start_ms,
    interval_us,
    values: Array.from({ length: 512 }, (_, n) => sample(n, peak, lag)),
  });
  return [
    signal(0, "voltage", "V", DECLARED_V * Math.SQRT2, 0),
    signal(0, "current", "A", 12.2, 0.04),
    signal(4, "current", "A", 5.1, 0.6),
  ];
}

export function intervalsOf(device, kind, startMs, endMs) {
  const intervals = [];
  const lengthMs = kind === "quality_2h" ? 12 * TEN_MINUTES_MS : TEN_MINUTES_MS;
  const first = Math.ceil(startMs / lengthMs) * lengthMs;
  const last = Math.min(endMs, device.lastS === null ? endMs : device.lastS * 1000);
  for (let at = first; at + lengthMs <= last; at += lengthMs) {
    const disturbed = device.id === "meter-1" && (at / lengthMs) % 61 === 7;
    intervals.push({
      kind,
      start_ms: at,
      end_ms: at + lengthMs,
      measured_ms: lengthMs,
      rate: 0,
      frequency_hz: frequencyHz(at / 1000),
      frequency_low_hz: frequencyHz(at / 1000) - 0.02,
      frequency_high_hz: frequencyHz(at / 1000) + 0.02,
      flags: disturbed ? ["flagged"] : [],
      quality: [],
      demand_w: kind === "demand" ? 900 + 700 * Math.sin(at / 7e6) : null,
      maximum_demand_w: kind === "demand" ? 4120.5 : null,
      maximum_demand_ms: kind === "demand" ? endMs - 8 * 86_400_000 : null,
      channels: Array.from({ length: 7 }, (_, channel) => {
        const { voltage_v } = channelAt(device.seed, channel, at / 1000);
        return {
          channel,
          voltage_v,
          voltage_low_v: disturbed ? 142 : voltage_v - 2.4,
          voltage_high_v: voltage_v + 1.9,
        };
      }),
    });
  }
  return intervals;
}
