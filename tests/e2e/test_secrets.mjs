// SPDX-License-Identifier: MIT

// A whole installation is used with secrets that are known here, well and badly. Afterwards no log, database, core file or
// program holds one of them, and each of the few files that are meant to hold one is its owner's alone.

import assert from 'node:assert/strict';
import { createDecipheriv, createPrivateKey, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { Api } from './api.mjs';
import { Installation } from './installation.mjs';
import { buildFolder, freePort, Program, run, until } from './processes.mjs';
import { filesOf, SecretSearch } from './secret_search.mjs';

const name = 'device_0070';
const programs = ['server/daemon/ohmd/ohmd', 'cli/ohm/ohm', 'firmware/apps/energy_meter/ohm-device', 'server/guard/ohm_guard/ohm_guard.so'];
const marker = () => randomBytes(24).toString('base64url');
const search = new SecretSearch();
const network = { ssid: 'Statsnapp', password: marker() };
const refused = { network: marker(), token: randomBytes(32).toString('base64url'), password: marker(), bearer: marker(), cookie: marker() };
const bearer = marker();
let installation;
let api;
let meter;
let portal;
let cores;
let keyFiles;

const status = async () => (await fetch(`${portal}/status`)).json();
const log = () => readFileSync(join(meter.folder, 'log'), 'utf8');

// Runs in a folder of its own, where a core file would lie, and may write one of any size.
function mayDumpCore(program) {
  const folder = join(cores, program.name);
  mkdirSync(folder, { recursive: true });
  program.args = ['-c', 'ulimit -c unlimited && cd "$0" && exec "$@"', folder, program.command, ...program.args];
  program.command = '/bin/sh';
  return Object.assign(program, { coreFolder: folder });
}

async function provision(password, token, authorization = bearer) {
  const answer = await fetch(`${portal}/provision`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${authorization}` },
    body: JSON.stringify({ ssid: network.ssid, password, device_id: name, provisioning_token: token }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

// The keys and secrets that the meter made itself: firmware/ports/posix/keystore_file/sealed_content.h.
function openKeystore() {
  const [slots, certificateLimit, secretLimit, head, nonceSize, tagSize] = [4, 2048, 64, 9, 12, 16];
  const sealKey = readFileSync(join(meter.folder, 'data/seal.key'));
  const file = readFileSync(join(meter.folder, 'data/keystore'));
  const decipher = createDecipheriv('aes-256-gcm', sealKey, file.subarray(head, head + nonceSize));
  decipher.setAAD(file.subarray(0, head));
  decipher.setAuthTag(file.subarray(-tagSize));
  const content = Buffer.concat([decipher.update(file.subarray(head + nonceSize, -tagSize)), decipher.final()]);
  const kept = { sealKey, keys: [], secrets: [] };
  const slotSize = 1 + 32 + 65 + 2 + certificateLimit;
  for (let at = 0; at < slots * slotSize; at += slotSize) if (content[at] === 1) kept.keys.push(content.subarray(at + 1, at + 33));
  for (let at = slots * slotSize; at < content.length; at += 1 + secretLimit) {
    if (content[at] > 0) kept.secrets.push(content.subarray(at + 1, at + 1 + content[at]));
  }
  return kept;
}

const inside = (path) => relative(installation.folder, path);

// The scalar is in every form of a key: PEM, DER, JWK.
const scalar = (pem) => Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d, 'base64url');

// What `.dump` of sqlite3 would write: every value of every row, blobs in hex.
function dumpDatabase(path) {
  const database = new DatabaseSync(path, { readOnly: true });
  const lines = [];
  for (const { name: table } of database.prepare('SELECT name FROM sqlite_schema WHERE type = \'table\'').all()) {
    const statement = database.prepare(`SELECT * FROM "${table}"`);
    statement.setReadBigInts(true);
    for (const row of statement.iterate()) {
      lines.push(`${table} ${Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : `${value}`)).join('|')}`);
    }
  }
  database.close();
  return lines.join('\n');
}

before(async () => {
  installation = await Installation.create('secrets', { guard: true, authority: true });
  cores = installation.path('cores');
  installation.configureOhmd({ command_key_file: installation.path('server', 'command_key') });
  mayDumpCore(installation.broker);
  mayDumpCore(installation.ohmd);
  await installation.start();
  api = await installation.administrator();
  const password = readFileSync(installation.passwordFile, 'utf8').trim();
  const port = await freePort();
  portal = `http://127.0.0.1:${port}`;
  const radio = installation.path('radio');
  writeFileSync(radio, `scan_ms 100\nnetwork "${network.ssid}" rssi -48 password "${network.password}" join_ms 100 dhcp_ms 100\n`, { mode: 0o600 });
  meter = mayDumpCore(await installation.device(name, {
    adc_source: 'synthesizer', cert: undefined, key: undefined, provisioning: 'yes', server_url: `https://localhost:${installation.devicesPort}`,
    label_file: installation.path('label'), radio_script: radio, portal_port: port,
  }));
  meter.start();
  await until('the portal answers', async () => (await status()).state === 'AP_MODE');

  // What is refused.
  const stranger = new Api({ port: installation.httpsPort, caPath: installation.ca });
  assert.equal((await stranger.call('POST', '/v1/auth/login', { username: 'admin', password: refused.password })).status, 401);
  const sessionName = api.cookie.split('=')[0];
  assert.equal((await stranger.call('GET', '/v1/devices', undefined, { cookie: `${sessionName}=${refused.cookie}` })).status, 401);
  stranger.close();
  await provision(refused.network, refused.token, refused.bearer);
  await until('the network refuses', async () => (await status()).reason === 'auth_failed');
  await provision(network.password, refused.token, refused.bearer);
  await until('the server refuses', async () => (await status()).reason === 'token_not_found');

  // What is taken.
  const environment = {
    PATH: process.env.PATH, HOME: installation.path(), XDG_CONFIG_HOME: installation.path('config'), OHM_CA: installation.ca,
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  await run(join(buildFolder, programs[1]), ['login', '--password-file', installation.passwordFile], { env: environment });
  const token = (await run(join(buildFolder, programs[1]), ['token', name], { env: environment })).stdout.trim();
  await provision(network.password, token);
  await until('the meter is on line', async () => /MQTT_CONNECTED/.test(log()));
  await until('the server has readings', async () => (await api.get(`/v1/devices/${name}`)).online);
  assert.equal((await api.call('POST', `/v1/devices/${name}/attestation`, {})).status, 200);

  // What has been a secret so far.
  for (const [what, secret] of Object.entries(refused)) search.add(`refused ${what}`, secret);
  const commandLine = JSON.parse(readFileSync(installation.path('config/ohm/session.json'), 'utf8'));
  const own = {
    'network password': network.password, token, bearer, password, session: api.cookie.split('=')[1], csrf: api.csrf,
    'session of the command line': commandLine.cookie.split('=')[1], 'csrf of the command line': commandLine.csrf,
  };
  for (const [what, secret] of Object.entries(own)) search.add(what, secret);
  const label = readFileSync(installation.path('label'), 'utf8');
  search.add('pairing code', /^EM1:\w+:(\w+)$/m.exec(label)[1]);
  search.add('hotspot password', /P:(\w+);;/.exec(label)[1]);
  const kept = openKeystore();
  assert.ok(kept.keys.length > 0 && kept.secrets.length > 0, 'the meter has made its own');
  search.add('seal key', kept.sealKey);
  kept.keys.forEach((key, i) => search.add(`key ${i} of the meter`, key));
  kept.secrets.forEach((secret, i) => search.add(`secret ${i} of the meter`, secret));
  keyFiles = filesOf(installation.folder).filter((path) => readFileSync(path, 'latin1').startsWith('-----BEGIN PRIVATE KEY'));
  for (const path of keyFiles) search.add(inside(path), scalar(readFileSync(path)));
}, { timeout: 60000 });

after(async () => {
  api?.close();
  await installation?.close();
});

test('the search finds a secret in whatever form', () => {
  const [copy, secret] = [installation.path('copy'), Buffer.from(network.password)];
  const key = readFileSync(keyFiles[0]);
  const der = createPrivateKey(key).export({ format: 'der', type: 'sec1' });
  const base = (before, kind) => Buffer.concat([Buffer.alloc(before, 7), secret, Buffer.alloc(5, 9)]).toString(kind);
  const forms = [secret, secret.toString('hex'), secret.toString('hex').toUpperCase(), base(0, 'base64'), base(1, 'base64'), base(2, 'base64url')];
  for (const form of forms) {
    cpSync(installation.path('server/fleet.db-wal'), copy);
    assert.deepEqual(search.inFile(copy), []);
    writeFileSync(copy, Buffer.concat([readFileSync(copy), Buffer.from(form)]));
    assert.deepEqual(search.inFile(copy), ['network password'], `${form}`);
  }
  for (const form of [key, der, der.toString('hex'), der.toString('base64')]) {
    writeFileSync(copy, form);
    assert.deepEqual(search.inFile(copy), [inside(keyFiles[0])]);
  }
  rmSync(copy);
});

test('no log holds one, though the logs tell what was refused', () => {
  assert.match(log(), /AP_MODE[\s\S]*MQTT_CONNECTED/);
  assert.match(installation.ohmd.output(), /is ready/);
  for (const program of installation.programs) {
    assert.ok(program.output().length > 100, program.name);
    assert.deepEqual(search.inFile(program.log), [], program.name);
  }
});

test('programs that are killed while they hold secrets leave no core file', { timeout: 30000 }, async (t) => {
  for (const program of installation.programs) {
    assert.match(readFileSync(`/proc/${program.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m, program.name);
    assert.equal((await program.end('SIGABRT')).signal, 'SIGABRT', program.name);
    assert.deepEqual(readdirSync(program.coreFolder), [], program.name);
  }
  // A program that takes no care, in the same place: its core file is there, and the search looks into it.
  const careless = mayDumpCore(new Program('careless', 'sleep', ['60'], { log: installation.path('careless.log'), env: { OF_A_SCRIPT: network.password } }));
  careless.start();
  await until('it runs', () => readFileSync(`/proc/${careless.pid}/comm`, 'utf8').trim() === 'sleep');
  await careless.end('SIGABRT');
  const [core] = readdirSync(careless.coreFolder);
  const found = core && search.inFile(join(careless.coreFolder, core));
  rmSync(careless.coreFolder, { recursive: true });
  if (!core) {
    t.skip('this machine writes no core files to the folder of a program, so that there was none shows little');
    return;
  }
  assert.deepEqual(found, ['network password']);
});

test('no dump of a database holds one', () => {
  for (const [from, name_] of [['server', 'fleet.db'], ['server', 'accounts.db'], ['pki', 'identity.db']]) {
    const copy = installation.path('dumped', from);
    cpSync(installation.path(from), copy, { recursive: true });
    const dump = dumpDatabase(join(copy, name_));
    assert.ok(dump.length > 300, `${name_} has rows`);
    assert.deepEqual(search.inBytes(Buffer.from(dump)), [], name_);
  }
  rmSync(installation.path('dumped'), { recursive: true });
});

test('of all files, only those that are meant to hold a secret do, and none but their owner reads them', () => {
  const data = `devices/${name}/data`;
  const meant = {
    radio: ['network password'], // The simulated access point itself.
    label: ['hotspot password', 'pairing code'],
    'config/ohm/session.json': ['csrf of the command line', 'session of the command line'],
    'server/administrator_password': ['password'],
    [`${data}/seal.key`]: ['seal key'],
    // A known limit, told in SECURITY.md: what was typed into the portal, until the store moves to its other half.
    [`${data}/values.flash`]: ['network password', 'refused network', 'refused token', 'token'],
  };
  for (const path of keyFiles) meant[inside(path)] = [inside(path)];
  assert.deepEqual(keyFiles.map(inside).sort(), ['pki/broker/key.pem', 'pki/devices_api/key.pem', 'pki/devices_key.pem', 'pki/https/key.pem',
    'pki/ohmd/key.pem', 'pki/root_key.pem', 'pki/servers_key.pem', 'server/command_key']);
  assert.deepEqual(search.inFolder(installation.folder), meant);
  assert.deepEqual(search.inFolder(installation.memory), {});
  for (const path of Object.keys(meant)) assert.equal(statSync(installation.path(path)).mode & 0o777, 0o600, path);
});

test('no program holds one, nor a key from a standard, nor a key at all', () => {
  // From NIST SP 800-38A F.2, RFC 8032 7.1, RFC 6979 A.2.5 and RFC 7515 A.3: keys that examples carry from program to program.
  const published = new SecretSearch();
  published.add('AES-128', Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex'));
  published.add('AES-256', Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex'));
  published.add('Ed25519', Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'));
  published.add('P-256', Buffer.from('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721', 'hex'));
  published.add('ES256', Buffer.from('jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI', 'base64url'));
  assert.deepEqual(published.inBytes(Buffer.from('x2B7E151628AED2A6ABF7158809CF4F3Cx')), ['AES-128']);
  // A key in PEM: the words alone are in every program that reads one.
  const pemKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[\w+/]{20}/g;
  assert.match(readFileSync(keyFiles[0], 'latin1'), pemKey);
  for (const program of programs) {
    const bytes = readFileSync(join(buildFolder, program));
    assert.deepEqual(search.inBytes(bytes), [], program);
    assert.deepEqual(published.inBytes(bytes), [], program);
    const text = bytes.toString('latin1');
    assert.deepEqual(text.match(pemKey) ?? [], [], program);
    assert.deepEqual(text.match(/(?<=\0)\/[\w./-]+(\.key|key\.pem|_password)(?=\0)/g) ?? [], [], `${program} knows a place of keys`);
  }
});
