// SPDX-License-Identifier: MIT
// A household's power as a pure function of time, for the mock server. Every range of history can
// be computed from it without storing anything, and live readings agree with the history.

const DAY_S = 86_400;
const VOLTAGE_V = 230;

/** A number in [0, 1) that depends on its arguments alone. */
function noise(seed, index) {
  let x = (Math.imul(index | 0, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0;
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** Noise that moves slowly: one value every `period` seconds, with straight lines between them. */
function drift(seed, t, period) {
  const at = t / period;
  const i = Math.floor(at);
  const f = at - i;
  return noise(seed, i) * (1 - f) + noise(seed, i + 1) * f;
}

// It is early afternoon when the program starts, so that the sun shines on every test.
const SHIFT_S = 13.2 * 3600 - (Math.floor(Date.now() / 1000) % DAY_S);

function hourOfDay(t) {
  return ((t + SHIFT_S + DAY_S) % DAY_S) / 3600;
}

function bump(hour, middle, width) {
  const distance = Math.min(Math.abs(hour - middle), 24 - Math.abs(hour - middle));
  return Math.exp(-((distance / width) ** 2));
}

/** Power of a channel at time `t` (Unix seconds), in watts; negative is exported. */
function activePowerW(seed, channel, t) {
  const hour = hourOfDay(t);
  const busy = bump(hour, 7.5, 1.5) + bump(hour, 12.5, 1.2) + bump(hour, 19, 2.5);
  switch (channel) {
    case 0: {
      const slot = Math.floor(t / 180);
      const boils = noise(seed, slot) < 0.04 + 0.25 * busy;
      return boils && t % 180 < 110 ? 1985 + 25 * drift(seed + 1, t, 3) : 0;
    }
    case 1:
      return (t + seed * 700) % 2700 < 1150 ? 88 + 6 * drift(seed + 2, t, 20) : 3.4;
    case 2:
      return 62 + 180 * Math.min(1, busy) * drift(seed + 3, t, 40) + 9 * drift(seed + 4, t, 2);
    case 3: {
      const sun = Math.max(0, Math.sin(((hour - 6.2) / 12.2) * Math.PI));
      const clouds = 0.35 + 0.65 * drift(seed + 5, t, 420) ** 0.6;
      return hour > 6.2 && hour < 18.4 ? -3850 * sun * clouds - 2 * drift(seed, t, 2) : 1.2;
    }
    case 4:
      return 420 + 900 * drift(seed + 6, t, 1500) + 40 * drift(seed + 7, t, 5);
    case 5:
      return 14 + 210 * bump(hour, 20.5, 2.6) * (0.7 + 0.3 * drift(seed + 8, t, 900));
    case 6: {
      const on = noise(seed + 9, Math.floor(t / 5400)) < 0.22;
      return on ? 240 + 1750 * (t % 5400 < 1400 ? 1 : 0) + 60 * drift(seed + 9, t, 6) : 0.9;
    }
    default:
      return 0;
  }
}

const POWER_FACTOR = [0.999, 0.71, 0.62, 0.992, 0.93, 0.96, 0.88, 0];

/** All quantities of a channel at time `t`; a relay that is off leaves only the standby. */
export function channelAt(seed, channel, t) {
  const voltage_v = VOLTAGE_V + 3.4 * (drift(90, t, 240) - 0.5) + 0.7 * (drift(91, t, 2) - 0.5);
  const active_power_w = activePowerW(seed, channel, t);
  const size = POWER_FACTOR[channel];
  const apparent_power_va = size === 0 ? 0 : Math.abs(active_power_w) / size;
  const reactive = Math.sqrt(Math.max(0, apparent_power_va ** 2 - active_power_w ** 2));
  return {
    voltage_v,
    active_power_w,
    apparent_power_va,
    current_a: apparent_power_va / voltage_v,
    reactive_power_var: channel === 2 ? -reactive : reactive,
    power_factor: Math.sign(active_power_w) * size,
  };
}

export function frequencyHz(t) {
  return 50 + 0.06 * (drift(92, t, 30) - 0.5) + 0.01 * (drift(93, t, 2) - 0.5);
}
