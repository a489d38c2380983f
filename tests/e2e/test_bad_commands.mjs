// SPDX-License-Identifier: MIT

// Bad messages to a meter, sent over the real broker by who may send them: the fleet server's certificate on the native
// topics and an operator's on the lab listener. No relay moves, nothing is forgotten, and each is counted.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { MqttClient } from './mqtt_client.mjs';
import { sleep, until } from './processes.mjs';
import { readTrace } from './reading_trace.mjs';

const DOWN = 'energy_meter/meter-1';
let installation;
let meter;
let server; // speaks as ohmd, which is not there
let journalId;

before(async () => {
  installation = await Installation.create('commands');
  await installation.startBroker();
  meter = await installation.device('meter-1', {
    adc_source: 'synthesizer', rate_hz: 2000, speed: 10, dwell_ms: 20, run_dir: undefined, trace_file: installation.path('trace'),
  });
  server = await MqttClient.open({ port: installation.brokerPort, pki: installation.pki, folder: 'ohmd' });
  await server.subscribe('energy_meter/+/command_result');
  await server.subscribe('energy_meter/+/relay_status');
  await server.subscribe('energy_meter/+/system_status');
  meter.start();
  await until('the meter is online', () => server.payloads('system_status').some(({ status }) => status === 'online'));
  journalId = server.payloads('system_status').find(({ status }) => status === 'online').journal_id;
});

after(async () => {
  await server?.close().catch(() => {});
  await installation?.close();
});

// What the meter says of itself on its control socket.
const state = () => new Promise((done, failed) => {
  const socket = connect(join(meter.folder, 'data/control.sock'), () => socket.write('status\n'));
  socket.on('error', failed);
  socket.once('data', (bytes) => {
    socket.destroy();
    done(Object.fromEntries(bytes.toString().trim().split(' ').map((pair) => pair.split('=')).map(([name, value]) => [name, Number(value)])));
  });
});

const now = () => Math.floor(Date.now() / 1000);
let next = 0;
const command = (changes = {}) => ({ action: 'set_relays', cmd_id: `bad-${next++}`, exp: now() + 30, iat: now(), mask: 255, target: 'meter-1', v: 1, ...changes });

async function ignored(counter, topic, payload, what, client = server) {
  const before = await state();
  await client.publish(topic, payload);
  await until(`${what} is counted`, async () => (await state())[counter] > before[counter], { timeoutMs: 3000, everyMs: 10 });
  const seen = await state();
  assert.equal(seen[counter], before[counter] + 1, what);
  assert.equal(seen.coils, before.coils, `${what}: nothing moves`);
}

test('obeys a good command, so that what follows can be told from deafness', async () => {
  // The device's clock runs ten times as fast as ours, so this expiry is generous.
  const good = command({ exp: now() + 100000, mask: 5 });
  await server.publish(`${DOWN}/command`, good);
  const result = await until('the result comes', () => server.payloads('command_result').find(({ cmd_id: id }) => id === good.cmd_id));
  assert.equal(result.status, 'done');
  assert.equal(result.relay_mask, 5);
  assert.equal((await state()).coils, 5);
});

test('answers a faulty command with its identifier and the reason, and moves nothing', async () => {
  const far = { exp: now() + 100000 };
  const cases = [
    ['a command that has expired', { exp: now() - 100, iat: now() - 130 }, 'expired', /late/],
    ['a command for another target', { ...far, target: 'meter-2' }, 'invalid', /target/],
    ['an unknown action', { ...far, action: 'explode' }, 'invalid', /action/],
    ['a toggle, which would do harm when repeated', { ...far, action: 'toggle_relay', relay: 1 }, 'invalid', /action/],
    ['another version', { ...far, v: 2 }, 'invalid', /v must/],
    ['a mask of 256', { ...far, mask: 256 }, 'invalid', /mask/],
    ['a mask of text', { ...far, mask: '255' }, 'invalid', /mask/],
    ['a mask of 1e2', { ...far, mask: undefined }, 'invalid', /mask/],
    ['relay 8', { ...far, action: 'set_relay', relay: 8, state: true }, 'invalid', /relay/],
    ['a state of 1', { ...far, action: 'set_relay', relay: 1, state: 1 }, 'invalid', /state/],
    ['an expiry before its issue', { ...far, iat: now() + 200000 }, 'invalid', /iat/],
    ['an expiry at the end of time', { exp: 9223372036854775000n.toString() }, 'invalid', /exp/],
  ];
  for (const [what, changes, status, reason] of cases) {
    const bad = command(changes);
    await server.publish(`${DOWN}/command`, bad);
    const result = await until(`${what} is answered`, () => server.payloads('command_result').find(({ cmd_id: id }) => id === bad.cmd_id), { timeoutMs: 3000 });
    assert.equal(result.status, status, what);
    assert.match(result.reason, reason, what);
    assert.equal(result.relay_mask, 5, what);
  }
  assert.equal((await state()).coils, 5);
});

test('ignores and counts what is no command', async () => {
  const cases = [
    ['command', 'nothing', ''], ['command', 'noise', randomBytes(100)], ['command', 'no identifier', command({ cmd_id: undefined })],
    ['command', 'an identifier too long', command({ cmd_id: 'x'.repeat(100) })], ['command', 'an identifier that is a number', command({ cmd_id: 7 })],
    ['command', 'two objects', JSON.stringify(command()).repeat(2)], ['command', 'a truncated command', JSON.stringify(command()).slice(0, -1)],
    ['command', 'a name twice', '{"cmd_id":"a","cmd_id":"b","v":1}'], ['command', 'NaN', JSON.stringify(command()).replace('255', 'NaN')],
    ['command', '20 KB', JSON.stringify(command({ padding: 'x'.repeat(20000) }))],
    ['command', '4096 bytes of command and more', `${JSON.stringify(command())}${' '.repeat(5000)}`],
    ['command', '200 KB', Buffer.alloc(200000, 0x20)], ['command', 'deep nesting', '['.repeat(1500)],
    ['relay_control', 'text', 'all_on'], ['relay_control', 'an unknown action', { action: 'weld' }], ['relay_control', 'relay 8', { action: 'set_relay', relay: 8, state: true }],
    ['relay_control', 'half a relay', '{"action":"set_relay","relay":0.5,"state":true}'], ['relay_control', 'a mask of -1', { action: 'set_all_relays', mask: -1 }],
    ['commands', 'an unknown word', 'self_destruct'], ['commands', '64 characters', 'restart'.padEnd(64)], ['commands', 'nothing', ''],
    ['commands', 'a word and a NUL', 'restart\0'], ['lease', 'below zero', { realtime_s: -1 }], ['lease', 'text', 'on'],
    ['ack', 'noise', randomBytes(50)], ['ack', 'a watermark below zero', { journal_id: journalId, watermark: -1 }],
    ['ack', 'a watermark of text', { journal_id: journalId, watermark: '1' }], ['ack', 'no journal', { watermark: 1 }],
    ['ack', 'a watermark beyond 63 bits', `{"journal_id":"${journalId}","watermark":18446744073709551615}`],
  ];
  for (const [topic, what, payload] of cases) await ignored('bad_messages', `${DOWN}/${topic}`, payload, `${topic}: ${what}`);
});

test('forgets nothing and sets no clock on an acknowledgement that is not its own', async () => {
  const before = await state();
  await ignored('bad_acks', `${DOWN}/ack`, { journal_id: '0'.repeat(32), watermark: 1, utc_ms: 4102444800000 }, 'an ack for another journal');
  await ignored('bad_acks', `${DOWN}/ack`, { journal_id: journalId, watermark: 1000000, utc_ms: 4102444800000 }, 'an ack far ahead');
  await ignored('bad_acks', `${DOWN}/ack`, `{"journal_id":"${journalId}","watermark":9223372036854775807}`, 'an ack at the end of 63 bits');
  // Had the year 2100 been believed, this command would be long past.
  const good = command({ exp: now() + 100000, mask: 5 });
  await server.publish(`${DOWN}/command`, good);
  const result = await until('the result comes', () => server.payloads('command_result').find(({ cmd_id: id }) => id === good.cmd_id));
  assert.equal(result.status, 'done');
  assert.equal((await state()).boot_id, before.boot_id);
});

test('does not obey a retained command', async () => {
  const old = command({ exp: now() + 100000, cmd_id: 'retained' });
  await meter.end('SIGKILL');
  await server.publish(`${DOWN}/command`, old, { retain: true });
  meter.start();
  await until('the meter is back and has counted it', async () => (await state()).bad_messages >= 1);
  await sleep(300);
  assert.equal((await state()).coils, 5);
  assert.equal(server.payloads('command_result').some(({ cmd_id: id }) => id === 'retained'), false);
  await server.publish(`${DOWN}/command`, '', { retain: true });
});

test('tells of bad messages once a minute', () => {
  const lines = meter.output().split('\n').filter((line) => line.includes('ignored:'));
  console.log(`figure: ${lines.length} lines over ${meter.starts} boots: ${lines.map((line) => line.replace(/^\S+ /, '')).join(' | ')}`);
  assert.ok(lines.length >= 1 && lines.length <= meter.starts, lines.join('\n'));
});

test('has lost nothing of what it measured meanwhile', async () => {
  await server.close();
  await installation.startOhmd();
  const api = await installation.administrator();
  const { journals } = readTrace(installation.path('trace'));
  const [[id, readings]] = [...journals];
  const newest = Math.max(...readings.keys());
  assert.equal(id, journalId);
  const journal = await until('everything has arrived', async () => {
    const answer = await api.call('GET', '/v1/devices/meter-1/deliveries');
    return answer.status === 200 && answer.body.journals.find((one) => one.journal_id === id && one.watermark >= newest);
  }, { timeoutMs: 20000 });
  console.log(`figure: ${readings.size} readings measured, ${journal.stored} records stored, ${journal.gaps.length} gaps`);
  assert.deepEqual(journal.gaps, []);
  assert.equal(journal.stored, journal.watermark);
  api.close();
});
