// SPDX-License-Identifier: MIT

// Many devices (100; 1000 with OHM_LONG=yes) are enrolled by the real ohmd, each with a key of its own, connect to the real broker
// with its guard, and stay. One is revoked, and the broker is started again; nobody else is ever cut off, and no reading is lost.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { EnrolledFleet, fleetProgram, forEach, manyFromOneAddress } from './enrolled_fleet.mjs';
import { Installation } from './installation.mjs';
import { residentMiB, sleep } from './processes.mjs';

const long = process.env.OHM_LONG === 'yes';
const devices = long ? 1000 : 100;
const staySeconds = long ? 60 : 4;
const patience = { timeoutMs: 180000 };

let installation;
let api;
let fleet;
let stolen;

const rate = (count, seconds) => `${(count / seconds).toFixed(0)} a second`;
const of = (kind) => ({ event }) => event === kind;

before(async () => {
  installation = await (await Installation.create('fleet_stays', { guard: true, authority: true, ohmd: manyFromOneAddress })).start();
  api = await installation.administrator();
});

after(async () => {
  api?.close();
  await installation?.close();
});

test(`${devices} devices enrol and come on line`, { timeout: 400000 }, async () => {
  fleet = await EnrolledFleet.start(installation, api, devices);
  const enrolled = await fleet.next('all are enrolled', of('enrolled'), patience);
  const confirmed = await fleet.next('all have confirmed', of('confirmed'), patience);
  const settled = await fleet.next('all are on line', of('settled'), patience);
  assert.deepEqual([settled.on_line, settled.refused], [devices, 0]);
  const { certificates } = await api.get('/v1/certificates');
  assert.equal(new Set(certificates.filter(({ state }) => state === 'active').map(({ device_id }) => device_id)).size, devices);
  console.log(`figure: ${devices} devices: ${rate(devices, enrolled.seconds)} enrolled, ${rate(devices, confirmed.seconds)} confirmed by their certificate, `
    + `${rate(devices, settled.seconds)} let in by the broker, all on line after ${settled.seconds.toFixed(1)} s`);
});

test(`they stay for ${staySeconds} s, and every reading is acknowledged`, { timeout: 120000 }, async () => {
  const first = await fleet.figures();
  await sleep(staySeconds * 1000);
  const last = await fleet.figures();
  assert.deepEqual([last.on_line, last.disconnects, last.refusals], [devices, 0, 0]);
  const grown = last.acknowledged - first.acknowledged;
  const wanted = devices * (last.at_s - first.at_s);
  assert.ok(grown > 0.5 * wanted, `${grown} readings were acknowledged, of ${wanted.toFixed(0)} that were made`);
  console.log(`figure: stayed ${staySeconds} s: ${last.disconnects} disconnects, ${grown} readings acknowledged, after ${last.ack_mean_ms} ms on average; `
    + `broker ${residentMiB(installation.broker.pid).toFixed(1)} MiB, ohmd ${residentMiB(installation.ohmd.pid).toFixed(1)} MiB resident`);
});

test('the one that is revoked is cut off within 5 s, and no other', { timeout: 60000 }, async () => {
  stolen = fleet.names[Math.floor(devices / 3)];
  const from = fleet.events.length;
  const begin = performance.now();
  const { status } = await api.call('POST', `/v1/devices/${stolen}/revocation`, { reason: 'stolen' });
  assert.equal(status, 200);
  const lost = await fleet.next('the session is ended', of('lost'), { from, timeoutMs: 5000 });
  const took = performance.now() - begin;
  assert.equal(lost.device, stolen);
  const settled = await fleet.next('it is refused when it tries again', of('settled'), { from });
  assert.deepEqual([settled.on_line, settled.refused], [devices - 1, 1]);
  assert.equal((await fleet.figures()).disconnects, 1);
  console.log(`figure: one of ${devices} revoked: cut off after ${took.toFixed(0)} ms, and no other`);
});

test('all others come back after the broker was started again, and not in step', { timeout: 200000 }, async () => {
  const from = fleet.events.length;
  await installation.broker.end('SIGKILL');
  await installation.startBroker();
  const settled = await fleet.next('all are back', (event) => event.event === 'settled' && event.on_line === devices - 1, { from, ...patience });
  const back = fleet.events.slice(from).filter(of('on_line')).map(({ at_s }) => at_s).sort((one, other) => one - other);
  assert.equal(back.length, devices - 1);
  const middle = back[Math.floor(back.length * 0.95)] - back[Math.floor(back.length * 0.05)];
  assert.ok(middle > 0.15, `nine tenths came back within ${middle} s`);
  const figures = await fleet.figures();
  assert.deepEqual([figures.on_line, figures.refused, figures.disconnects], [devices - 1, 1, devices]);
  console.log(`figure: broker killed and started again: all ${back.length} back ${settled.seconds.toFixed(1)} s after the first was lost, `
    + `nine tenths of them over ${middle.toFixed(1)} s`);
});

test('nothing was lost', { timeout: 200000 }, async () => {
  assert.equal(await fleet.end(), 0, fleet.errors);
  const last = fleet.events.at(-1);
  assert.deepEqual([last.event, last.waiting], ['end', 0]);
  let stored = 0;
  await forEach(devices, 8, async (number) => {
    const { journals } = await api.get(`/v1/devices/${fleet.names[number]}/deliveries`);
    assert.equal(journals.length, 1);
    assert.deepEqual(journals[0].gaps, []);
    assert.equal(journals[0].stored, journals[0].watermark);
    stored += journals[0].stored;
  });
  // The server may have some of the revoked device's that it could not tell it about any more.
  assert.ok(stored >= last.acknowledged && stored <= last.acknowledged + last.withheld, `${stored} stored, ${last.acknowledged} acknowledged`);
  console.log(`figure: ${last.made - last.withheld} readings measured, ${last.waiting} lost; ${last.withheld} of the revoked device not taken`);
});

test('too few files are told, with what to do', () => {
  const tokens = installation.path('fleet', 'hundred');
  writeFileSync(tokens, Array.from({ length: 100 }, (_, number) => `one-${number} token\n`).join(''));
  const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -n 64 && exec "$@"', 'bash', fleetProgram, '--ca', installation.ca,
    '--enrol', `https://localhost:${installation.devicesPort}`, '--tokens', tokens], { encoding: 'utf8', timeout: 20000 });
  assert.equal(status, 1);
  assert.match(stderr, /^100 devices need 164 open files, and this process may have 64: allow more with `ulimit -n 164`/);
});
