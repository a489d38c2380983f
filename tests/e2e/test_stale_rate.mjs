// SPDX-License-Identifier: MIT

// A meter with a tariff loses its clock: it goes on at the rate that was in force, and every reading says so, from the
// meter through the database to whoever asks.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { until } from './processes.mjs';

const STALE_RATE = 1 << 10;
let installation;
let device;
let api;

// The first reading of the boot after `bootId`, and not the first of that boot.
async function readingAfter(bootId) {
  let reading;
  await until('a reading of the new boot is stored', async () => {
    const answer = await api.call('GET', '/v1/devices/meter-1/telemetry/latest');
    reading = answer.body;
    return answer.status === 200 && reading.boot_id > bootId && reading.uptime_ms > 2500;
  });
  return reading;
}

before(async () => {
  installation = await (await Installation.create('stale_rate')).start();
  device = await installation.device('meter-1', { tariff: '3 00:00-24:00' });
  device.start();
  api = await installation.administrator();
});

after(async () => {
  api?.close();
  await installation?.close();
});

test('a meter whose clock is lost stays at its rate, and says so until the database and the chart', async () => {
  const known = await readingAfter(0);
  assert.equal(known.rate, 3);
  assert.ok(!known.quality.includes('stale_rate'), `${known.quality}`);

  await device.end();
  appendFileSync(device.config, 'host_time = no\n');
  device.start();
  const lost = await readingAfter(known.boot_id);
  assert.equal(lost.rate, 3);
  assert.ok(lost.quality.includes('stale_rate'), `${lost.quality}`);
  assert.ok(lost.total.rates[3].import_mj >= known.total.rates[3].import_mj);
  assert.equal(lost.total.rates[0].import_mj, 0);

  await until('the server has told the meter the time', async () =>
    (await api.get('/v1/devices/meter-1/telemetry/latest')).time_source === 'server');
  const series = await api.get(`/v1/devices/meter-1/telemetry?start_ms=${Date.now() - 120000}&end_ms=${Date.now() + 1000}`);
  assert.ok(series.quality.some((mask) => mask !== null && (mask & STALE_RATE) !== 0), JSON.stringify(series.quality));
  assert.ok(series.quality.some((mask) => mask !== null && (mask & STALE_RATE) === 0), JSON.stringify(series.quality));

  await device.end();
  appendFileSync(device.config, 'host_time = yes\n');
  device.start();
  const found = await readingAfter(lost.boot_id);
  assert.ok(!found.quality.includes('stale_rate'), `${found.quality}`);
});

test('without a tariff there is nothing to be unsure of', async () => {
  const before = await api.get('/v1/devices/meter-1/telemetry/latest');
  await device.end();
  appendFileSync(device.config, 'host_time = no\ntariff =\n');
  device.start();
  const plain = await readingAfter(before.boot_id);
  assert.equal(plain.rate, 0);
  assert.ok(!plain.quality.includes('stale_rate'), `${plain.quality}`);
});
