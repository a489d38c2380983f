// SPDX-License-Identifier: MIT

// Button, light and relays work while the disk, the broker and the network hang, one by one and all together. The proof
// is the pin trace of the real ohm-device, held against the clock, while the rest is shown to be blocked.
//
//   OHM_DEVICE, OHM_HANGING_DISK  the program, and the shim of hanging_disk.c

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { sleep, until } from '../e2e/processes.mjs';
import { checksum, stateOf, threadsOf } from './evidence.mjs';
import { Installation } from './installation.mjs';
import { BUTTON, LED, POWER, RELAY, nowMs, rhythmOf } from './pin_trace.mjs';

// What a tick of 10 ms and the scheduler of a busy machine without real-time threads may add.
const SWITCH_LIMIT_MS = 100;
const LIGHT_LIMIT_MS = 80;
const ACTION_LIMIT_MS = 150;
const RESTART_LIMIT_MS = 1500; // Of it, most is the start of a program with sanitizers.
const SWITCH_EVERY_MS = 200; // A relay's turn comes every 1.6 s, well after its dwell time.
const HANG_MS = 30000;

let place;

before(async () => {
  place = await Installation.open();
});

after(() => place?.close());

// Switches one relay after the other until `untilMs` and answers the latencies from order to edge.
async function switchUntil(untilMs) {
  const latencies = [];
  for (let i = 0; nowMs() < untilMs; i += 1) {
    const relay = i % 8;
    latencies.push(await place.switchRelay(relay, (place.trace.coils() & (1 << relay)) === 0));
    await sleep(SWITCH_EVERY_MS);
  }
  return latencies;
}

// The longest time that the light stood still.
function longestStill(fromMs, toMs) {
  const times = [fromMs, ...place.trace.of(LED, fromMs).map(({ timeMs }) => timeMs).filter((ms) => ms <= toMs), toMs];
  return Math.max(...times.slice(1).map((ms, i) => ms - times[i]));
}

async function staysAlive(t, label, forMs) {
  const fromMs = nowMs();
  const latencies = await switchUntil(fromMs + forMs);
  const toMs = nowMs();
  const worstMs = Math.max(...latencies);
  const stillMs = longestStill(fromMs, toMs);
  t.diagnostic(`${label}: ${latencies.length} switchings, worst ${worstMs.toFixed(1)} ms; light still for at most ${stillMs.toFixed(0)} ms`);
  assert.ok(worstMs <= SWITCH_LIMIT_MS, `${label}: a relay took ${worstMs.toFixed(0)} ms`);
  assert.ok(stillMs <= 900 + LIGHT_LIMIT_MS, `${label}: the light stood still for ${stillMs.toFixed(0)} ms`);
  return { fromMs, toMs };
}

// Shows that somebody in the device waits for the disk since before `sinceMs`, and waits now.
function diskWaiters(sinceMs) {
  const threads = threadsOf(place.device.pid);
  const waiting = place.disk.waiting().filter(({ tid }) => threads.some((thread) => thread.tid === tid));
  assert.ok(waiting.some((waiter) => waiter.sinceMs <= sinceMs), 'nobody waits for the disk');
  const names = waiting.map(({ tid }) => threads.find((thread) => thread.tid === tid).name);
  assert.ok(!names.some((name) => name.includes('button')), 'the button task waits for the disk');
  for (const { tid } of waiting) assert.equal(stateOf(place.device.pid, tid), 'S');
  return names;
}

test('the light tells that the broker is there', async (t) => {
  await place.online();
  const fromMs = nowMs();
  await sleep(5000);
  const rhythm = rhythmOf(place.trace, fromMs, nowMs(), LIGHT_LIMIT_MS);
  t.diagnostic(`rhythm ${rhythm.name}, worst edge ${rhythm.worstMs.toFixed(1)} ms off`);
  assert.equal(rhythm.name, 'connected');
  await staysAlive(t, 'all well', 3000);
});

test('the proof itself notices a device that stands still', async () => {
  const fromMs = nowMs();
  place.device.child.kill('SIGSTOP');
  await sleep(2000);
  const stillMs = longestStill(fromMs, nowMs());
  place.device.child.kill('SIGCONT');
  assert.ok(stillMs > 900 + LIGHT_LIMIT_MS, `the light went on: ${stillMs.toFixed(0)} ms`);
});

test('everything works for 30 s while the journal waits for fsync', async (t) => {
  const before = checksum(place.journal);
  await until('the journal grows', () => checksum(place.journal) !== before, { timeoutMs: 5000, everyMs: 200 });
  place.disk.hang();
  await until('the journal hangs', () => place.disk.waiting().length > 0, { timeoutMs: 5000 });
  await sleep(1000);
  const hung = checksum(place.journal);
  const changed = statSync(place.journal).mtimeMs;
  const { fromMs } = await staysAlive(t, 'disk hangs', HANG_MS);
  t.diagnostic(`waiting for the disk: ${diskWaiters(fromMs).join(', ')}`);
  assert.equal(checksum(place.journal), hung, 'the journal went on');
  assert.equal(statSync(place.journal).mtimeMs, changed);
  place.disk.heal();
  await until('the journal grows again', () => checksum(place.journal) !== hung, { timeoutMs: 10000, everyMs: 200 });
});

test('everything works while the broker is stopped', async (t) => {
  process.kill(place.broker.pid, 'SIGSTOP');
  await until('the broker stands', () => stateOf(place.broker.pid) === 'T');
  await staysAlive(t, 'broker stopped', 10000);
  assert.equal(stateOf(place.broker.pid), 'T');
  process.kill(place.broker.pid, 'SIGCONT');
});

test('everything works while the network swallows all', async (t) => {
  const swallowed = place.network.swallowed;
  place.network.swallow();
  await staysAlive(t, 'network black', 10000);
  assert.ok(place.network.swallowed > swallowed, 'the device sent nothing into the hole');
  place.network.heal();
  await place.online();
});

test('an action that nobody can take restarts the device after 2 s, and the boot carries it out', async (t) => {
  await place.online();
  const forgotten = () => place.hasForgottenWifi();
  assert.ok(!forgotten());
  place.disk.hang();
  await until('the journal hangs', () => place.disk.waiting().length > 0, { timeoutMs: 5000 });
  await sleep(500);
  place.press();
  await sleep(3500);
  place.release();
  const released = await until('the button is up', () => place.trace.of(BUTTON).slice(-1).find(({ level }) => level === 0), { timeoutMs: 1000, everyMs: 10 });
  diskWaiters(released.timeMs);
  const power = await until('the device starts again', () => place.trace.of(POWER, released.timeMs)[0], { timeoutMs: 5000, everyMs: 10 });
  const restartedMs = power.timeMs - released.timeMs;
  t.diagnostic(`power again ${restartedMs.toFixed(0)} ms after the release`);
  assert.ok(restartedMs >= 2000 && restartedMs <= 2000 + RESTART_LIMIT_MS);
  assert.ok(!forgotten());
  place.disk.heal();
  await until('the boot forgets the Wi-Fi credentials', forgotten, { timeoutMs: 10000 });
  await place.online();
});

test('with all of them hanging, 12 s on the button open every relay and restart at once', async (t) => {
  place.disk.hang();
  process.kill(place.broker.pid, 'SIGSTOP');
  place.network.swallow();
  await until('the journal hangs', () => place.disk.waiting().length > 0, { timeoutMs: 5000 });
  await sleep(1000);
  await staysAlive(t, 'all hang', 10000);
  await sleep(1000);
  const hung = checksum(place.journal);
  for (let relay = 0; relay < 8; relay += 1) await place.control(`relay ${relay} ${relay < 4 ? 'off' : 'on'}`);
  assert.equal(place.trace.coils(), 0xf0);

  place.press();
  const [pressed] = await until('the button is down', () => place.trace.of(BUTTON).slice(-1), { timeoutMs: 1000 });
  assert.equal(pressed.level, 1);
  await sleep(11500);
  assert.equal(place.trace.coils(), 0xf0);
  diskWaiters(pressed.timeMs);
  assert.equal(checksum(place.journal), hung, 'the journal went on');
  const opened = await until(
    'the relays open',
    () => [4, 5, 6, 7].map((n) => place.trace.of(RELAY + n, pressed.timeMs + 11000).find(({ level }) => level === 0)).filter(Boolean).length === 4
      && place.trace.of(RELAY + 7, pressed.timeMs + 11000)[0],
    { timeoutMs: 3000, everyMs: 10 },
  );
  const power = await until('the device starts again', () => place.trace.of(POWER, pressed.timeMs)[0], { timeoutMs: 5000, everyMs: 10 });
  const openedMs = opened.timeMs - pressed.timeMs;
  const restartedMs = power.timeMs - pressed.timeMs;
  t.diagnostic(`relays open ${openedMs.toFixed(0)} ms after the press, power again after ${restartedMs.toFixed(0)} ms`);
  assert.ok(openedMs >= 12000 && openedMs <= 12000 + ACTION_LIMIT_MS);
  place.release();

  // The disk still hangs, so the boot does; the light shines all the same.
  await sleep(4000);
  const stillMs = longestStill(power.timeMs + 1000, nowMs());
  assert.ok(stillMs <= 900 + LIGHT_LIMIT_MS, `after the restart the light stood still for ${stillMs.toFixed(0)} ms`);
  place.disk.heal();
  process.kill(place.broker.pid, 'SIGCONT');
  place.network.heal();
  await place.online();
  assert.equal(place.trace.coils(), 0, 'a relay closed by itself after an emergency');
});
