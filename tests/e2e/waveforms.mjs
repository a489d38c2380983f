// SPDX-License-Identifier: MIT

// The recordings of real mains with their reference values and the tolerances of the data's own README.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repository } from './processes.mjs';

export const dataFolder = resolve(repository, process.env.TEST_DATA_DIR ?? '../shared/data');

// Parts of one for current, power and apparent power; appliances that vary within a recording depend on
// which of its cycles are taken.
const widerTolerance = {
  refrigerator: { power: 0.001, powerFactor: 0.0005 },
  washing_machine: { power: 0.002, powerFactor: 0.0005 },
  desktop_pc: { power: 0.005, powerFactor: 0.003 },
  induction_cooker: { power: 0.007, powerFactor: 0.003 },
  laptop: { power: 0.01, powerFactor: 0.003 },
};

function appliances() {
  const folder = join(dataFolder, 'waveforms');
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
  return expected.recordings.map((recording) => ({
    name: recording.name,
    damaged: recording.glitch,
    expected: recording,
    tolerance: {
      frequency: 0.001, voltage: 0.0001, power: 0.0005, powerFactor: 0.0005, ...widerTolerance[recording.appliance],
    },
    source: {
      recording: join(folder, 'raw', `${recording.name}.i16`), recording_format: 'i16', recording_columns: 2,
      recording_inputs: '1,0', rate_hz: expected.fs_hz,
      codes_per_volt: expected.scale_counts_per_volt, codes_per_ampere: expected.scale_counts_per_amp,
    },
  }));
}

// Three cycles of an 8-bit oscilloscope, in steps of 2 V: single cycles differ by more than the tolerances
// that 150 cycles are held to.
function rectifiers() {
  const folder = join(dataFolder, 'rectifier60hz');
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')).map((recording) => ({
    name: recording.name,
    damaged: false,
    expected: recording,
    tolerance: { frequency: 0.01, voltage: 0.0005, power: 0.002, powerFactor: 0.001 },
    source: {
      recording: join(folder, `${recording.name}.csv`), recording_format: 'csv', recording_inputs: '1,2',
      recording_units: 'yes', rate_hz: recording.fs_hz, codes_per_volt: 100, codes_per_ampere: 1000,
    },
  }));
}

// The recordings, or null where there is no test data.
export function waveforms() {
  return existsSync(join(dataFolder, 'waveforms', 'expected.json')) ? [...appliances(), ...rectifiers()] : null;
}

// Holds a series of one bucket against the reference; answers the errors and whether all are within bounds.
export function compare({ expected, tolerance }, got) {
  const error = {
    frequency: got.frequency - expected.freq_hz,
    voltage: got.voltage / expected.v_rms - 1,
    current: got.current / expected.i_rms - 1,
    active: (got.active - expected.p) / expected.s,
    apparent: got.apparent / expected.s - 1,
    powerFactor: got.powerFactor - expected.pf,
  };
  const agrees =
    Math.abs(error.frequency) <= tolerance.frequency && Math.abs(error.voltage) <= tolerance.voltage &&
    Math.abs(error.current) <= tolerance.power && Math.abs(error.active) <= tolerance.power &&
    Math.abs(error.apparent) <= tolerance.power + tolerance.voltage &&
    Math.abs(error.powerFactor) <= tolerance.powerFactor;
  return { error, agrees };
}

export function row(name, got, { error, agrees }) {
  const signed = (value, digits) => (value < 0 ? '' : '+') + value.toFixed(digits);
  return (
    `${name.padEnd(20)} f ${got.frequency.toFixed(4)} Hz (${signed(error.frequency * 1e3, 2)} mHz)  ` +
    `V ${got.voltage.toFixed(3)} (${signed(error.voltage * 100, 4)} %)  I ${got.current.toFixed(4)} (${signed(error.current * 100, 3)} %)  ` +
    `P ${got.active.toFixed(2)} (${signed(error.active * 100, 3)} %)  S ${got.apparent.toFixed(2)} (${signed(error.apparent * 100, 3)} %)  ` +
    `PF ${got.powerFactor.toFixed(4)} (${signed(error.powerFactor, 5)})  ${agrees ? 'agrees' : 'DIFFERS'}`
  );
}
