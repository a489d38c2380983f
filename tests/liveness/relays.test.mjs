// SPDX-License-Identifier: MIT

// Relay states outlive kill -9 of the real ohm-device: what was confirmed long enough ago to be stored comes back, and a
// kill at any moment brings back the states before or after the last order, never a third.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, until } from '../e2e/processes.mjs';
import { Installation } from './installation.mjs';
import { POWER, RELAY } from './pin_trace.mjs';

const DWELL_MS = 500;
const KILLS = 8;

let place;

before(async () => {
  place = await Installation.open();
  await ready();
});

after(() => place?.close());

const edgeAfter = (ms) => place.trace.update().find(({ signal, timeMs }) => signal >= RELAY && timeMs > ms);

// Every relay can be switched two dwell times after power: restored after the first, free to move after the second.
async function ready() {
  await until('the device listens', async () => (await place.control('status')).includes('mask='), { timeoutMs: 20000 });
  await sleep(2 * DWELL_MS + 300);
}

async function killAndStart() {
  await place.device.end('SIGKILL');
  const boots = place.trace.of(POWER).length;
  place.device.start();
  await until('the board has power', () => place.trace.of(POWER).length > boots, { timeoutMs: 20000 });
  const power = place.trace.of(POWER).at(-1);
  await ready();
  return { power, coils: place.trace.coils() };
}

// Every relay that has to move, one after the other.
async function bring(mask) {
  for (let relay = 0; relay < 8; relay += 1) {
    const closed = (mask & (1 << relay)) !== 0;
    if (((place.trace.coils() & (1 << relay)) !== 0) !== closed) await place.switchRelay(relay, closed);
  }
  assert.equal(place.trace.coils(), mask);
}

test('states that had a second to be stored come back after kill -9', async (t) => {
  for (let i = 0; i < KILLS; i += 1) {
    const mask = (0x35 + 0x4d * i) & 0xff;
    await bring(mask);
    await sleep(1000);
    const { power, coils } = await killAndStart();
    assert.equal(coils, mask, `kill ${i + 1}`);
    const first = edgeAfter(power.timeMs);
    assert.ok(first.timeMs - power.timeMs >= DWELL_MS - 20, 'relays closed before the first dwell time was over');
    t.diagnostic(`kill ${i + 1}: ${mask.toString(2).padStart(8, '0')} closed ${(first.timeMs - power.timeMs).toFixed(0)} ms after power`);
  }
});

test('a kill right after an order leaves the states before or after it', async (t) => {
  let old = 0;
  for (let i = 0; i < KILLS; i += 1) {
    const before = place.trace.coils();
    const relay = i % 8;
    await place.switchRelay(relay, (before & (1 << relay)) === 0);
    await sleep((i * 37) % 120);
    const { coils } = await killAndStart();
    assert.ok(coils === before || coils === (before ^ (1 << relay)), `found ${coils}, had ${before}`);
    old += coils === before ? 1 : 0;
  }
  t.diagnostic(`${KILLS} kills: ${old} times the states before the order, ${KILLS - old} times those after it`);
});

test('a kill while the disk hangs leaves the states that were stored before', async () => {
  await bring(0x0f);
  await sleep(1000);
  place.disk.hang();
  await until('the disk hangs', () => place.disk.waiting().length > 0, { timeoutMs: 5000 });
  await sleep(600);
  await bring(0xf0);
  await sleep(1000);
  await place.device.end('SIGKILL');
  place.disk.heal();
  const { coils } = await killAndStart();
  assert.equal(coils, 0x0f);
});
