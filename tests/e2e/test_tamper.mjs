// SPDX-License-Identifier: MIT

// Somebody opens the case of a meter: its coils, its power cuts, the people who ask it, and the one who clears it.

import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PinTrace, RELAY, nowMs } from '../liveness/pin_trace.mjs';
import { Installation } from './installation.mjs';
import { MqttClient } from './mqtt_client.mjs';
import { freePort, sleep, until } from './processes.mjs';

let installation;
let device;
let api;
let trace;

before(async () => {
  installation = await Installation.create('tamper');
  const keyFile = installation.path('server', 'command_key.pem');
  // The authority keeps the record of what was done; the meter's certificate is one of pki.sh's all the same.
  installation.configureOhmd({ command_key_file: keyFile, authority_folder: installation.path('server', 'authority'), devices_port: await freePort() });
  await installation.start();
  device = await installation.device('meter-1', {
    dwell_ms: 20, tamper_switch: 1, command_key: readFileSync(`${keyFile}.pub`, 'utf8').trim(),
    pin_trace: join(installation.memory, 'pins'),
  });
  device.start();
  api = await installation.administrator();
  await until('the meter tells of its case', async () => {
    const now = await api.get('/v1/devices/meter-1');
    return now.online && now.tamper?.latched === false;
  });
  trace = new PinTrace(join(installation.memory, 'pins'));
});

after(async () => {
  api?.close();
  await installation?.close();
});

// What a hand on the simulated board does.
const hand = (line) => new Promise((done, failed) => {
  const socket = connect(join(device.folder, 'data/control.sock'), () => socket.write(`${line}\n`));
  socket.once('data', (bytes) => {
    socket.destroy();
    done(bytes.toString().trim());
  });
  socket.once('error', failed);
});

const caseOf = async () => (await api.get('/v1/devices/meter-1')).tamper;
const command = (body) => api.call('POST', '/v1/devices/meter-1/command', body);
const clear = (count) => api.call('POST', '/v1/devices/meter-1/tamper/clear', { count });

test('opens every relay within 100 ms, and tells', async () => {
  assert.equal((await command({ command: 'set_relays', mask: 0xff })).status, 200);
  assert.equal(trace.coils(), 0xff);
  await sleep(100);
  const since = nowMs();
  assert.equal(await hand('open_case'), 'ok');
  await until('the server knows', async () => (await caseOf()).latched);
  const opened = Array.from({ length: 8 }, (_, relay) => trace.of(RELAY + relay, since).find(({ level }) => level === 0));
  const waits = opened.map((edge) => edge.timeMs - since);
  console.log(`figure: from the opened case to the last coil off ${Math.max(...waits).toFixed(1)} ms (debounced for 50 ms)`);
  assert.ok(Math.max(...waits) < 100, `${waits}`);
  assert.equal(trace.coils(), 0);
  assert.deepEqual(await caseOf(), { latched: true, case_open: true, count: 1 });
});

test('refuses what changes something, and says why', async () => {
  assert.equal(await hand('close_case'), 'ok');
  await until('the case is closed', async () => !(await caseOf()).case_open);
  for (const body of [{ command: 'set_relay', relay: 0, state: true }, { command: 'set_relays', mask: 1 }]) {
    const answer = await command(body);
    assert.equal(answer.status, 502, JSON.stringify(answer.body));
    assert.match(answer.body.message, /the case was opened/);
  }
  assert.equal(trace.coils(), 0);
});

test('remembers it through kill -9 and through a factory reset', async () => {
  await device.end('SIGKILL');
  device.start();
  await until('the meter is back', async () => (await api.get('/v1/devices/meter-1')).online && (await hand('status')).includes('tampered=1'));
  assert.match((await command({ command: 'set_relay', relay: 0, state: true })).body.message, /the case was opened/);
  // Ten seconds on the button: the journal and the settings go, what the case did stays.
  await hand('press 10500').catch(() => '');
  await until('the meter has reset itself', () => /factory reset, as the button asked/.test(device.output()), { timeoutMs: 30000 });
  await until('it has started again', async () => (await hand('status').catch(() => '')).includes('tampered=1'), { timeoutMs: 30000 });
  await until('it is online again', async () => (await caseOf())?.latched === true && (await api.get('/v1/devices/meter-1')).online, { timeoutMs: 30000 });
  assert.equal((await caseOf()).count, 1);
});

test('believes no order that the fleet has not signed', async () => {
  // Somebody who speaks for the server at the broker, and has not got its key.
  await installation.ohmd.end('SIGTERM');
  const client = await MqttClient.open({ port: installation.brokerPort, pki: installation.pki, folder: 'ohmd' });
  await client.subscribe('energy_meter/meter-1/command_result');
  const now = Math.floor(Date.now() / 1000);
  const frame = (id) => `{"action":"tamper_clear","cmd_id":"${id}","count":1,"exp":${now + 60},"iat":${now},"target":"meter-1","v":1}`;
  const suffix = (signature) => `,"~sig":"${signature}"}`;
  const forger = createPrivateKey(readFileSync(join(installation.pki, 'ohmd/key.pem')));
  const forged = sign('sha256', Buffer.concat([Buffer.from('EM-CMD-V1\0'), Buffer.from(frame('forged'))]),
    { key: forger, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const orders = [frame('plain'), frame('forged').slice(0, -1) + suffix(forged), frame('short').slice(0, -1) + suffix('A'.repeat(85))];
  for (const order of orders) await client.publish('energy_meter/meter-1/command', order);
  await until('all are answered', () => client.payloads('command_result').length === orders.length);
  for (const result of client.payloads('command_result')) assert.equal(result.status, 'refused', JSON.stringify(result));
  await client.close();
  assert.match(await hand('status'), /tampered=1/);
  await installation.startOhmd();
});

test('a meter that wants every order signed obeys the server, and nobody who only speaks for it', async () => {
  const strict = await installation.device('meter-2', {
    dwell_ms: 20, relay_status_ms: 500, require_signed_commands: 1, command_key: readFileSync(join(installation.path('server'), 'command_key.pem.pub'), 'utf8').trim(),
  });
  const now = async () => api.get('/v1/devices/meter-2');
  const order = (mask) => api.call('POST', '/v1/devices/meter-2/command', { command: 'set_relays', mask });
  strict.start();
  await until('it is online', async () => (await now()).online);
  assert.equal((await order(6)).status, 200);
  assert.equal((await api.call('GET', '/v1/devices/meter-2/demand')).status, 200);
  await installation.ohmd.end('SIGTERM');
  const client = await MqttClient.open({ port: installation.brokerPort, pki: installation.pki, folder: 'ohmd' });
  const now_s = Math.floor(Date.now() / 1000);
  await client.publish('energy_meter/meter-2/command',
    `{"action":"set_relays","cmd_id":"plain","exp":${now_s + 60},"iat":${now_s},"mask":255,"target":"meter-2","v":1}`);
  await client.publish('energy_meter/meter-2/relay_control', '{"action":"all_on"}');
  await client.publish('energy_meter/meter-2/commands', 'restart');
  await until('the meter says that it ignores them', () => strict.output().includes('ignored: an order without the signature of the fleet\'s key'));
  await client.close();
  await installation.startOhmd();
  await until('it is back', async () => (await now()).online && (await now()).relay_mask_known, { timeoutMs: 40000 });
  assert.equal((await now()).relay_mask, 6);
  assert.equal((await order(1)).status, 200);
  assert.equal(strict.output().split(/boot \d+, journal/).length, 2, 'it has restarted');
  await strict.end('SIGTERM');
});

test('is cleared by the fleet, with the right count and a closed case', async () => {
  await until('the meter is online', async () => (await api.get('/v1/devices/meter-1')).online && (await caseOf())?.latched, { timeoutMs: 40000 });
  assert.equal((await clear(2)).status, 400);
  assert.equal((await clear(-1)).status, 400);
  await hand('open_case');
  await until('the case is open', async () => (await caseOf()).case_open);
  const refused = await clear(1);
  assert.equal(refused.status, 502);
  assert.match(refused.body.message, /close it/);
  await hand('close_case');
  await until('the case is closed', async () => !(await caseOf()).case_open);
  const answer = await clear(1);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  await until('the server knows', async () => !(await caseOf()).latched);
  assert.equal((await command({ command: 'set_relays', mask: 5 })).status, 200);
  assert.equal(trace.coils(), 5);
  assert.match((await clear(1)).body.message, /nothing to clear/);
});

test('the record says that it was opened, once, and who cleared it', async () => {
  const told = async (kind) => (await api.get('/v1/certificates/audit')).records.filter((record) => record.kind === kind);
  // A restart of the server, and every status since, told of the same opening.
  assert.deepEqual((await told('case_opened')).map(({ device_id, detail }) => [device_id, detail]), [['meter-1', 'openings so far: 1']]);
  const cleared = await told('case_cleared');
  assert.ok(cleared.every(({ device_id, actor }) => device_id === 'meter-1' && actor === 'admin'));
  assert.ok(cleared.some(({ detail, address }) => detail === 'openings so far: 1; done' && address === '127.0.0.1'));
});

test('keeps the key of its orders to itself', () => {
  assert.equal(statSync(installation.path('server', 'command_key.pem')).mode & 0o777, 0o600);
});
