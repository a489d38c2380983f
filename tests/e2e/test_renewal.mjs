// SPDX-License-Identifier: MIT

// Certificates that live for twelve seconds, so that a life passes while one watches: meters renew theirs with ohmd itself,
// are killed in the middle of it, and come back through the grace lane.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DeviceTap } from './device_tap.mjs';
import { Installation } from './installation.mjs';
import { freePort, run, until } from './processes.mjs';

const lifeS = 12;
const network = { ssid: 'home', password: 'a-long-password' };
const slow = { timeoutMs: 40000, everyMs: 50 };
let installation;
let api;
let meters;
let stranger;

const certificatesOf = async (name) => (await api.get(`/v1/certificates?device=${name}`)).certificates;
const logOf = (meter) => readFileSync(join(meter.program.folder, 'log'), 'utf8');
const sessionsOf = (name) => installation.broker.output().split(` as ${name} (`).length - 1;
const readingOf = async (name) => (await api.call('GET', `/v1/devices/${name}/telemetry/latest`)).body.seq ?? 0;

async function tokenFor(name) {
  return (await api.call('POST', `/v1/devices/${name}/enrolment`, {})).body.provisioning_token;
}

// A meter from the factory, whose way to the listener for devices is a tap.
async function makeMeter(name) {
  const tap = await DeviceTap.open(installation.devicesPort);
  const portal = await freePort();
  const radio = installation.path(`radio_${name}`);
  writeFileSync(radio, `scan_ms 300\nnetwork "${network.ssid}" rssi -48 password "${network.password}" join_ms 100 dhcp_ms 100\n`);
  const program = await installation.device(name, {
    adc_source: 'synthesizer', cert: undefined, key: undefined, provisioning: 'yes', server_url: `https://localhost:${tap.port}`,
    label_file: installation.path(`label_${name}`), radio_script: radio, portal_port: portal, reconnect_ms: 200, reconnect_limit_ms: 1000,
  });
  program.start();
  await until('the portal answers', async () => (await (await fetch(`http://127.0.0.1:${portal}/status`)).json()).state === 'AP_MODE');
  const answer = await fetch(`http://127.0.0.1:${portal}/provision`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...network, device_id: name, provisioning_token: await tokenFor(name) }),
  });
  assert.equal(answer.status, 200);
  await until(`${name} is on line`, async () => (await certificatesOf(name))[0]?.state === 'active', slow);
  return { name, tap, program, renewals: 0 };
}

// What has to be true after each renewal: a new certificate is active, all before it are superseded, the meter is at the
// broker with it, and what it measures arrives.
async function assertRenewed(meter, sessions) {
  meter.renewals++;
  await until(`${meter.name} has renewal ${meter.renewals}`, async () => {
    const states = (await certificatesOf(meter.name)).map((one) => one.state);
    return states.length === meter.renewals + 1 && states[0] === 'active';
  }, slow);
  assert.ok((await certificatesOf(meter.name)).slice(1).every((one) => one.state === 'superseded' || one.state === 'expired'));
  await until(`${meter.name} has another session`, () => sessionsOf(meter.name) > sessions, slow);
  const seq = await readingOf(meter.name);
  await until(`readings of ${meter.name} arrive`, async () => (await readingOf(meter.name)) > seq, slow);
}

async function renew(meter) {
  const [{ renew_after_ms: due }] = await certificatesOf(meter.name);
  await assertRenewed(meter, sessionsOf(meter.name));
  const [{ issued_ms: issued, attestation }] = await certificatesOf(meter.name);
  // A tenth sooner or later than two thirds of its life, and a second for the request itself.
  assert.ok(Math.abs(issued - due) < 2500, `renewed ${issued - due} ms from its time`);
  assert.deepEqual([attestation.verdict, attestation.level], ['degraded', 'software']);
}

// Renews, killed with the wire cut at a request: 0 the challenge, 1 the renewal, 2 its confirmation.
async function renewKilled(meter, skip, answered) {
  const sessions = sessionsOf(meter.name);
  const [{ certificate_id: old }] = await certificatesOf(meter.name);
  await meter.tap.cut({ skip, answered });
  if (answered) {
    await until('the server has done its part', async () => {
      const [newest] = await certificatesOf(meter.name);
      return newest.certificate_id !== old && newest.state === (skip === 2 ? 'active' : 'pending');
    }, slow);
  }
  await meter.program.end('SIGKILL');
  meter.program.start();
  await assertRenewed(meter, sessions);
}

before(async () => {
  installation = await (await Installation.create('renewal', {
    guard: true, authority: true, ohmd: { certificate_life_s: lifeS },
  })).start();
  api = await installation.administrator();
  meters = await Promise.all(['meter-1', 'meter-2', 'meter-3'].map(makeMeter));
}, { timeout: 60000 });

after(async () => {
  for (const meter of meters ?? []) meter.tap.close();
  api?.close();
  await installation?.close();
});

// A key outside any meter, with a certificate that will be over.
async function enrolStranger() {
  const folder = installation.path('stranger');
  mkdirSync(folder);
  const file = (name) => join(folder, name);
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=stranger',
    '-keyout', file('key.pem'), '-out', file('request.pem')], { stdio: 'ignore' });
  const csr = readFileSync(file('request.pem'), 'utf8');
  const call = async (path, ...args) => {
    const { stdout } = await run('curl', ['-sS', '--cacert', installation.ca, '-w', '\n%{http_code}', `https://localhost:${installation.devicesPort}${path}`, ...args]);
    const [body, code] = [stdout.slice(0, stdout.lastIndexOf('\n')), stdout.slice(stdout.lastIndexOf('\n') + 1)];
    return { code: Number(code), body: JSON.parse(body) };
  };
  const post = (body) => ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
  const { body } = await call('/sign-csr', ...post({ device_id: 'stranger', csr, provisioning_token: await tokenFor('stranger') }));
  writeFileSync(file('cert.pem'), body.certificate.content);
  return { call, csr, post, endsAt: body.not_after, identity: ['--cert', file('cert.pem'), '--key', file('key.pem')] };
}

test('meters renew in time with a new key, whatever they are in the middle of when they are killed', { timeout: 120000 }, async () => {
  stranger = await enrolStranger();
  const [one, two, three] = meters;
  const begin = performance.now();
  await Promise.all([
    renew(one).then(() => renewKilled(one, 0, false)).then(() => renewKilled(one, 1, false)),
    renewKilled(two, 1, true).then(() => renewKilled(two, 2, false)).then(() => renew(two)),
    renewKilled(three, 2, true).then(() => renew(three)).then(() => renew(three)),
  ]);
  console.log(`figure: nine renewals of three meters, five of them killed, in ${(performance.now() - begin).toFixed(0)} ms`);
  for (const meter of meters) {
    assert.equal(meter.renewals, 3);
    assert.doesNotMatch(logOf(meter), /AP_MODE[\s\S]*AP_MODE/, 'a person was called');
  }
});

test('a meter that slept through its end comes back by the grace lane, with a report of its own', { timeout: 60000 }, async () => {
  const [meter] = meters;
  await meter.program.end('SIGKILL');
  const sessions = sessionsOf(meter.name);
  const [{ certificate_id: old }] = await certificatesOf(meter.name);
  await until('its certificate is over', async () => (await certificatesOf(meter.name))[0].state === 'expired', slow);
  meter.program.start();
  await assertRenewed(meter, sessions);
  const { records } = await api.get('/v1/certificates/audit');
  assert.ok(records.some((record) => record.device_id === meter.name
    && record.detail === 'within the grace period, attestation degraded at level software'));
  assert.notEqual((await certificatesOf(meter.name))[0].certificate_id, old);
});

test('nobody else comes in by that lane: no report, another one\'s, one to an old question', { timeout: 40000 }, async () => {
  const { call, csr, post, identity, endsAt } = stranger;
  await until('the certificate is over', () => Date.now() / 1000 > endsAt + 1, slow);
  const renewal = (body) => call('/v2/enroll/renew', ...identity, ...post({ csr, ...body }));
  const plain = await renewal({});
  assert.deepEqual([plain.code, plain.body.error], [403, 'ATTESTATION_REQUIRED']);
  const { body: { challenge } } = await call('/v2/enroll/challenge?device_id=stranger');
  const forged = await renewal({ challenge, attestation: Buffer.from('no report').toString('base64url') });
  assert.deepEqual([forged.code, forged.body.error], [401, 'INVALID_ATTESTATION']);
  const { body: { challenge: foreign } } = await call('/v2/enroll/challenge?device_id=meter-1');
  const late = await renewal({ challenge: foreign, attestation: Buffer.from('no report').toString('base64url') });
  assert.deepEqual([late.code, late.body.error], [401, 'INVALID_CHALLENGE']);
  const est = await call('/.well-known/est/simplereenroll', ...identity, '-H', 'Content-Type: application/pkcs10',
    '-d', csr.replace(/-----[^-]+-----|\s/g, ''));
  assert.deepEqual([est.code, est.body.error], [403, 'ATTESTATION_REQUIRED']);
});
