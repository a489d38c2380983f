// SPDX-License-Identifier: MIT

// From a token to the broker and out again: ohmd's own authority, the broker's guard, and the calls that the first devices make.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { MqttClient } from './mqtt_client.mjs';
import { buildFolder, run, until } from './processes.mjs';

const device = 'device_0070';
const tokens = [];
let installation;
let environment;
let api;

const stateOf = async () => (await api.get(`/v1/certificates?device=${device}`)).certificates[0].state;
const folder = (name) => join('devices', name);

function ohm(...args) {
  return run(join(buildFolder, 'cli/ohm/ohm'), args, { env: environment });
}

// A key and a request, made as the first devices' owners make them.
function makeRequest(name) {
  const path = join(installation.pki, folder(name));
  mkdirSync(path, { recursive: true });
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${device}`,
    '-keyout', join(path, 'key.pem'), '-out', join(path, 'request.pem')], { stdio: 'ignore' });
  return JSON.stringify({ device_id: device, csr: readFileSync(join(path, 'request.pem'), 'utf8') });
}

const keep = (name, certificate) => writeFileSync(join(installation.pki, folder(name), 'cert.pem'), certificate);

// curl as it is; answers the body and the code.
async function curl(...args) {
  const { stdout } = await run('curl', ['-sS', '--cacert', installation.ca, '-w', '\n%{http_code}', ...args]);
  const lines = stdout.split('\n');
  const code = Number(lines.pop());
  return { code, body: JSON.parse(lines.join('\n')) };
}

const backend = () => `https://localhost:${installation.devicesPort}`;

const as = (name) => ['--cert', join(installation.pki, folder(name), 'cert.pem'), '--key', join(installation.pki, folder(name), 'key.pem')];

const open = (name) => MqttClient.open({
  port: installation.brokerPort, pki: installation.pki, ca: installation.ca, folder: folder(name), clientId: device,
});

// Whether the broker takes a message under this certificate. A refusal is an answer too, so opening alone tells nothing.
async function speaks(name) {
  let client;
  try {
    client = await open(name);
    return (await client.publish(`energy_meter/${device}/system_status`, { device_id: device, status: 'online' })) === 0;
  } catch {
    return false;
  } finally {
    await client?.close();
  }
}

async function makeToken(...options) {
  const token = (await ohm('token', device, ...options)).stdout.trim();
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  tokens.push(token);
  return token;
}

before(async () => {
  installation = await Installation.create('enrolment', { guard: true, authority: true });
  // The broker starts before it knows anybody; ohmd itself must come in all the same.
  await installation.start();
  api = await installation.administrator();
  environment = {
    PATH: process.env.PATH, HOME: installation.path(), XDG_CONFIG_HOME: installation.path('config'), OHM_CA: installation.ca,
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  await ohm('login', '--password-file', installation.passwordFile);
});

after(async () => {
  api?.close();
  await installation?.close();
});

test('the curl line of the first devices gives a certificate, and the broker takes it', async () => {
  const token = await makeToken();
  const body = makeRequest('first');
  const { code, body: answer } = await curl('-X', 'POST', `${backend()}/sign-csr`, '-H', 'Content-Type: application/json',
    '-H', `Authorization: Bearer ${token}`, '-d', body);
  assert.equal(code, 200);
  keep('first', answer.certificate.content);
  assert.equal(answer.ca_certificate.content, readFileSync(installation.ca, 'utf8'));
  assert.equal(await speaks('first'), true);
  await until('the guard\'s word confirms the certificate', async () => (await stateOf()) === 'active');
});

test('a renewed certificate takes the place of the one before', async () => {
  const { csr } = JSON.parse(makeRequest('second'));
  const signed = await curl(...as('first'), `${backend()}/v2/enroll/renew`, '-H', 'Content-Type: application/json', '-d', JSON.stringify({ csr }));
  assert.equal(signed.code, 200);
  keep('second', signed.body.certificate.content);
  assert.equal(await speaks('first'), true); // Both may speak until the new one is confirmed.
  assert.equal((await curl(...as('second'), '-X', 'POST', `${backend()}/v2/enroll/confirm`)).code, 200);
  assert.equal(await speaks('first'), false);
  assert.equal(await speaks('second'), true);
  const late = await curl(...as('first'), `${backend()}/v2/enroll/renew`, '-H', 'Content-Type: application/json', '-d', '{"csr":"x"}');
  assert.deepEqual([late.code, late.body.error], [403, 'CERTIFICATE_SUPERSEDED']);
});

test('a revoked device loses its live session within five seconds, and does not come back', async () => {
  const client = await open('second');
  const begin = performance.now();
  const { stdout } = await ohm('revoke', device, '--reason', 'stolen');
  assert.match(stdout, /device_0070: 2 certificates revoked/);
  await client.ended;
  const took = performance.now() - begin;
  console.log(`figure: revocation to the end of the live session: ${took.toFixed(0)} ms`);
  assert.ok(took < 5000);
  assert.equal(await speaks('second'), false);
  assert.match((await ohm('certificates')).stdout, /device_0070\s+revoked/);
  await until('the record tells of the end of the session and of the refusal', async () => {
    const details = (await api.get('/v1/certificates/audit')).records.filter(({ kind, device_id }) => kind === 'broker_refused' && device_id === device)
      .map(({ detail }) => detail);
    return details.includes('session ended: revoked') && details.includes('revoked');
  });
});

test('a device starts anew with a new key alone', async () => {
  const token = await makeToken();
  const refused = await curl('-X', 'POST', `${backend()}/sign-csr`, '-H', 'Content-Type: application/json', '-H', `Authorization: Bearer ${token}`,
    '-d', JSON.stringify({ device_id: device, csr: readFileSync(join(installation.pki, folder('second'), 'request.pem'), 'utf8') }));
  assert.deepEqual([refused.code, refused.body.error], [409, 'KEY_ALREADY_IN_USE']);
  const { code, body } = await curl('-X', 'POST', `${backend()}/api/v1/sign-csr`, '-H', 'Content-Type: application/json',
    '-d', JSON.stringify({ ...JSON.parse(makeRequest('third')), provisioning_token: token }));
  assert.equal(code, 200);
  keep('third', body.certificate);
  assert.equal(await speaks('third'), true);
});

test('what was answered is there after the server is killed', async () => {
  await installation.ohmd.end('SIGKILL');
  await installation.startOhmd();
  assert.equal(await speaks('third'), true);
  assert.equal(await speaks('second'), false);
  await until('it is active', async () => (await stateOf()) === 'active');
});

test('the record is printed without what would steer a terminal', async () => {
  await ohm('revoke', device, '--yes', '--reason', 'stolen\u001b[31m\u009b2J, again');
  const { stdout } = await ohm('audit', device, '--limit', '1000');
  assert.match(stdout, /revoked {2}device_0070 {2}by admin {2}from 127\.0\.0\.1 {2}stolen\?\[31m\?2J, again/);
  assert.match(stdout, /broker_refused {2}device_0070 {2}by broker {2}from 127\.0\.0\.1 {2}session ended: revoked/);
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('no token is in any file of the server', () => {
  for (const token of tokens) {
    assert.throws(() => execFileSync('grep', ['-rqaF', '-e', token, installation.path('server'), installation.pki,
      installation.path('ohmd.log'), installation.path('broker.log')]));
  }
});
