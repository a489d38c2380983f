// SPDX-License-Identifier: MIT

// `ohm enroll` with somebody on the way who records every byte of both directions, and who may change one; and with a
// real server that gives the token and tells when the device is on line.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, freePort, repository, until } from './processes.mjs';

const code = 'EM1:meter-1:AAAQEAYEAUDAOCAJBIFQYDIOB4';
const planted = { ssid: 'planted-network-7781', password: 'planted-password-4242', token: 'planted-token-0815' };
const home = mkdtempSync(join(tmpdir(), 'enroll-'));
const tokenFile = join(home, 'token');
writeFileSync(tokenFile, `${planted.token}\n`);

after(() => rmSync(home, { recursive: true }));

/** Starts a device that takes sealed credentials alone, and a wire to it that `meddle` may change what passes on. */
async function withWire(meddle, visit) {
  const child = spawn(join(buildFolder, 'tests/provisioning/portal_device'), ['--sealed'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('close', done));
  const wire = { captured: [], taken: '', meddled: false };
  child.stdout.on('data', (text) => { wire.taken += text; });
  while (!wire.taken.includes('\n')) await new Promise((done) => child.stdout.once('data', done));
  const { port } = new URL(wire.taken.split('\n')[0]);
  const server = createServer((client) => {
    const device = connect(Number(port), '127.0.0.1');
    for (const [from, to] of [[client, device], [device, client]]) {
      from.on('data', (bytes) => {
        wire.captured.push(bytes);
        const passed = meddle(bytes.toString('latin1'));
        wire.meddled ||= passed !== bytes.toString('latin1');
        to.write(Buffer.from(passed, 'latin1'));
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  wire.address = `http://127.0.0.1:${server.address().port}`;
  try {
    await visit(wire);
  } finally {
    await new Promise((done) => server.close(done));
    child.stdin.end();
    await ended;
  }
}

function enroll(address, more = ['--no-wait', '--token-file', tokenFile], environment = {}, label = code) {
  return ohm(['enroll', '--address', address, '--ssid', planted.ssid, '--code-file', '-', '--wifi-password-file', '-', '--wait', '20',
    ...more], `${label}\n${planted.password}\n`, environment);
}

function ohm(words, input, environment = {}) {
  return new Promise((done, failed) => {
    const child = spawn(join(buildFolder, 'cli/ohm/ohm'), words,
      { env: { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, ...environment }, stdio: ['pipe', 'pipe', 'pipe'], timeout: 60000 });
    const answer = { output: '' };
    child.stdout.on('data', (part) => (answer.output += part));
    child.stderr.on('data', (part) => (answer.output += part));
    child.on('error', failed);
    child.on('close', (status) => done({ ...answer, status }));
    child.stdin.end(input);
  });
}

test('shows nothing of what it carries to whoever records it', { timeout: 60000 }, async () => {
  await withWire((bytes) => bytes, async (wire) => {
    const { status, output } = await enroll(wire.address);
    assert.equal(status, 0, output);
    assert.match(wire.taken, new RegExp(`ssid=${planted.ssid} password=${planted.password} device_id=meter-1 token=${planted.token} `));
    const captured = Buffer.concat(wire.captured);
    assert.ok(captured.length > 2000, `${captured.length} bytes were captured`);
    assert.ok(captured.includes('/pair/finish') && captured.includes('"ct":"'));
    for (const marker of [...Object.values(planted), code.slice(-26)]) {
      const bytes = Buffer.from(marker);
      assert.ok(!captured.includes(bytes), marker);
      assert.ok(!captured.toString('latin1').toLowerCase().includes(bytes.toString('hex')), `${marker} in hexadecimal`);
      for (const shift of [0, 1, 2]) {
        const inside = bytes.subarray(shift, shift + 3 * Math.floor((bytes.length - shift) / 3)).toString('base64url');
        assert.ok(!captured.includes(inside), `${marker} in base64`);
      }
    }
  });
});

const change = (name) => (text) => text.replace(new RegExp(`("${name}":"?)([A-Za-z0-9_-])`), (all, start, first) => start + (first === 'A' ? 'B' : first === '1' ? '2' : 'A'));

for (const field of ['client_pub', 'client_nonce', 'device_pub', 'device_nonce', 'confirm', 'sid', 'ct', 'n']) {
  test(`is refused when ${field} was changed on the way`, { timeout: 60000 }, async () => {
    let changed = false;
    const once = (text) => {
      const next = changed ? text : field === 'n' ? text.replace(/"n":1/, '"n":3') : change(field)(text);
      changed ||= next !== text;
      return next;
    };
    await withWire(once, async (wire) => {
      const { status, output } = await enroll(wire.address);
      assert.ok(wire.meddled, 'there was something to change');
      assert.equal(status, 1, output);
      assert.doesNotMatch(wire.taken, /ssid=/, 'nothing reached the device');
    });
  });
}

test('does not believe a "saved" that the device did not say', { timeout: 60000 }, async () => {
  const forge = (text) => (text.includes('"ct"') && text.startsWith('HTTP/1.1') ? text.replace(/\{.*$/, (body) => '{"status":"ok","message":"Credentials saved"}'.padEnd(body.length)) : text);
  await withWire(forge, async (wire) => {
    const { status, output } = await enroll(wire.address);
    assert.ok(wire.meddled);
    assert.equal(status, 1, output);
    assert.doesNotMatch(output, /is in the network/);
  });
});

test('lets nobody who answers in the place of the device steer the terminal', { timeout: 60000 }, async () => {
  const answer = JSON.stringify({ error: 'x', message: '\u001b]0;owned\u0007\u001b[2J\u009b1mno\nohm: all is well' });
  const impostor = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => socket.end(bytes.includes('GET /status')
      ? 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}'
      : `HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`));
  });
  await new Promise((done) => impostor.listen(0, '127.0.0.1', done));
  try {
    const { status, output } = await enroll(`http://127.0.0.1:${impostor.address().port}`);
    assert.equal(status, 1, output);
    assert.match(output, /the device says: \?\]0;owned\?\?\[2J\?1mno\?ohm: all is well\n/);
    assert.doesNotMatch(output, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  } finally {
    await new Promise((done) => impostor.close(done));
  }
});

test('gets a token from the server, and waits until the server has the device on line', { timeout: 120000 }, async () => {
  const authority = join(home, 'authority');
  const installation = await (await Installation.create('enroll', { ohmd: { authority_folder: authority } })).start();
  try {
    const environment = { OHM_CA: join(installation.pki, 'ca.pem'), OHM_SERVER: `https://localhost:${installation.httpsPort}` };
    await withWire((bytes) => bytes, async (wire) => {
      const stranger = await enroll(wire.address, [], environment);
      assert.equal(stranger.status, 3, stranger.output);
      assert.doesNotMatch(wire.taken, /ssid=/);
      const login = await ohm(['login', '--password-file', installation.passwordFile], '', environment);
      assert.equal(login.status, 0, login.output);

      const absent = await enroll(wire.address, [], environment);
      assert.equal(absent.status, 1, absent.output);
      assert.match(absent.output, /the server does not have it on line yet/);
      const [, first] = wire.taken.match(/ token=([A-Za-z0-9_-]{43}) /) ?? assert.fail(wire.taken);

      (await installation.device('meter-1', { adc_source: 'synthesizer' })).start();
      const done = await enroll(wire.address, [], environment);
      assert.equal(done.status, 0, done.output);
      assert.match(done.output, /^meter-1 is on line, address 192\.168\.1\.100\.$/m);
      const tokens = [...wire.taken.matchAll(/ token=([A-Za-z0-9_-]{43}) /g)].map(([, token]) => token);
      assert.equal(new Set(tokens).size, 2, 'each enrolment has a token of its own');
      assert.equal(tokens[0], first);
    });
  } finally {
    await installation.close();
  }
});

test('takes a meter from the factory on line, sealed alone and unattended', { timeout: 120000 }, async () => {
  const installation = await (await Installation.create('factory')).start();
  const [portalPort, enrolmentPort] = [await freePort(), await freePort()];
  const log = installation.path('enrolment.log');
  const authority = spawn(process.execPath, [join(repository, 'tests/device/enrolment_server.mjs'), installation.pki, `${enrolmentPort}`,
    planted.token, log], { stdio: 'ignore' });
  try {
    await until('the authority listens', () => existsSync(log) && readFileSync(log, 'utf8').includes('listening'));
    const environment = { OHM_CA: join(installation.pki, 'ca.pem'), OHM_SERVER: `https://localhost:${installation.httpsPort}` };
    const login = await ohm(['login', '--password-file', installation.passwordFile], '', environment);
    assert.equal(login.status, 0, login.output);
    const [label, radio] = [installation.path('label'), installation.path('radio')];
    writeFileSync(radio, `scan_ms 500\nnetwork "${planted.ssid}" channel 6 rssi -48 password "${planted.password}" join_ms 400 dhcp_ms 300\n`);
    const meter = await installation.device('meter-1', {
      adc_source: 'synthesizer', cert: undefined, key: undefined, provisioning: 'yes', allow_plain: 'no',
      server_url: `https://localhost:${enrolmentPort}`, label_file: label, radio_script: radio, portal_address: '127.0.0.1',
      portal_port: portalPort,
    });
    meter.start();
    await until('the label is written', () => existsSync(label) && readFileSync(label, 'utf8').startsWith('EM1:meter-1:'));
    const [printed, joining] = readFileSync(label, 'utf8').split('\n');
    const drawn = await ohm(['qr', '--json', '--code-file', label], '', environment);
    assert.equal(JSON.parse(drawn.output).pairing, printed);
    assert.equal(JSON.parse(drawn.output).join, joining, 'the label and ohm name the same hotspot and password');

    const started = Date.now();
    const done = await enroll(`http://127.0.0.1:${portalPort}`, ['--token-file', tokenFile], environment, printed);
    assert.equal(done.status, 0, done.output);
    assert.match(done.output, /^meter-1 is on line, address 192\.168\.77\.23\.$/m);
    assert.match(readFileSync(log, 'utf8'), /POST \/sign-csr meter-1 200/);
    const said = readFileSync(join(meter.folder, 'log'), 'utf8');
    assert.match(said, /MQTT_CONNECTED/);
    for (const marker of [planted.password, planted.token, printed.slice(-26)]) assert.ok(!said.includes(marker), 'a secret is in the log');
    console.log(`figure: from pairing to on line at the server in ${Date.now() - started} ms`);
  } finally {
    authority.kill();
    await installation.close();
  }
});
