// SPDX-License-Identifier: MIT

// A person straightens a converter of 12 codes of nonlinearity and 4 of noise by the mains and a heater, and begins a
// new maximum demand: `ohm`, server, broker and meter as they are, and codes made with errors that are known.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, until } from './processes.mjs';

const rate = 10000;
// 1001 cycles in 20 s: no code comes at the same phase twice before the recording begins anew.
const seconds = 20;
const cycles = 1001;
const voltsPerCode = 0.2 / 16;
const amperesPerCode = 0.03 / 16;
// Peak codes of a 12-bit converter: the voltage, a heater whose wire goes through three sensors four, two times and once,
// and a load of 5 % of what the sensors are rated for.
const peaks = [1600, 1500, 750, 375, 62.5];
const harmonics = [[1, 1, 0.3], [3, 0.02, 1.9], [5, 0.03, 1.0]];
let installation;
let environment;
let device;
let api;

// A bow and seven waves, up to 12 codes of 4096.
const bent = (code) => code + 6 * Math.sin((Math.PI * code) / 4095) + 6 * Math.sin((14 * Math.PI * code) / 4095 + 0.4);

// Recordings have 16 bits: sixteen of their codes are one of the converter.
function makeCodes() {
  const codes = new Int16Array(peaks.length * rate * seconds);
  for (let n = 0; n < rate * seconds; n++) {
    const angle = (2 * Math.PI * cycles * n) / (rate * seconds);
    const wave = harmonics.reduce((sum, [order, share, lead]) => sum + share * Math.sin(order * angle + lead), 0);
    peaks.forEach((peak, input) => {
      const noise = 4 * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
      codes[peaks.length * n + input] = Math.round(16 * (Math.round(bent(2048 + peak * wave + noise)) - 2048));
    });
  }
  return Buffer.from(codes.buffer);
}

const square = harmonics.reduce((sum, [, share]) => sum + (share * share) / 2, 0);
const truth = (channel) => square * peaks[0] * 16 * voltsPerCode * peaks[1 + channel] * 16 * amperesPerCode;

function ohm(...args) {
  return new Promise((done, failed) => {
    const child = spawn(join(buildFolder, 'cli/ohm/ohm'), args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: 90000 });
    const answer = { stdout: '', stderr: '' };
    child.stdout.on('data', (part) => (answer.stdout += part));
    child.stderr.on('data', (part) => (answer.stderr += part));
    child.on('error', failed);
    child.on('close', (status) => done({ ...answer, status }));
  });
}

// Mean errors of P over some readings from now on, in per cent of each channel's truth.
async function errors(count = 8) {
  const sums = [0, 0, 0, 0];
  let last = (await api.get('/v1/devices/meter-1/telemetry/latest')).seq;
  for (let taken = 0; taken < count;) {
    const reading = await api.get('/v1/devices/meter-1/telemetry/latest');
    if (reading.seq > last + 1 || (taken > 0 && reading.seq > last)) {
      last = reading.seq;
      taken++;
      sums.forEach((_, n) => (sums[n] += 100 * (reading.channels[n].active_power_w / truth(n) - 1)));
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  return sums.map((sum) => sum / count);
}

const show = (list) => list.map((error) => `${error.toFixed(2)} %`).join(', ');

before(async () => {
  installation = await (await Installation.create('linearity')).start();
  environment = {
    PATH: process.env.PATH,
    HOME: installation.path(),
    XDG_CONFIG_HOME: installation.path('config'),
    OHM_CA: join(installation.pki, 'ca.pem'),
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  writeFileSync(installation.path('codes.i16'), makeCodes());
  device = await installation.device('meter-1', {
    adc_source: 'recording', recording: installation.path('codes.i16'), recording_format: 'i16', recording_columns: 5,
    recording_inputs: '0,1,2,3,4', recording_loop: 'yes', rate_hz: rate,
    codes_per_volt: 1 / voltsPerCode, codes_per_ampere: 1 / amperesPerCode,
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

test('a bent converter breaks the limits of class 0.5S', async () => {
  const before = await errors();
  console.log(`figure: P without a table, at 120, 60, 30 and 5 % of the rated current: ${show(before)}`);
  assert.ok(before.some((error) => Math.abs(error) > 0.5), show(before));
});

test('the voltage alone makes no table', async () => {
  const answer = await ohm('linearity', 'meter-1', '--voltage', '--seconds', '11');
  assert.equal(answer.status, 1);
  assert.match(answer.stderr, /no table yet \(one_swing\): Add a heater/);
  assert.equal((await ohm('linearity', 'meter-1', '--apply')).status, 1);
  assert.equal((await ohm('linearity', 'meter-1', '--cancel')).status, 0);
});

test('the voltage and a heater through three sensors straighten it, within the limits of class 0.5S', async () => {
  const answer = await ohm('linearity', 'meter-1', '--voltage', '--channels', '0,1,2', '--seconds', '20');
  assert.equal(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /current of channel 2: found, codes -?\d+ to \d+/);
  console.log(`figure: ${answer.stdout.trim().split('\n').at(-1)}, of 65536`);
  const applied = await ohm('linearity', 'meter-1', '--apply');
  assert.equal(applied.status, 0, applied.stderr);
  const straight = await errors();
  console.log(`figure: P with the table: ${show(straight)}`);
  assert.ok(straight.every((error) => Math.abs(error) < 0.5), show(straight));
});

test('the table outlives the meter, tells who made it, and can be cleared', async () => {
  await device.end();
  device.start();
  await until('the meter is back', async () => (await api.get('/v1/devices/meter-1')).online === true);
  const kept = JSON.parse((await ohm('linearity', 'meter-1', '--show', '--json')).stdout);
  assert.equal(kept.in_force, true);
  assert.equal(kept.last_change.who, 'admin');
  assert.equal(kept.last_change.swings, 4);
  assert.ok(Math.abs(kept.last_change.utc_s - Date.now() / 1000) < 600);
  assert.match((await ohm('linearity', 'meter-1', '--show')).stdout, /straightened by admin from 4 swings: largest correction/);
  const straight = await errors();
  assert.ok(straight.every((error) => Math.abs(error) < 0.5), show(straight));
  assert.equal((await ohm('linearity', 'meter-1', '--clear')).status, 0);
  const bentAgain = await errors();
  assert.ok(bentAgain.some((error) => Math.abs(error) > 0.5), show(bentAgain));
  const cleared = JSON.parse((await ohm('linearity', 'meter-1', '--show', '--json')).stdout);
  assert.equal(cleared.in_force, false);
  assert.equal(cleared.last_change.number, kept.last_change.number + 1);
});

test('a new maximum demand is begun, and who began it is kept', async () => {
  const before = JSON.parse((await ohm('demand', 'meter-1', '--json')).stdout);
  assert.deepEqual([before.resets, before.reset_ms, before.reset_by], [0, null, '']);
  const answer = await ohm('demand', 'meter-1', '--reset');
  assert.equal(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /reset 1 times, last by admin: 20\d\d-/);
  await device.end();
  device.start();
  await until('the meter is back', async () => (await api.get('/v1/devices/meter-1')).online === true);
  const kept = (await api.get('/v1/devices/meter-1/demand')).detail;
  assert.deepEqual([kept.resets, kept.reset_by, kept.maximum_demand_w], [1, 'admin', 0]);
  assert.ok(Math.abs(kept.reset_ms - Date.now()) < 600000);
});

test('calibration and linearity wait for each other, and say what for', async () => {
  const path = '/v1/devices/meter-1';
  assert.equal((await api.call('POST', `${path}/linearity`, { voltage: true, channels: 1, seconds: 60 })).status, 200);
  const calibrate = ['calibrate', 'meter-1', '--channel', '0', '--resistive', '--seconds', '3', '--point'];
  const second = await ohm(...calibrate);
  assert.equal(second.status, 1);
  assert.match(second.stderr, /codes are being counted for linearity: wait or cancel that/);
  const wiring = await api.call('POST', `${path}/wiring-check`, { channel: 0, load_mw: 1000000, seconds: 3 });
  assert.deepEqual([wiring.status, wiring.body.error], [409, 'calibration_busy']);
  assert.equal((await ohm('linearity', 'meter-1', '--cancel')).status, 0);
  await until('the converter is let go', async () => (await api.get(`${path}/linearity`)).detail.activity === 'idle');
  assert.equal((await ohm(...calibrate)).status, 0);
  const refused = await api.call('POST', `${path}/linearity`, { voltage: true, channels: 1, seconds: 3 });
  assert.deepEqual([refused.status, refused.body.error], [409, 'linearity_busy']);
  assert.match(refused.body.message, /a calibration has points: apply or cancel them first/);
  assert.equal((await ohm('calibrate', 'meter-1', '--channel', '0', '--cancel')).status, 0);
  assert.equal((await ohm('linearity', 'meter-1', '--clear')).status, 0);
});

test('what cannot be is refused with a reason', async () => {
  assert.equal((await ohm('linearity', 'meter-1')).status, 2);
  assert.equal((await ohm('linearity', 'meter-1', '--channels', '0,9')).status, 2);
  const absent = await ohm('linearity', 'meter-1', '--channels', '6');
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /not measured/);
});
