// SPDX-License-Identifier: MIT

// The list of revoked certificates and the other things that everybody may fetch, judged by OpenSSL's own programs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, run } from './processes.mjs';

const listUrl = 'http://meters.example/crl';
let installation;
let environment;

const ohm = (...args) => run(join(buildFolder, 'cli/ohm/ohm'), args, { env: environment });
const openssl = (...args) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const at = (...parts) => installation.path(...parts);

// OpenSSL's word on a certificate: "OK", or what it says instead.
function judge(name) {
  try {
    openssl('verify', '-crl_check', '-CAfile', join(installation.pki, 'trust.pem'), '-CRLfile', at('list.pem'), at(`${name}.pem`));
    return 'OK';
  } catch (error) {
    return `${error.stdout}${error.stderr}`;
  }
}

async function fetchList(...options) {
  const { stdout } = await run('curl', ['-sS', '--cacert', installation.ca, '-o', at('list.der'), '-w', '%{http_code} %{content_type}', ...options,
    `https://localhost:${installation.devicesPort}/v1/crl`]);
  return stdout;
}

async function refreshList() {
  assert.equal(await fetchList(), '200 application/pkix-crl');
  openssl('crl', '-inform', 'DER', '-in', at('list.der'), '-out', at('list.pem'));
}

async function enrol(name) {
  const token = (await ohm('token', name)).stdout.trim();
  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`,
    '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
  const { stdout } = await run('curl', ['-sS', '--cacert', installation.ca, '-H', 'Content-Type: application/json', '-H', `Authorization: Bearer ${token}`,
    '-d', JSON.stringify({ device_id: name, csr: readFileSync(at(`${name}.csr`), 'utf8') }), `https://localhost:${installation.devicesPort}/sign-csr`]);
  const answer = JSON.parse(stdout);
  writeFileSync(at(`${name}.pem`), answer.certificate.content);
  return answer;
}

before(async () => {
  installation = await Installation.create('revocation_list', { guard: true, authority: true, ohmd: { crl_url: listUrl } });
  await installation.start();
  environment = {
    PATH: process.env.PATH, HOME: installation.path(), XDG_CONFIG_HOME: installation.path('config'), OHM_CA: installation.ca,
    OHM_SERVER: `https://localhost:${installation.httpsPort}`,
  };
  await ohm('login', '--password-file', installation.passwordFile);
});

after(() => installation?.close());

test('a device certificate names the list, and the answer does too', async () => {
  const answer = await enrol('meter_1');
  await enrol('meter_2');
  assert.equal(answer.crl_url, listUrl);
  assert.match(openssl('x509', '-in', at('meter_1.pem'), '-noout', '-ext', 'crlDistributionPoints'), new RegExp(`URI:${listUrl}\n`));
});

test('the list is signed by the authority of devices, and is good for a week', async () => {
  await refreshList();
  const told = openssl('crl', '-in', at('list.pem'), '-noout', '-CAfile', join(installation.pki, 'trust.pem'), '-lastupdate', '-nextupdate', '-crlnumber');
  const [from, until] = ['lastUpdate', 'nextUpdate'].map((name) => Date.parse(told.match(new RegExp(`${name}=(.*)`))[1]));
  assert.equal(until - from, 7 * 86400000);
  assert.ok(Math.abs(from - Date.now()) < 60000);
  assert.match(told, /crlNumber=0x[0-9A-F]+/);
  assert.throws(() => openssl('crl', '-in', at('list.pem'), '-noout', '-CAfile', join(installation.pki, 'servers.pem')));
});

test('OpenSSL refuses the revoked device and no other, from the next list on', async () => {
  assert.equal(judge('meter_1'), 'OK');
  await ohm('revoke', 'meter_1', '--reason', 'stolen');
  await refreshList();
  assert.match(judge('meter_1'), /certificate revoked/);
  assert.equal(judge('meter_2'), 'OK');
});

test('the list is the same after the server is killed, under a higher number', async () => {
  const number = () => BigInt(openssl('crl', '-in', at('list.pem'), '-noout', '-crlnumber').trim().split('=')[1]);
  const before = number();
  await installation.ohmd.end('SIGKILL');
  await installation.startOhmd();
  await refreshList();
  assert.match(judge('meter_1'), /certificate revoked/);
  assert.ok(number() > before);
});

test('a cache that has the list is not sent it again', async () => {
  const { stdout } = await run('curl', ['-sS', '--cacert', installation.ca, '-o', '/dev/null', '-D', '-', `https://localhost:${installation.devicesPort}/v1/crl`]);
  const tag = stdout.match(/etag: (.*)\r/i)[1];
  assert.match(await fetchList('-H', `If-None-Match: ${tag}`), /^304/);
});

test('csrattrs asks for what is signed here', async () => {
  const { stdout } = await run('curl', ['-sS', '--cacert', installation.ca, `https://localhost:${installation.devicesPort}/.well-known/est/csrattrs`]);
  writeFileSync(at('csrattrs.der'), Buffer.from(stdout, 'base64'));
  const objects = [...openssl('asn1parse', '-inform', 'DER', '-in', at('csrattrs.der')).matchAll(/OBJECT\s+:(\S+)/g)].map((match) => match[1]);
  assert.deepEqual(objects, ['id-ecPublicKey', 'prime256v1', 'ecdsa-with-SHA256']);
});
