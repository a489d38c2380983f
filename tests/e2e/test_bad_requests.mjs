// SPDX-License-Identifier: MIT

// Bad requests to the fleet server's REST interface: each is answered with a 4xx and a sentence that names what is
// wrong, never with a 5xx, and the server goes on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from './installation.mjs';
import { until } from './processes.mjs';

let installation;
let api;

before(async () => {
  installation = await (await Installation.create('requests')).start();
  const meter = await installation.device('meter-1', { adc_source: 'synthesizer', rate_hz: 2000, run_dir: undefined });
  meter.start();
  api = await installation.administrator();
  await until('the meter is online', async () => (await api.call('GET', '/v1/devices/meter-1')).body.online);
});

after(async () => {
  api?.close();
  await installation?.close();
});

function answeredWith(answer, status, words, what) {
  assert.equal(answer.status, status, `${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
  assert.match(answer.body.error, /^[a-z_]+$/, what);
  assert.match(answer.body.message, /^["A-Z].*\.$/, `${what}: a sentence`);
  if (words) assert.match(answer.body.message, words, `${what}: ${answer.body.message}`);
}

test('names the member of a body that is wrong', async () => {
  const command = '/v1/devices/meter-1/command';
  const cases = [
    ['nothing', '', 400, /body/i],
    ['no JSON', 'relay 0 on', 400, /JSON/],
    ['half an object', '{"command":"set_relay"', 400, /JSON/],
    ['two objects', '{"command":"set_relays","mask":1}{}', 400, /JSON/],
    ['an array', '[]', 400, /JSON/],
    ['a name twice', '{"command":"set_relays","mask":1,"mask":2}', 400, /unique/],
    ['deep nesting', `{"a":${'['.repeat(900)}${']'.repeat(900)}}`, 400, null],
    ['NaN', '{"command":"set_relays","mask":NaN}', 400, /JSON/],
    ['Infinity', '{"command":"set_relays","mask":Infinity}', 400, /JSON/],
    ['a number beyond 64 bits', '{"command":"set_relays","mask":99999999999999999999}', 400, /mask/],
    ['an exponent', '{"command":"set_relays","mask":1e400}', 400, /mask/],
    ['a fraction', '{"command":"set_relays","mask":1.5}', 400, /mask/],
    ['a mask of text', '{"command":"set_relays","mask":"1"}', 400, /mask/],
    ['a mask of 256', '{"command":"set_relays","mask":256}', 400, /mask/],
    ['a mask of null', '{"command":"set_relays","mask":null}', 400, /mask/],
    ['relay 8', '{"command":"set_relay","relay":8,"state":true}', 400, /relay/],
    ['relay -1', '{"command":"set_relay","relay":-1,"state":true}', 400, /relay/],
    ['no state', '{"command":"set_relay","relay":0}', 400, /state/],
    ['a state of 1', '{"command":"set_relay","relay":0,"state":1}', 400, /state/],
    ['no command', '{"relay":0,"state":true}', 400, /command/],
    ['an unknown command', '{"command":"explode"}', 400, /command/],
    ['an unknown member', '{"command":"set_relays","mask":1,"force":true}', 400, /force/],
    ['text that is not UTF-8', Buffer.from('{"command":"\xff"}', 'latin1').toString('latin1'), 400, null],
    ['a body above 2 KiB', JSON.stringify({ command: 'x'.repeat(3000) }), 413, /2/],
  ];
  for (const [what, body, status, words] of cases) answeredWith(await api.call('POST', command, body), status, words, what);
  answeredWith(await api.call('POST', command, '{}', { 'content-type': 'text/plain' }), 415, null, 'another media type');
  answeredWith(await api.call('POST', command, '{"command":"set_relays","mask":1}', { 'x-csrf-token': 'guess' }), 403, null, 'a wrong token');
  answeredWith(await api.call('PUT', '/v1/devices/meter-1', { name: 7 }), 400, /name/, 'a name that is a number');
  answeredWith(await api.call('PUT', '/v1/devices/meter-1', { name: 'x'.repeat(500) }), 400, /name/, 'a name too long');
  answeredWith(await api.call('PUT', '/v1/devices/meter-1', { name: 'two\nlines' }), 400, /name/, 'a name of two lines');
  answeredWith(await api.call('POST', '/v1/auth/login', { username: 1, password: [] }), 400, /username|password/, 'a sign-in of wrong types');
  assert.equal((await api.get('/v1/devices/meter-1')).relay_mask, 0, 'nothing has moved');
});

test('names the member of a query that is wrong', async () => {
  const device = '/v1/devices/meter-1';
  const cases = [
    [`${device}/telemetry?points=0`, /points/], [`${device}/telemetry?points=1e3`, /points/], [`${device}/telemetry?points=`, /points/],
    [`${device}/telemetry?points=99999999999999999999`, /points/], [`${device}/telemetry?channel=8`, /channel/],
    [`${device}/telemetry?channel=-1`, /channel/], [`${device}/telemetry?channel=Total`, /channel/],
    [`${device}/telemetry?start_ms=NaN&end_ms=1`, /start_ms/], [`${device}/telemetry?start_ms=2&end_ms=1`, /start_ms|end_ms/],
    [`${device}/telemetry?start_ms=-9223372036854775808&end_ms=9223372036854775807`, /start_ms|end_ms/],
    [`${device}/telemetry?points=20&points=30`, /points/], [`${device}/telemetry?unknown=1`, /unknown/],
    [`${device}/telemetry?points=%zz`, null], [`${device}/telemetry?points=%00`, null],
    [`${device}/energy?period=forever`, /period/], [`${device}/energy?period=today&start_ms=1`, /start_ms|period/],
    ['/v1/devices?page=0', /page/], ['/v1/devices?per_page=100000', /per_page/], ['/v1/devices?page=18446744073709551617', /page/],
    ['/v1/system?x=1', /x/], ['/v1/stream?device=..%2f..', null],
  ];
  for (const [path, words] of cases) {
    const answer = await api.call('GET', path);
    assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    answeredWith(answer, answer.status, words, path);
  }
});

test('leads nowhere outside of its paths', async () => {
  for (const path of ['/v1/devices/..%2f..%2fetc%2fpasswd', '/v1/devices/meter-2', '/v1/devices/%00', '/v1/devices/a%20b',
    `/v1/devices/${'x'.repeat(300)}`, '/v1/nothing', '/v1/', '/v1/devices//telemetry']) {
    const answer = await api.call('GET', path);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
    assert.match(answer.body.message, /\.$/, path);
  }
  for (const path of ['/../../../etc/passwd', '/%2e%2e/%2e%2e/%2e%2e/etc/passwd', '/assets/..%2f..%2f..%2fetc%2fpasswd', '/..\\..\\etc\\passwd', '/.%00./x']) {
    const answer = await api.call('GET', path);
    assert.doesNotMatch(String(answer.body), /root:/, path);
    assert.ok(answer.status < 500, `${path}: ${answer.status}`);
  }
  for (const method of ['DELETE', 'PATCH', 'TRACE']) {
    const answer = await api.call(method, '/v1/devices/meter-1');
    assert.ok(answer.status === 405 || answer.status === 404, `${method}: ${answer.status}`);
  }
});

const exchange = (bytes) => new Promise((done) => {
  let answer = '';
  const socket = connect({ host: '127.0.0.1', port: installation.httpsPort, servername: 'localhost', ca: readFileSync(join(installation.pki, 'ca.pem')) });
  socket.on('secureConnect', () => socket.write(bytes));
  socket.on('data', (part) => { answer += part; });
  socket.on('error', () => done(answer));
  socket.on('close', () => done(answer));
  setTimeout(() => socket.destroy(), 1500);
});

test('survives requests that are no HTTP', async () => {
  const cases = ['\r\n\r\n', 'GET\r\n\r\n', `GET /${'a'.repeat(40000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(9000)}\r\n`,
    'POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n{}',
    'POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999999999999\r\n\r\n{}',
    'POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
    'GET /v1/devices HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\x00', '\0'.repeat(1000)];
  const answers = await Promise.all(cases.map(exchange));
  // 505 is the answer to another version of HTTP (RFC 9110, section 15.6.6), and no failure of the server.
  answers.forEach((answer, index) => assert.doesNotMatch(answer, /^HTTP\/1\.\d 5(?!05)/, `${JSON.stringify(cases[index].slice(0, 40))}: ${answer.slice(0, 60)}`));
  assert.equal((await api.call('GET', '/healthz')).status, 200);
  assert.ok(installation.ohmd.running);
});
