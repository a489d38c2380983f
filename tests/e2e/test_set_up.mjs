// SPDX-License-Identifier: MIT

// A meter from the factory, set up with the first app's curl lines, gets its certificate from ohmd itself; its own key never
// leaves it; after a power cut it is back, and once it is revoked it stays out until a person gives it another token.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, freePort, run, until } from './processes.mjs';

const name = 'device_0070';
const network = { ssid: 'Statsnapp', password: '1q2w3e4r' };
let installation;
let api;
let environment;
let meter;
let portal;

const status = async () => (await fetch(`${portal}/status`)).json();
const log = () => readFileSync(join(meter.folder, 'log'), 'utf8');
const brokerLog = () => installation.broker.output();
const count = (text, part) => text.split(part).length - 1;
const newestReading = async () => (await api.call('GET', `/v1/devices/${name}/telemetry/latest`)).body;
const certificates = async () => (await api.get(`/v1/certificates?device=${name}`)).certificates;

// What a hand on the simulated board does.
const hand = (line) => new Promise((done, failed) => {
  const socket = connect(join(meter.folder, 'data/control.sock'), () => socket.write(`${line}\n`));
  socket.once('data', (bytes) => {
    socket.destroy();
    done(bytes.toString().trim());
  });
  socket.once('error', failed);
});

async function provision(token) {
  const answer = await fetch(`${portal}/provision`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: 'Bearer of-the-user' },
    body: JSON.stringify({ ...network, device_id: name, provisioning_token: token }),
  });
  return { code: answer.status, body: await answer.json() };
}

before(async () => {
  installation = await (await Installation.create('set_up', { guard: true, authority: true })).start();
  api = await installation.administrator();
  environment = {
    PATH: process.env.PATH, HOME: installation.path(), XDG_CONFIG_HOME: installation.path('config'), OHM_CA: installation.ca,
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  await run(join(buildFolder, 'cli/ohm/ohm'), ['login', '--password-file', installation.passwordFile], { env: environment });
  const port = await freePort();
  portal = `http://127.0.0.1:${port}`;
  const radio = installation.path('radio');
  writeFileSync(radio, `scan_ms 500\nnetwork "${network.ssid}" rssi -48 password "${network.password}" join_ms 400 dhcp_ms 300\n`);
  meter = await installation.device(name, {
    adc_source: 'synthesizer', cert: undefined, key: undefined, provisioning: 'yes', server_url: `https://localhost:${installation.devicesPort}`,
    label_file: installation.path('label'), radio_script: radio, portal_port: port,
  });
  meter.start();
  await until('the portal answers', async () => (await status()).state === 'AP_MODE');
}, { timeout: 60000 });

after(async () => {
  api?.close();
  await installation?.close();
});

test('a token that nobody issued is refused, with the reason at the portal', { timeout: 30000 }, async () => {
  assert.equal((await provision('A'.repeat(43))).code, 200);
  await until('the reason is there', async () => (await status()).reason === 'token_not_found');
  assert.equal((await status()).state, 'AP_MODE');
  assert.deepEqual(await certificates(), []);
});

test('with a good one the meter is on line within ten seconds, unattended', { timeout: 30000 }, async () => {
  const token = (await run(join(buildFolder, 'cli/ohm/ohm'), ['token', name], { env: environment })).stdout.trim();
  const started = Date.now();
  assert.equal((await provision(token)).code, 200);
  await until('the meter is on line', async () => /MQTT_CONNECTED/.test(log()));
  assert.ok(Date.now() - started < 10000);
  console.log(`figure: on line ${Date.now() - started} ms after its credentials`);
  await until('the server has readings', async () => (await api.get(`/v1/devices/${name}`)).online);
  assert.equal((await certificates()).length, 1);
  await until('its certificate is active', async () => (await certificates())[0].state === 'active');
  const { attestation } = (await certificates())[0];
  assert.deepEqual([attestation.verdict, attestation.level], ['degraded', 'software']);
  const { records } = await api.get('/v1/certificates/audit');
  assert.ok(records.some((one) => one.detail === 'with proof, attestation degraded at level software'), 'the meter proved nothing');
  for (const secret of [token, network.password, 'of-the-user']) assert.ok(!log().includes(secret), 'a secret is in the log');
  assert.ok(!existsSync(join(installation.pki, 'devices', name, 'key.pem')), 'the key was made on the meter');
});

test('asked for a report on itself, it signs one that says no more than it can know', { timeout: 30000 }, async () => {
  const { status: code, body } = await api.call('POST', `/v1/devices/${name}/attestation`, {});
  assert.equal(code, 200, JSON.stringify(body));
  assert.equal(body.verdict, 'degraded');
  assert.deepEqual(body.reasons, ['software_level', 'debugging_enabled']);
  assert.equal(body.report.level, 'software');
  assert.equal(body.report.keystore, 'sealed_file');
  const program = readFileSync(join(buildFolder, 'firmware/apps/energy_meter/ohm-device'));
  assert.equal(body.report.image_sha256, createHash('sha256').update(program).digest('hex'));
  assert.equal((await api.call('POST', '/v1/devices/nobody/attestation', {})).status, 404);
});

test('after a power cut it is back with the same certificate', { timeout: 30000 }, async () => {
  const [certificate] = await certificates();
  await meter.end('SIGKILL');
  writeFileSync(join(meter.folder, 'log'), '');
  meter.start();
  await until('the meter is on line again', async () => /MQTT_CONNECTED/.test(log()));
  assert.deepEqual((await certificates()).map((one) => one.certificate_id), [certificate.certificate_id]);
  assert.doesNotMatch(log(), /AP_MODE/);
});

test('its readings arrive', { timeout: 30000 }, async () => {
  const first = await until('there is one', async () => (await newestReading()).time_ms);
  await until('there is a later one', async () => (await newestReading()).time_ms > first);
});

test('once revoked its session ends within five seconds, and the broker refuses it', { timeout: 60000 }, async () => {
  assert.equal((await api.call('POST', `/v1/devices/${name}/enrolment`, {})).body.error, 'device_has_active_certificate');
  const begin = performance.now();
  assert.equal((await api.call('POST', `/v1/devices/${name}/revocation`, { reason: 'stolen' })).status, 200);
  await until('the session is ended', () => brokerLog().includes(`ended the session of ${name}: revoked`), { everyMs: 5 });
  const took = performance.now() - begin;
  console.log(`figure: revocation to the end of the live session: ${took.toFixed(0)} ms`);
  assert.ok(took < 5000);
  await until('the meter knows', () => /MQTT_CONNECTED[\s\S]*MQTT_CONNECTING/.test(log()));
  await until('the server has it off line', async () => !(await api.get(`/v1/devices/${name}`)).online);
  const sessions = count(brokerLog(), ` as ${name} (`);
  const stored = (await newestReading()).time_ms;
  await until('it has knocked three times', () => count(brokerLog(), `refused ${name}`) >= 3, { timeoutMs: 40000 });
  assert.equal(count(brokerLog(), ` as ${name} (`), sessions);
  assert.equal((await newestReading()).time_ms, stored);
  assert.deepEqual((await certificates()).map((one) => one.state), ['revoked']);
});

test('the button and another token bring it back with a new key, and what it measured meanwhile arrives', { timeout: 60000 }, async () => {
  const [{ certificate_id: old }] = await certificates();
  const stored = (await newestReading()).seq;
  assert.equal(await hand('press 7100'), 'ok');
  await until('the portal is open', async () => (await (await fetch(`${portal}/about`)).json()).open);
  const { body } = await api.call('POST', `/v1/devices/${name}/enrolment`, { replaces: true });
  const begin = performance.now();
  assert.equal((await provision(body.provisioning_token)).code, 200);
  await until('it is on line', async () => (await api.get(`/v1/devices/${name}`)).online, { timeoutMs: 30000, everyMs: 20 });
  console.log(`figure: back on line ${(performance.now() - begin).toFixed(0)} ms after another token`);
  await until('the new certificate is active', async () => (await certificates()).map((one) => one.state).join() === 'active,revoked');
  assert.notEqual((await certificates())[0].certificate_id, old);
  await until('readings arrive', async () => (await newestReading()).seq > stored);
  assert.ok(!log().includes(body.provisioning_token));
});

test('whoever runs the server gets a token without a password, while the server does not run', { timeout: 30000 }, async () => {
  const ohmd = join(buildFolder, 'server/daemon/ohmd/ohmd');
  const order = ['--config', installation.path('ohmd.conf'), '--token'];
  await assert.rejects(run(ohmd, [...order, name]), ({ stdout }) => stdout === '');
  await installation.ohmd.end();
  assert.match((await run(ohmd, [...order, name])).stdout, /^[A-Za-z0-9_-]{43}\n$/);
  await assert.rejects(run(ohmd, [...order, 'no name']), ({ stdout, stderr }) => stdout === '' && /no token for 'no name'/.test(stderr));
});
