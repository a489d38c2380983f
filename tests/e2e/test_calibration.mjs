// SPDX-License-Identifier: MIT

// A person calibrates a meter whose sensors are wrong, and finds one that is turned round: `ohm`, server, broker
// and meter as they are, and codes made with errors that are known.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, until } from './processes.mjs';

const rate = 10000;
const truth = { voltage: 230, heater: 10, kettle: 8 };
// Volts a code as the settings say, as they are; amperes likewise; what a transformer does.
const scale = { voltsClaimed: 0.2, volts: 0.2037, amperes: 0.03, response: 1.04, leadDegrees: 2.8 };
let installation;
let environment;
let device;
let api;

// Harmonics of the mains: order, share of the fundamental, angle.
const harmonics = [[1, 1, 0], [3, 0.03, 1], [5, 0.023, 2], [7, 0.011, 3], [11, 0.007, 4], [13, 0.006, 5]];
const shape = (angle, lead) => harmonics.reduce((sum, [order, share, turn]) =>
  sum + share * Math.sin(order * angle + turn + lead(order)), 0) / Math.hypot(...harmonics.map(([, share]) => share));

// A second of distorted mains: voltage, a heater's current through a transformer, a kettle's through one turned round.
function makeCodes() {
  const codes = new Int16Array(3 * rate);
  const radians = (scale.leadDegrees * Math.PI) / 180;
  for (let n = 0; n < rate; n++) {
    const angle = (2 * Math.PI * 50 * n) / rate;
    const noise = () => Math.random() + Math.random() - 1;
    const plain = shape(angle, () => 0) * Math.SQRT2;
    const leading = shape(angle, (order) => radians / order) * Math.SQRT2;
    codes[3 * n] = Math.round((truth.voltage * plain) / scale.volts + noise());
    codes[3 * n + 1] = Math.round(((truth.heater * leading) / scale.amperes) * scale.response + noise());
    codes[3 * n + 2] = Math.round((-truth.kettle * plain) / scale.amperes + noise());
  }
  return Buffer.from(codes.buffer);
}

function ohm(...args) {
  return new Promise((done, failed) => {
    const child = spawn(join(buildFolder, 'cli/ohm/ohm'), args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60000 });
    const answer = { stdout: '', stderr: '' };
    child.stdout.on('data', (part) => (answer.stdout += part));
    child.stderr.on('data', (part) => (answer.stderr += part));
    child.on('error', failed);
    child.on('close', (status) => done({ ...answer, status }));
  });
}

const latest = async () => (await api.get('/v1/devices/meter-1/telemetry/latest')).channels;

// The reading of a channel once it no longer is what it was.
async function settled(channel, isSettled) {
  let seen;
  await until('the reading has settled', async () => isSettled((seen = (await latest())[channel])));
  return seen;
}

before(async () => {
  installation = await (await Installation.create('calibration')).start();
  environment = {
    PATH: process.env.PATH,
    HOME: installation.path(),
    XDG_CONFIG_HOME: installation.path('config'),
    OHM_CA: join(installation.pki, 'ca.pem'),
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  writeFileSync(installation.path('codes.i16'), makeCodes());
  device = await installation.device('meter-1', {
    adc_source: 'recording', recording: installation.path('codes.i16'), recording_format: 'i16', recording_columns: 3,
    recording_inputs: '0,1,2', recording_loop: 'yes', rate_hz: rate,
    codes_per_volt: 1 / scale.voltsClaimed, codes_per_ampere: 1 / scale.amperes,
  });
  device.start();
  api = await installation.administrator();
  await until('a reading is stored', async () => (await api.call('GET', '/v1/devices/meter-1/telemetry/latest')).status === 200);
  const login = await ohm('login', '--password-file', installation.passwordFile);
  assert.equal(login.status, 0, login.stderr);
});

after(async () => {
  api?.close();
  await installation?.close();
});

test('a meter with wrong sensors is wrong', async () => {
  const heater = (await latest())[0];
  assert.ok(Math.abs(heater.voltage_v / truth.voltage - 1) > 0.01, `${heater.voltage_v} V`);
  assert.ok(Math.abs(heater.current_a / truth.heater - 1) > 0.03, `${heater.current_a} A`);
  assert.ok(heater.power_factor < 0.9995, `${heater.power_factor}`);
});

test('a heater and another meter make it right at once', async () => {
  const answer = await ohm('calibrate', 'meter-1', '--channel', '0', '--resistive', '--reference-volts', '230',
    '--reference-amps', '10', '--seconds', '5');
  assert.equal(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /found: 10\.000 A/);
  assert.match(answer.stdout, /lead 2\.[78]\d+ degrees/);
  assert.match(answer.stdout, /phase: \+-0\.0\d+ degrees at the measured frequency, \+-0\.\d+ at 45 Hz, \+-0\.\d+ at 65 Hz \(found from the harmonics of the mains\)/);
  assert.match(answer.stdout, /channel 0 of meter-1 is calibrated/);
  const heater = await settled(0, (channel) => Math.abs(channel.current_a / truth.heater - 1) < 0.002);
  console.log(`figure: after calibration ${heater.voltage_v} V, ${heater.current_a} A, ${heater.active_power_w} W, PF ${heater.power_factor}`);
  assert.ok(Math.abs(heater.voltage_v / truth.voltage - 1) < 0.0005, `${heater.voltage_v} V`);
  assert.ok(Math.abs(heater.current_a / truth.heater - 1) < 0.001, `${heater.current_a} A`);
  assert.ok(Math.abs(heater.active_power_w / (truth.voltage * truth.heater) - 1) < 0.001, `${heater.active_power_w} W`);
  assert.ok(heater.power_factor >= 0.9999, `${heater.power_factor}`);
});

test('the type of the sensor says how its phase goes on, where the harmonics tell less', async () => {
  const answer = await ohm('calibrate', 'meter-1', '--channel', '0', '--resistive', '--sensor', 'sct-013-000', '--seconds', '4', '--point');
  assert.equal(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /\+-0\.\d+ at 45 Hz, \+-0\.\d+ at 65 Hz \((by the table of the sensor's type|found from the harmonics of the mains)\)/);
  assert.equal((await ohm('calibrate', 'meter-1', '--channel', '0', '--cancel')).status, 0);
});

test('the calibration outlives the meter, and tells who made it', async () => {
  await device.end();
  device.start();
  await until('the meter is back', async () => (await api.get('/v1/devices/meter-1')).online === true);
  const answer = await ohm('calibrate', 'meter-1', '--channel', '0', '--show', '--json');
  assert.equal(answer.status, 0, answer.stderr);
  const detail = JSON.parse(answer.stdout);
  assert.ok(Math.abs(detail.in_force.current.gain * scale.response - 1) < 0.001);
  const { delay_us: delay, knots: [knot] } = detail.in_force.current;
  const late = (hertz) => 360e-6 * hertz * delay;
  assert.ok(Math.abs(knot.lead_50hz_deg + late(50) - scale.leadDegrees) < 0.02, JSON.stringify(detail.in_force.current));
  assert.ok(Math.abs(knot.lead_60hz_deg + late(60) - (scale.leadDegrees * 50) / 60) < 0.1);
  assert.ok(Math.abs(delay) < 3, `${delay} us`);
  assert.deepEqual(detail.history.map(({ input, who, method }) => [input, who, method]),
    [['current', 'admin', 'reference'], ['voltage', 'admin', 'reference']]);
});

test('a sensor that is turned round is found', async () => {
  const answer = await ohm('wiring', 'meter-1', '--channel', '1', '--load-watts', '1840', '--resistive', '--seconds', '20');
  assert.equal(answer.status, 1);
  assert.match(answer.stdout, /^reversed: Turn the current sensor round\./, answer.stderr);
  const unsure = await ohm('wiring', 'meter-1', '--channel', '1', '--load-watts', '1840', '--resistive', '--may-export', '--seconds', '20');
  assert.equal(unsure.status, 1);
  assert.match(unsure.stdout, /^undecided, may_export:/);
});

test('what cannot be is refused with a reason', async () => {
  const reversed = await ohm('calibrate', 'meter-1', '--channel', '1', '--resistive', '--seconds', '4');
  assert.equal(reversed.status, 1);
  assert.match(reversed.stderr, /not calibrated \(reversed\): Turn the current sensor round/);
  const absent = await ohm('calibrate', 'meter-1', '--channel', '5', '--resistive', '--seconds', '4');
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /not measured/);
  const strange = await ohm('calibrate', 'meter-1', '--channel', '0', '--resistive', '--sensor', 'sct-013-999');
  assert.equal(strange.status, 1);
  assert.match(strange.stderr, /sensor must be left out or one of: sct-013-000/);
  assert.equal((await ohm('calibrate', 'meter-1', '--channel', '0', '--sensor', 'SCT "013"')).status, 2);
  assert.equal((await ohm('calibrate', 'meter-1')).status, 2);
  assert.equal((await ohm('wiring', 'meter-1', '--channel', '1')).status, 2);
});
