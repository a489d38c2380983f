// SPDX-License-Identifier: MIT

// A smart plug's relay is open after every start of the real ohm-device, however it ended and whatever was stored; and it
// has one relay and one channel.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { sleep, until } from '../e2e/processes.mjs';
import { Installation } from './installation.mjs';
import { POWER, RELAY } from './pin_trace.mjs';

const DWELL_MS = 500;

let place;

before(async () => {
  place = await Installation.open();
  place.device.args.push(`--trace_file=${place.scene.path('readings')}`);
  await ready();
});

after(() => place?.close());

// What was to be restored has been, and every relay is free to move.
async function ready() {
  await until('the device listens', async () => (await place.control('status')).includes('mask='), { timeoutMs: 20000 });
  await sleep(2 * DWELL_MS + 300);
}

// Ends the device, starts it, and answers the edges by which a coil was driven since.
async function startAgain(signal) {
  if (signal) await place.device.end(signal);
  const boots = place.trace.of(POWER).length;
  place.device.start();
  await until('the board has power', () => place.trace.of(POWER).length > boots, { timeoutMs: 20000 });
  const power = place.trace.of(POWER).at(-1);
  await ready();
  return place.trace.update().filter(({ number, signal: line, level }) => number > power.number && line >= RELAY && level === 1);
}

test('a meter, beside which this is seen, closes again what was closed', async () => {
  for (let relay = 0; relay < 8; relay += 1) await place.switchRelay(relay, true);
  await sleep(1000);
  assert.equal((await startAgain('SIGKILL')).length, 8);
  assert.equal(place.trace.coils(), 0xff);
  await place.device.end('SIGKILL');
});

test('a plug opens what a meter had left closed', async () => {
  place.device.args.push('--profile=smart_plug');
  assert.deepEqual(await startAgain(), []);
  assert.equal(place.trace.coils(), 0);
});

for (const [how, option] of [['kill -9', 'no'], ['a power cut', 'yes']]) {
  test(`its relay stays open after ${how} while it was on`, async () => {
    place.device.args.push(`--journal_simulate_power_cut=${option}`);
    assert.deepEqual(await startAgain('SIGKILL'), []);
    for (const pauseMs of [0, 20, 150, 1200]) {
      await place.switchRelay(0, true);
      await sleep(pauseMs);
      assert.equal(place.trace.coils(), 1);
      assert.deepEqual(await startAgain('SIGKILL'), [], `${pauseMs} ms after it was switched on`);
    }
  });
}

test('and after an orderly end', async () => {
  await place.switchRelay(0, true);
  await sleep(1200);
  assert.deepEqual(await startAgain('SIGTERM'), []);
});

test('it has no other relay', async () => {
  for (let relay = 1; relay < 8; relay += 1) assert.match(await place.control(`relay ${relay} on`), /^invalid mask=0/);
  assert.equal(place.trace.coils(), 0);
});

test('and no other channel', async () => {
  const others = () => readFileSync(place.scene.path('readings'), 'utf8').split('\n').filter((line) => line.startsWith('try '))
    .map((line) => line.split(' ').slice(7).map(Number));
  const counted = (registers) => registers.some((value) => value > 0);
  assert.ok(counted(others()[0]), 'the meter had counted on them');
  const before = others().length;
  const after = await until('there are three more readings', () => others().length >= before + 3 && others());
  assert.equal(after.at(-1).length, 14);
  assert.ok(!counted(after.at(-1)));
});
