// SPDX-License-Identifier: MIT

// `ohm` as an operator at a shell meets it, against a real server, broker and meter.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, until } from './processes.mjs';

const program = join(buildFolder, 'cli/ohm/ohm');
let installation;
let environment;

// Answers {status, stdout, stderr}.
function ohm(...args) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: 30000 });
    const answer = { stdout: '', stderr: '' };
    child.stdout.on('data', (part) => (answer.stdout += part));
    child.stderr.on('data', (part) => (answer.stderr += part));
    child.on('error', failed);
    child.on('close', (status) => done({ ...answer, status }));
  });
}

before(async () => {
  installation = await (await Installation.create('cli')).start();
  environment = {
    PATH: process.env.PATH,
    HOME: installation.path(),
    XDG_CONFIG_HOME: installation.path('config'),
    OHM_CA: join(installation.pki, 'ca.pem'),
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  const device = await installation.device('meter-1', { adc_source: 'synthesizer' });
  device.start();
  const api = await installation.administrator();
  await until('a reading is stored', async () => (await api.call('GET', '/v1/devices/meter-1/telemetry/latest')).status === 200);
  api.close();
});

after(() => installation?.close());

test('explains itself and each of its commands', async () => {
  const help = await ohm('--help');
  assert.equal(help.status, 0);
  assert.equal(help.stderr, '');
  assert.match(help.stdout, /^Usage: ohm COMMAND/);
  for (const [, name] of help.stdout.matchAll(/^ {2}([a-z]+) /gm)) {
    const about = await ohm(name, '--help');
    assert.equal(about.status, 0, name);
    assert.match(about.stdout, new RegExp(`^Usage: ohm ${name} `));
    assert.deepEqual(await ohm('help', name), about);
  }
  assert.deepEqual(await ohm('help'), help);
  assert.match((await ohm('--version')).stdout, /^ohm \d+\.\d+\.\d+\n$/);
});

test('a wrong command line ends with 2 and names what is wrong', async () => {
  const wrong = [['frobnicate'], ['help', 'frobnicate'], ['--frobnicate'], ['relay', 'meter-1'], ['relay', 'meter-1', '9', 'on'],
    ['relay', 'meter-1', '1', 'perhaps'], ['--server', 'ftp://localhost', 'devices'], ['devices', '--server']];
  for (const args of wrong) {
    const answer = await ohm(...args);
    assert.equal(answer.status, 2, args.join(' '));
    assert.match(answer.stderr, /^ohm: /);
    assert.equal(answer.stdout, '');
  }
});

test('whoever is not signed in is told how to', async () => {
  const answer = await ohm('devices');
  assert.equal(answer.status, 3);
  assert.match(answer.stderr, /run "ohm login https:\/\/localhost:\d+"/);
});

test('a wrong password ends with 1 and signs nobody in', async () => {
  writeFileSync(installation.path('wrong'), 'surely wrong\n', { mode: 0o600 });
  const answer = await ohm('login', '--password-file', installation.path('wrong'));
  assert.equal(answer.status, 1);
  assert.equal((await ohm('devices')).status, 3);
});

test('a server that does not answer, or whose certificate is strange, ends with 4', async () => {
  const dead = await ohm('devices', '--server', 'https://127.0.0.1:1');
  assert.equal(dead.status, 4);
  assert.match(dead.stderr, /is ohmd running there\?/);
  environment.OHM_CA = '';
  delete environment.OHM_CA;
  const strange = await ohm('devices');
  environment.OHM_CA = join(installation.pki, 'ca.pem');
  assert.equal(strange.status, 4);
  assert.match(strange.stderr, /--ca FILE/);
});

test('signs in and remembers the session where only its owner reads', async () => {
  const answer = await ohm('login', '--password-file', installation.passwordFile);
  assert.equal(answer.status, 0, answer.stderr);
  assert.equal(answer.stdout, '');
  const mode = statSync(installation.path('config', 'ohm', 'session.json')).mode & 0o777;
  assert.equal(mode.toString(8), '600');
});

test('lists devices and shows one, for people and for programs', async () => {
  const list = await ohm('devices');
  assert.equal(list.status, 0, list.stderr);
  assert.match(list.stdout, /^meter-1 +online +-?[\d.]+ +[\d.]+ +[\d.]+/m);
  const lines = (await ohm('devices', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines[0].device_id, 'meter-1');
  const show = await ohm('show', 'meter-1');
  assert.match(show.stdout, /^frequency [\d.]+ Hz/);
  assert.equal(show.stdout.trim().split('\n').length, 10);
  assert.equal(JSON.parse((await ohm('show', 'meter-1', '--json')).stdout).device_id, 'meter-1');
  const registers = await ohm('registers', 'meter-1');
  assert.equal(registers.status, 0, registers.stderr);
  assert.match(registers.stdout, /^REGISTER/);
});

test('switches a relay and says when the device has done it', async () => {
  const answer = await ohm('relay', 'meter-1', '3', 'on');
  assert.equal(answer.status, 0, answer.stderr);
  assert.equal(answer.stdout, 'relay 3 of meter-1 is on\n');
  const api = await installation.administrator();
  assert.equal((await api.get('/v1/devices/meter-1')).relay_mask & 8, 8);
  api.close();
});

test('a device that does not exist ends with 1 and the server\'s own sentence', async () => {
  const answer = await ohm('show', '../../meter-9');
  assert.equal(answer.status, 1);
  assert.match(answer.stderr, /^ohm: .+/);
});

test('the session is not shown to another server', async () => {
  const elsewhere = await ohm('devices', '--server', `http://localhost:${installation.localPort}`);
  assert.equal(elsewhere.status, 3);
  assert.equal((await ohm('devices')).status, 0);
});

test('signs out here and on the server', async () => {
  assert.equal((await ohm('logout')).status, 0);
  assert.equal((await ohm('devices')).status, 3);
});
