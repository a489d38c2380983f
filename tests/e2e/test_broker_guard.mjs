// SPDX-License-Identifier: MIT

// The broker's guard with the real ohmd: who is on the list speaks, who is taken off it is cut off, and a list lasts while ohmd is down.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { until } from './processes.mjs';

let installation;
let meter;
let stolen;
let api;

const online = async (id) => (await api.get(`/v1/devices/${id}`)).online;
const brokerLog = () => readFileSync(installation.path('broker.log'), 'utf8');
const ohmdLog = () => readFileSync(installation.path('ohmd.log'), 'utf8');
const count = (text, pattern) => text.split(pattern).length - 1;

before(async () => {
  installation = await Installation.create('guard', { guard: true });
  meter = await installation.device('meter-1', { adc_source: 'synthesizer' });
  const loot = installation.path('loot');
  stolen = await installation.device('meter-2', { adc_source: 'synthesizer', cert: join(loot, 'cert.pem'), key: join(loot, 'key.pem') });
  cpSync(join(installation.pki, 'devices/meter-2'), loot, { recursive: true });
  await installation.start();
  meter.start();
  stolen.start();
  api = await installation.administrator();
});

after(async () => {
  api?.close();
  await installation?.close();
});

test('meters that are on the list come on line', async () => {
  await until('both are', async () => (await online('meter-1')) && (await online('meter-2')));
  assert.match(brokerLog(), /ohm_guard: .*identities: 3 certificates/);
});

test('a meter that was taken off the list is cut off, and the other goes on', async () => {
  await installation.ohmd.end('SIGTERM');
  rmSync(join(installation.pki, 'devices/meter-2'), { recursive: true });
  const begin = performance.now();
  await installation.startOhmd();
  await until('its session is ended', () => /ohm_guard: ended the session of meter-2: unknown/.test(brokerLog()));
  const took = performance.now() - begin;
  console.log(`figure: start of ohmd to the end of the session: ${took.toFixed(0)} ms`);
  await until('ohmd tells', () => /broker: ended the session of meter-2: unknown/.test(ohmdLog()));
  await until('it is refused when it tries again', () => /broker: refused meter-2 from .*: unknown \(certificate [0-9a-f]{8}/.test(ohmdLog()));
  await until('meter-1 is on line', () => online('meter-1'));
  assert.equal(await online('meter-2'), false);
  assert.doesNotMatch(brokerLog(), /ended the session of meter-1/);
});

test('while ohmd is down the broker goes by the last list', async () => {
  await installation.ohmd.end('SIGKILL');
  const known = count(brokerLog(), / as meter-1 \(/);
  await meter.end();
  meter.start();
  await until('meter-1 is let in', () => count(brokerLog(), / as meter-1 \(/) > known);
  const refused = count(brokerLog(), 'refused meter-2');
  await until('meter-2 is not', () => count(brokerLog(), 'refused meter-2') > refused, { timeoutMs: 60000 });
  await installation.startOhmd();
  await until('meter-1 is on line', () => online('meter-1'));
});
