// SPDX-License-Identifier: MIT

// What is wrong before anything can work: certificates, keys, ports, names. Each time one sentence names the cause and
// says what to do, and a program that cannot go on ends at once with a failure, while one that can keeps measuring.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { freePort, Program, repository, run, until } from './processes.mjs';

let installation;
let foreign;
let bad;

// Certificates that went wrong in every way, under `bad`.
before(async () => {
  installation = await Installation.create('setup');
  await installation.startBroker();
  foreign = installation.path('foreign');
  bad = installation.path('bad');
  mkdirSync(bad);
  const pki = join(repository, 'tools/pki.sh');
  await run(pki, ['init', foreign]);
  await run(pki, ['device', foreign, 'meter-1']);
  await run(pki, ['device', installation.pki, 'meter-1']);
  writeFileSync(join(bad, 'nonsense.pem'), 'no certificate\n');
  for (const name of ['ohmd', 'devices/meter-1', 'broker', 'https']) {
    const folder = join(installation.pki, name);
    const label = name.split('/').at(-1);
    const text = readFileSync(join(folder, 'cert.pem'), 'latin1');
    const lines = text.split('\n');
    lines[2] = lines[2].split('').reverse().join('');
    writeFileSync(join(bad, `${label}_damaged.pem`), lines.join('\n'));
    const request = join(bad, `${label}.csr`);
    await run('openssl', ['req', '-new', '-key', join(folder, 'key.pem'), '-subj', `/O=Ohmstead/CN=${label}`, '-out', request]);
    writeFileSync(join(bad, 'names'), label === 'broker' ? 'subjectAltName=DNS:elsewhere.example\n' : '');
    for (const [kind, days] of [['expired', '-1'], ['elsewhere', '9']]) {
      await run('openssl', ['x509', '-req', '-in', request, '-CA', join(installation.pki, 'ca.pem'), '-CAkey', join(installation.pki, 'ca_key.pem'),
        '-set_serial', '0x77', '-days', days, '-extfile', join(bad, 'names'), '-out', join(bad, `${label}_${kind}.pem`)]);
    }
  }
});

after(() => installation?.close());

async function ohmdEndsWith(changes, words, what) {
  const before = { ...installation.ohmdSettings };
  installation.configureOhmd(changes);
  const begin = Date.now();
  const program = installation.add(new Program('ohmd', installation.ohmd.command, installation.ohmd.args, { log: installation.path(`ohmd-${begin}.log`) }));
  const { code } = await program.start().ended;
  await until(`${what}: its last words are in the file`, () => program.output() !== '');
  installation.ohmdSettings = before;
  installation.configureOhmd();
  const lines = program.output().trim().split('\n');
  assert.equal(code, 1, `${what}: ${program.output()}`);
  assert.ok(Date.now() - begin < 5000, `${what}: it took ${Date.now() - begin} ms`);
  assert.equal(lines.length, 1, `${what}: ${program.output()}`);
  assert.match(lines[0], words, what);
  console.log(`figure: ohmd, ${what}: ${lines[0].replace(/^\S+ /, '').replaceAll(installation.folder, '…')}`);
}

test('ohmd ends at once when its certificate for the broker is of no use', async () => {
  await ohmdEndsWith({ broker_certificate_file: join(installation.pki, 'gone.pem') }, /gone\.pem: No such file.*; \w+/, 'no certificate');
  await ohmdEndsWith({ broker_certificate_file: join(bad, 'nonsense.pem') }, /nonsense\.pem: .*PEM.*; \w+/, 'a certificate that is none');
  await ohmdEndsWith({ broker_certificate_file: join(bad, 'ohmd_damaged.pem') }, /ohmd_damaged\.pem: .*; \w+/, 'a damaged certificate');
  await ohmdEndsWith({ broker_certificate_file: join(bad, 'ohmd_expired.pem') }, /ohmd_expired\.pem: .*expired on \d{4}-.*; renew/, 'an expired certificate');
  await ohmdEndsWith({ broker_certificate_file: join(foreign, 'ohmd/cert.pem'), broker_key_file: join(foreign, 'ohmd/key.pem') },
    /foreign\/ohmd\/cert\.pem: .*authority.*; \w+/, 'a certificate of another authority');
  await ohmdEndsWith({ broker_key_file: join(bad, 'nonsense.pem') }, /nonsense\.pem: .*key.*; \w+/, 'a key that is none');
  await ohmdEndsWith({ broker_key_file: join(installation.pki, 'https/key.pem') }, /https\/key\.pem: .*key.*; \w+/, 'the key of another certificate');
  await ohmdEndsWith({ broker_ca_file: join(bad, 'nonsense.pem') }, /nonsense\.pem: .*; \w+/, 'an authority that is none');
});

test('ohmd ends at once when it cannot serve HTTP', async () => {
  await ohmdEndsWith({ https_certificate_file: join(bad, 'https_damaged.pem') }, /https_damaged\.pem.*broken/, 'a damaged certificate for HTTPS');
  await ohmdEndsWith({ https_key_file: join(installation.pki, 'ohmd/key.pem') }, /https\/cert\.pem.*key/, 'the key of another certificate for HTTPS');
  await ohmdEndsWith({ https_key_file: join(installation.pki, 'gone.pem') }, /gone\.pem: No such file/, 'no key for HTTPS');
  const open = join(bad, 'open_key.pem');
  copyFileSync(join(installation.pki, 'https/key.pem'), open);
  chmodSync(open, 0o644);
  await ohmdEndsWith({ https_key_file: open }, /open_key\.pem.*everybody/, 'a key that everybody may read');
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => taken.once('listening', done));
  await ohmdEndsWith({ https_port: taken.address().port }, /port \d+: another program uses that port/, 'a port in use for HTTPS');
  await ohmdEndsWith({ http_local_port: taken.address().port }, /port \d+: another program uses that port/, 'a port in use for HTTP');
  taken.close();
  await ohmdEndsWith({ https_address: '192.0.2.1' }, /192\.0\.2\.1.*assign|192\.0\.2\.1.*address/, 'an address of another machine');
});

test('ohmd ends at once when its settings are of no use', async () => {
  await ohmdEndsWith({ https_prot: 1 }, /ohmd\.conf:\d+: there is no key 'https_prot'/, 'an unknown key');
  await ohmdEndsWith({ broker_port: 'x' }, /broker_port must be a number/, 'a port that is none');
  await ohmdEndsWith({ store_path: '/nowhere/fleet.db' }, /\/nowhere\/fleet\.db.*No such file/, 'a folder that is not there');
  writeFileSync(join(bad, 'fleet.db'), 'no database '.repeat(500));
  await ohmdEndsWith({ store_path: join(bad, 'fleet.db') }, /bad\/fleet\.db: .*database/, 'a store that is no database');
  await ohmdEndsWith({ accounts_path: join(bad, 'fleet.db') }, /bad\/fleet\.db: .*database/, 'accounts that are no database');
});

const mosquitto = () => installation.broker.command;

// Runs ohmd against a broker that it cannot use, and waits for its line and for /healthz.
async function ohmdGoesOnSaying(changes, words, what) {
  const settings = { ...installation.ohmdSettings };
  installation.configureOhmd(changes);
  const program = installation.add(new Program('ohmd', installation.ohmd.command, installation.ohmd.args, { log: installation.path(`ohmd-${Date.now()}.log`) }));
  program.start();
  await until(`${what} is told`, () => words.test(program.output()), { timeoutMs: 6000 }).catch((error) => {
    throw new Error(`${error.message}\n${program.output()}`);
  });
  const health = await fetch(`http://localhost:${installation.localPort}/healthz`);
  const reason = (await health.json()).reason;
  assert.equal(health.status, 503, what);
  assert.match(reason, /^the broker is not connected: ./, what);
  const lines = program.output().split('\n').filter((line) => line.includes('broker: '));
  assert.ok(lines.length <= 2, `${what}: ${lines.join('\n')}`);
  console.log(`figure: ohmd, ${what}: ${lines[0].replace(/^\S+ /, '')} | ${reason}`);
  assert.equal((await program.end()).code, 0);
  installation.ohmdSettings = settings;
  installation.configureOhmd();
}

// A second broker with a certificate of its own.
async function brokerWith(certificate, key, port) {
  const folder = installation.path(`broker-${port}`);
  cpSync(installation.path('broker'), folder, { recursive: true });
  const config = readFileSync(join(folder, 'mosquitto.conf'), 'utf8')
    .replace(/^listener \d+/m, `listener ${port}`).replace(/^certfile .*/m, `certfile ${certificate}`).replace(/^keyfile .*/m, `keyfile ${key}`);
  writeFileSync(join(folder, 'mosquitto.conf'), config);
  return installation.add(new Program(`broker-${port}`, mosquitto(), ['-c', join(folder, 'mosquitto.conf')], { log: join(folder, 'log') }));
}

// `most` lines may say it: one a cause and minute.
async function deviceGoesOnSaying(settings, words, what, most = 1) {
  const device = await installation.device('meter-1', { adc_source: 'synthesizer', rate_hz: 2000, speed: 10, run_dir: undefined, ...settings });
  device.log = installation.path(`device-${Date.now()}.log`);
  device.start();
  await until(`${what} is told`, () => words.test(device.output()), { timeoutMs: 15000 }).catch(async (error) => {
    await device.end('SIGKILL');
    throw new Error(`${error.message}\n${device.output()}`);
  });
  const lines = device.output().split('\n').filter((line) => words.test(line));
  assert.ok(lines.length <= most, `${what}: ${lines.join('\n')}`);
  assert.ok(device.running, `${what}: it goes on measuring`);
  console.log(`figure: device, ${what}: ${lines[0].replace(/^\S+ /, '').replaceAll(installation.folder, '…')}`);
  await device.end('SIGKILL');
}

test('device and ohmd say why they cannot speak with the broker, and go on', async (t) => {
  const [expired, elsewhere, stranger] = [await freePort(), await freePort(), await freePort()];
  const key = join(installation.pki, 'broker/key.pem');
  (await brokerWith(join(bad, 'broker_expired.pem'), key, expired)).start();
  (await brokerWith(join(bad, 'broker_elsewhere.pem'), key, elsewhere)).start();
  (await brokerWith(join(foreign, 'broker/cert.pem'), join(foreign, 'broker/key.pem'), stranger)).start();
  const nobody = await freePort();

  await t.test('a broker whose certificate has expired', async () => {
    await ohmdGoesOnSaying({ broker_port: expired }, /expired/, 'an expired broker');
    await deviceGoesOnSaying({ broker_port: expired }, /expired|certificate verify failed/, 'an expired broker');
  });
  await t.test('a broker of another name', async () => {
    await ohmdGoesOnSaying({ broker_port: elsewhere }, /host ?name|localhost.*name/i, 'a broker of another name');
    await deviceGoesOnSaying({ broker_port: elsewhere }, /host ?name|certificate verify failed/i, 'a broker of another name');
  });
  await t.test('a broker of another authority', async () => {
    await ohmdGoesOnSaying({ broker_port: stranger }, /verify failed|authority|issuer/i, 'a broker of another authority');
    await deviceGoesOnSaying({ broker_port: stranger }, /verify failed|authority|issuer/i, 'a broker of another authority');
  });
  await t.test('no broker at all', async () => {
    await ohmdGoesOnSaying({ broker_port: nobody }, /refused/i, 'no broker');
    await deviceGoesOnSaying({ broker_port: nobody }, /refused|nobody listens/i, 'no broker');
  });
  await t.test('a name that nobody knows', async () => {
    await ohmdGoesOnSaying({ broker_host: 'no-such-host.invalid' }, /no-such-host\.invalid.*(name|lookup|resol)/i, 'an unknown host');
    await deviceGoesOnSaying({ broker_host: 'no-such-host.invalid' }, /no-such-host\.invalid.*(name|lookup|resol)/i, 'an unknown host');
  });
  await t.test('a device with a certificate of another authority', async () => {
    await deviceGoesOnSaying({ cert: join(foreign, 'devices/meter-1/cert.pem'), key: join(foreign, 'devices/meter-1/key.pem') },
      /unknown ca|certificate|handshake|connection/i, 'a certificate of another authority');
  });
});

async function deviceEndsWith(settings, words, what) {
  const device = await installation.device('meter-1', { adc_source: 'synthesizer', rate_hz: 2000, run_dir: undefined, ...settings });
  device.log = installation.path(`device-${Date.now()}.log`);
  const begin = Date.now();
  const { code } = await device.start().ended;
  await until(`${what}: its last words are in the file`, () => device.output() !== '');
  const lines = device.output().trim().split('\n');
  assert.ok(code === 1 || code === 2, `${what}: ${code} ${device.output()}`);
  assert.ok(Date.now() - begin < 5000, `${what}: it took ${Date.now() - begin} ms`);
  assert.match(device.output(), words, what);
  console.log(`figure: device, ${what}: exit ${code}, ${lines.at(-1).replace(/^\d\S+ /, '').replaceAll(installation.folder, '…')}`);
}

test('the device ends at once when its certificate or its settings are of no use', async () => {
  await deviceEndsWith({ cert: join(bad, 'nonsense.pem') }, /nonsense\.pem.*PEM/, 'a certificate that is none');
  await deviceEndsWith({ cert: join(bad, 'meter-1_damaged.pem') }, /meter-1_damaged\.pem/, 'a damaged certificate');
  // It may have expired while the meter ran, or the clock may be wrong: measuring goes on.
  await deviceGoesOnSaying({ cert: join(bad, 'meter-1_expired.pem') }, /expired on \d{4}-/, 'an expired certificate', 2);
  await deviceEndsWith({ key: join(installation.pki, 'ohmd/key.pem') }, /ohmd\/key\.pem.*not that of/, 'the key of another certificate');
  await deviceEndsWith({ key: join(installation.pki, 'gone.pem') }, /gone\.pem: No such file/, 'no key');
  const torn = installation.path('torn');
  mkdirSync(torn);
  writeFileSync(join(torn, 'journal.flash'), Buffer.alloc(100));
  await deviceEndsWith({ data_dir: torn }, /journal\.flash/, 'a journal of no possible size');
  await deviceEndsWith({ broker_prot: '1' }, /line \d+: there is no such option/, 'an unknown option');
});

test('the broker ends at once when its port or its certificate is of no use', async () => {
  for (const [what, broker, words] of [
    ['a port in use', await brokerWith(join(installation.pki, 'broker/cert.pem'), join(installation.pki, 'broker/key.pem'), installation.brokerPort), /Address already in use/],
    ['a damaged certificate', await brokerWith(join(bad, 'broker_damaged.pem'), join(installation.pki, 'broker/key.pem'), await freePort()), /broker_damaged\.pem/],
  ]) {
    const { code } = await broker.start().ended;
    assert.notEqual(code, 0, what);
    await until(`${what} is named`, () => words.test(broker.output()), { timeoutMs: 2000 });
  }
});
