// SPDX-License-Identifier: MIT

// Right numbers on real mains: every recording goes in as codes at the front of a real device and comes back over
// REST at the end of the whole chain.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { dataFolder, compare, row, waveforms } from './waveforms.mjs';

const recordings = waveforms();
if (recordings === null && process.env.OHM_REQUIRE_DATA === '1') {
  throw new Error(`no test data in ${dataFolder}; set TEST_DATA_DIR`);
}
const skip = recordings === null ? `SKIPPED: no test data in ${dataFolder}` : false;
let installation;
let api;

before(async () => {
  if (skip) return;
  installation = await (await Installation.create('waveforms')).start();
  api = await installation.administrator();
});

after(async () => {
  api?.close();
  await installation?.close();
});

// Plays a recording once through a device of its own and asks REST for one bucket over all of it.
async function measure(id, source) {
  const begin = Date.now();
  const device = await installation.device(id, { adc_source: 'recording', ...source, paced: 'no', once: 'yes' });
  const { code } = await device.start().ended;
  assert.equal(code, 0, `${id} ended with ${code}:\n${device.output()}`);
  const latest = await api.get(`/v1/devices/${id}/telemetry/latest`);
  assert.equal(latest.device_id, id);
  const range = `start_ms=${begin - 60000}&end_ms=${Date.now() + 60000}&points=1000&channel=0`;
  return overAll(await api.get(`/v1/devices/${id}/telemetry?${range}`));
}

// One value for all buckets: rms of rms, means weighted by the measured time. A bucket that holds the last piece of a
// cycle alone has no frequency.
function overAll(series) {
  const weights = series.measured_us;
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (values, power = 1) =>
    values.reduce((sum, value, i) => sum + (weights[i] ? weights[i] * value ** power : 0), 0) / whole;
  const [voltage, current] = [Math.sqrt(mean(series.voltage_v, 2)), Math.sqrt(mean(series.current_a, 2))];
  const active = mean(series.active_power_w);
  const inCycles = weights.reduce((sum, weight, i) => sum + (series.frequency_hz[i] === null ? 0 : weight), 0);
  return {
    frequency: (mean(series.frequency_hz) * whole) / inCycles, voltage, current, active,
    apparent: voltage * current, powerFactor: active / (voltage * current),
    seconds: whole / 1e6, quality: series.quality.reduce((all, bits) => all | (bits ?? 0), 0),
  };
}

test('agrees with an independent method on every sound recording', { skip }, async () => {
  const sound = recordings.filter((recording) => !recording.damaged);
  let agreeing = 0;
  for (const recording of sound) {
    const got = await measure(recording.name, recording.source);
    const result = compare(recording, got);
    console.log('figure:', row(recording.name, got, result));
    agreeing += result.agrees ? 1 : 0;
  }
  assert.ok(sound.length >= 38, `${sound.length} recordings`);
  assert.equal(agreeing, sound.length);
});

test('flags the damaged recording', { skip }, async () => {
  const damaged = recordings.filter((recording) => recording.damaged);
  assert.equal(damaged.length, 1);
  const got = await measure(damaged[0].name, damaged[0].source);
  console.log(`figure: ${damaged[0].name.padEnd(20)} f ${got.frequency.toFixed(4)} Hz  V ${got.voltage.toFixed(3)}  ` +
    `I ${got.current.toFixed(4)}  P ${got.active.toFixed(2)}  damaged, quality 0x${got.quality.toString(16)}`);
  assert.notEqual(got.quality & ~8, 0, 'a quality flag besides "partial"');
});

test('finds a scale that is wrong by a thousandth', { skip }, async () => {
  const kettle = recordings.find((recording) => recording.name === 'kettle_01');
  const codes_per_volt = kettle.source.codes_per_volt * 1.001;
  const got = await measure('wrong_scale', { ...kettle.source, codes_per_volt });
  assert.equal(compare(kettle, got).agrees, false);
});
