// SPDX-License-Identifier: MIT

// Nothing lost, nothing twice: a meter keeps measuring while it, the broker and the fleet server are killed at random
// moments, with power-cut semantics under the journal and the database, and through ten minutes without a broker. The
// oracle is the device's own trace file.
//
// OHM_KILLS (default 10, never fewer) kills of each; OHM_SEED repeats a run's random moments.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { readTrace } from './reading_trace.mjs';
import { sleep, until } from './processes.mjs';

const SPEED = 20; // ten minutes of the device's time last half a minute
const kills = Math.max(10, Number(process.env.OHM_KILLS ?? 10));
const seed = Number(process.env.OHM_SEED ?? Date.now() % 2147483647) || 1;

// Park and Miller's generator: enough for choosing moments, and the same everywhere.
let state = seed;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;

let installation;
let device;
let api;
let tracePath;

before(async () => {
  installation = await (await Installation.create('delivery', { ohmd: { store_simulate_power_cut: 'true' } })).start();
  device = await installation.device('meter-1', {
    adc_source: 'synthesizer', rate_hz: 2000, speed: SPEED, journal_simulate_power_cut: 'yes', journal_kb: 4096,
    trace_file: installation.path('trace'),
  });
  tracePath = installation.path('trace');
  device.start();
  api = await installation.administrator();
});

after(async () => {
  api?.close();
  await installation?.close();
});

const journals = async () => (await api.get('/v1/devices/meter-1/deliveries')).journals;
const stored = async () => (await journals()).reduce((sum, journal) => sum + journal.stored, 0);

// Waits until the server has all that was measured so far, and holds every journal of the trace against what it says
// it has. Prints lost, doubled and total.
async function compareWithTrace() {
  const trace = readTrace(tracePath);
  const [lastJournal, lastReadings] = [...trace.journals].at(-1);
  const newest = Math.max(...lastReadings.keys());
  await until('everything measured so far is acknowledged', async () =>
    (await journals()).some((one) => one.journal_id === lastJournal && one.watermark >= newest), { timeoutMs: 60000 });

  const byId = new Map((await journals()).map((journal) => [journal.journal_id, journal]));
  let lost = 0;
  let total = 0;
  let doubled = 0;
  for (const [id, readings] of trace.journals) {
    const journal = byId.get(id);
    assert.ok(journal, `the server knows journal ${id}`);
    const isMissing = (seq) => seq > journal.watermark || journal.gaps.some((gap) => seq >= gap.first_seq && seq <= gap.last_seq);
    doubled += journal.doubled;
    total += readings.size;
    lost += [...readings.keys()].filter(isMissing).length;
    const inGaps = journal.gaps.reduce((sum, gap) => sum + gap.last_seq - gap.first_seq + 1, 0);
    assert.equal(journal.stored, journal.watermark - inGaps, 'every number up to the watermark is stored exactly once');
  }
  assert.equal(byId.size, trace.journals.size, 'the server knows no journal that the device does not');
  console.log(`figure: lost ${lost}, doubled ${doubled}, total ${total} readings over ${trace.boots} boots`);
  return { lost, doubled, total };
}

test(`loses nothing through ${kills} kills each of device, broker and server (seed ${seed})`, { timeout: 600000 }, async () => {
  const victims = [device, installation.broker, installation.ohmd];
  const killed = new Map(victims.map((victim) => [victim.name, 0]));
  await until('the first readings are stored', async () => (await stored()) > 20);

  const order = victims.flatMap((victim) => Array(kills).fill(victim));
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  for (const victim of order) {
    await sleep(100 + random() * 900);
    assert.ok(victim.running, `${victim.name} is running before it is killed:\n${victim.output().slice(-2000)}`);
    const { signal } = await victim.end('SIGKILL');
    assert.equal(signal, 'SIGKILL');
    killed.set(victim.name, killed.get(victim.name) + 1);
    await sleep(random() * 400);
    victim.start();
  }
  console.log(`figure: killed: ${[...killed].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  for (const [name, count] of killed) assert.ok(count >= 10, `${name} was killed ${count} times`);
});

test('delivers everything after ten minutes without a broker', { timeout: 300000 }, async () => {
  await until('the server is back', async () => (await stored()) > 0, { timeoutMs: 30000 });
  await installation.broker.end('SIGKILL');
  const before = await stored();
  await sleep((600 / SPEED) * 1000);
  await installation.startBroker();
  await until('the outage has arrived', async () => (await stored()) >= before + 550, { timeoutMs: 120000 });
});

test('has stored what was measured, once and completely', { timeout: 120000 }, async () => {
  const { lost, doubled, total } = await compareWithTrace();
  assert.equal(lost, 0);
  assert.equal(doubled, 0);
  assert.ok(total > 600, `${total} readings`);
});

test('agrees with the device about energy to the last digit', { timeout: 60000 }, async () => {
  const { code } = await device.end('SIGTERM');
  assert.equal(code, 0, device.output().slice(-2000));
  await sleep(500);
  const latest = await api.get('/v1/devices/meter-1/telemetry/latest');
  const { journals: measured } = readTrace(tracePath);
  const registers = measured.get(latest.journal_id).get(latest.seq);
  assert.ok(registers, `reading ${latest.seq} is in the trace`);
  assert.equal(latest.channels.length, 8);
  for (const { channel, import_mj, export_mj } of latest.channels) {
    assert.equal(BigInt(import_mj), registers[2 * channel], `import of channel ${channel}`);
    assert.equal(BigInt(export_mj), registers[2 * channel + 1], `export of channel ${channel}`);
  }
  const energy = await api.get('/v1/devices/meter-1/energy?period=all');
  for (const { channel, import_mj, export_mj } of energy.registers) {
    assert.equal(BigInt(import_mj), registers[2 * channel], `lifetime import of channel ${channel}`);
    assert.equal(BigInt(export_mj), registers[2 * channel + 1], `lifetime export of channel ${channel}`);
  }
});

test('never lets a register fall', () => {
  for (const readings of readTrace(tracePath).journals.values()) {
    let previous = null;
    for (const seq of [...readings.keys()].sort((a, b) => a - b)) {
      const now = readings.get(seq);
      if (previous) now.forEach((value, index) => assert.ok(value >= previous[index], `register ${index} fell at ${seq}`));
      previous = now;
    }
  }
});
