// SPDX-License-Identifier: MIT

// A switch is a switch: REST, broker, device, register pins, relay_status, stream. Prints how long it takes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { sleep, until } from './processes.mjs';

const SWITCHES = 200;
let installation;
let device;
let api;

before(async () => {
  installation = await (await Installation.create('switching')).start();
  device = await installation.device('meter-1', { adc_source: 'synthesizer', dwell_ms: 20 });
  device.start();
  api = await installation.administrator();
  await until('the meter is online', async () => (await api.get('/v1/devices/meter-1')).online);
});

after(async () => {
  api?.close();
  await installation?.close();
});

const switchRelay = (relay, state) => api.call('POST', '/v1/devices/meter-1/command', { command: 'set_relay', relay, state });
const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];

test('confirms a switch through the whole line, and tells the stream', async () => {
  const seen = [];
  const close = api.stream('/v1/stream?device=meter-1', (kind, data) => kind === 'relay' && seen.push(data));
  await sleep(300);
  const waits = [];
  let mask = 0;
  for (let i = 0; i < SWITCHES; i++) {
    const relay = i % 8;
    const state = (mask & (1 << relay)) === 0;
    mask = state ? mask | (1 << relay) : mask & ~(1 << relay);
    await sleep(25);
    const begin = performance.now();
    const answer = await switchRelay(relay, state);
    waits.push(performance.now() - begin);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.status, 'done');
    assert.equal(answer.body.relay_mask, mask);
  }
  await until('the stream has shown the last state', () => seen.at(-1)?.relay_mask === mask);
  close();
  waits.sort((a, b) => a - b);
  console.log(`figure: REST to confirmed switch, ${SWITCHES} times: median ${percentile(waits, 0.5).toFixed(1)} ms, ` +
    `p99 ${percentile(waits, 0.99).toFixed(1)} ms, most ${waits.at(-1).toFixed(1)} ms (the button task ticks every 10 ms)`);
  assert.equal((await api.get('/v1/devices/meter-1')).relay_mask, mask);
});

test('keeps its relays over a power cut', async () => {
  assert.equal((await api.call('POST', '/v1/devices/meter-1/command', { command: 'set_relays', mask: 0xa5 })).status, 200);
  await sleep(1500);
  await device.end('SIGKILL');
  await until('the meter is known to be away', async () => !(await api.get('/v1/devices/meter-1')).online, { timeoutMs: 30000 });
  assert.equal((await switchRelay(0, true)).status, 503);
  device.start();
  await until('the relays are back', async () => {
    const now = await api.get('/v1/devices/meter-1');
    return now.online && now.relay_mask === 0xa5;
  });
});

test('asks a meter for its relays when the server has started again', async () => {
  await installation.ohmd.end('SIGTERM');
  await installation.startOhmd();
  // By itself the meter tells them once a minute.
  await until('the relays are known', async () => (await api.get('/v1/devices/meter-1')).relay_mask === 0xa5, { timeoutMs: 10000 });
});

test('refuses what is no command with a sentence', async () => {
  for (const body of [{ command: 'set_relay', relay: 8, state: true }, { command: 'set_relay', relay: 0 },
    { command: 'open_the_gate' }, { command: 'set_relays', mask: 256 }, {}]) {
    const answer = await api.call('POST', '/v1/devices/meter-1/command', body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.ok(answer.body.message.length > 10);
  }
  assert.equal((await api.call('POST', '/v1/devices/nobody/command', { command: 'set_relay', relay: 0, state: true })).status, 404);
});
