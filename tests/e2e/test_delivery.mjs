// SPDX-License-Identifier: MIT

// Nothing lost, nothing twice: a meter keeps measuring while it, the broker and the fleet server are killed at random
// moments, with power-cut semantics under the journal and the database, and through ten minutes without a broker. The
// oracle is the device's own trace file.
//
// OHM_KILLS (default 10, never fewer) kills of each; OHM_SEED repeats a run's random moments.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
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

// Holds every journal of the trace against what the server says it has. Prints lost, doubled and total.
async function compareWithTrace() {
  const trace = readTrace(tracePath);
  const byId = new Map((await journals()).map((journal) => [journal.journal_id, journal]));
  let lost = 0;
  let total = 0;
  let doubled = 0;
  for (const [id, readings] of trace.journals) {
    const journal = byId.get(id);
    assert.ok(journal, `the server does not know journal ${id}`);
    doubled += journal.doubled ?? 0;
    total += readings.size;
    const missing = (seq) => seq > journal.watermark || journal.gaps.some((gap) => seq >= gap.first_seq && seq <= gap.last_seq);
    lost += [...readings.keys()].filter(missing).length;
    const held = journal.gaps.reduce((sum, gap) => sum + gap.last_seq - gap.first_seq + 1, 0);
    assert.equal(journal.stored, journal.watermark - held, 'every number up to the watermark is stored exactly once');
  }
  assert.equal(byId.size, trace.journals.size, 'the server knows no journal that the device does not');
  console.log(`lost ${lost}, doubled ${doubled}, total ${total} readings over ${trace.boots} boots`);
  return { lost, doubled, total, trace };
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
  console.log(`killed: ${[...killed].map(([name, count]) => `${name} ${count}`).join(', ')}`);
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

test('has stored what was measured, to the last digit', { timeout: 300000 }, async () => {
  const { code } = await device.end('SIGTERM');
  assert.equal(code, 0, device.output().slice(-2000));
  const last = [...readTrace(tracePath).journals].at(-1);
  const newest = Math.max(...last[1].keys());

  // What was measured but not yet delivered when the device stopped comes with its next life.
  device.start();
  await until('everything is acknowledged', async () => {
    const journal = (await journals()).find((one) => one.journal_id === last[0]);
    return journal && journal.watermark >= newest;
  }, { timeoutMs: 60000 });
  await device.end('SIGTERM');
  device.start();
  await sleep(3000);
  await device.end('SIGTERM');

  const { trace, ...result } = await compareWithTraceOfStored();
  assert.equal(result.lost, 0);
  assert.equal(result.doubled, 0);
  assert.ok(result.total > 600, `${result.total} readings`);
  await compareRegisters(trace);
});

// The device stops in good order, so what it measured last may still wait in its journal: only what lies below the
// server's watermark can be compared then, and that must be all but the last moments.
async function compareWithTraceOfStored() {
  device.start();
  const end = Date.now() + 60000;
  for (;;) {
    await sleep(500);
    const result = await compareWithTrace().catch((error) => ({ error }));
    if (!result.error && result.lost === 0) return result;
    if (Date.now() > end) return result.error ? Promise.reject(result.error) : result;
  }
}

// Every stored reading of the last journal carries the registers that the device wrote down, and they never fall.
async function compareRegisters(trace) {
  await device.end('SIGTERM');
  const latest = await api.get('/v1/devices/meter-1/telemetry/latest');
  const registers = readTrace(tracePath).journals.get(latest.journal_id).get(latest.seq);
  assert.ok(registers, `reading ${latest.seq} is in the trace`);
  for (const channel of latest.channels) {
    assert.equal(BigInt(channel.import_mj), registers[2 * channel.channel], `import of channel ${channel.channel}`);
    assert.equal(BigInt(channel.export_mj), registers[2 * channel.channel + 1], `export of channel ${channel.channel}`);
  }
  const energy = await api.get('/v1/devices/meter-1/energy?period=all');
  for (const { channel, import_mj, export_mj } of energy.registers) {
    assert.equal(BigInt(import_mj), registers[2 * channel], `lifetime import of channel ${channel}`);
    assert.equal(BigInt(export_mj), registers[2 * channel + 1], `lifetime export of channel ${channel}`);
  }
  for (const readings of trace.journals.values()) {
    let previous = null;
    for (const seq of [...readings.keys()].sort((a, b) => a - b)) {
      const now = readings.get(seq);
      if (previous) now.forEach((value, index) => assert.ok(value >= previous[index], `a register fell at ${seq}`));
      previous = now;
    }
  }
}
