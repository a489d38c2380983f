// SPDX-License-Identifier: MIT

// How many devices a second the server enrols, each with a token of its own, on the disk and in the broker's list before it is
// answered; and how many handshakes with client certificates it takes. Prints figures; judges nothing.
//
//   node tests/bench/bench_enrolment.mjs [DEVICES [AT_ONCE]]

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'node:https';
import { Installation } from '../e2e/installation.mjs';

const devices = Number(process.argv[2] ?? 300);
const atOnce = Number(process.argv[3] ?? 8);
const installation = await Installation.create('bench_enrolment', {
  guard: true, authority: true, ohmd: { enrolment_burst: 1000000, request_burst: 1000000 },
});

function post(agent, path, body, headers = {}) {
  return new Promise((done, failed) => {
    const outgoing = request({
      host: '127.0.0.1', servername: 'localhost', port: installation.devicesPort, method: 'POST', path, agent,
      headers: { host: 'localhost', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
    }, (incoming) => {
      const parts = [];
      incoming.on('data', (part) => parts.push(part));
      incoming.on('end', () => done({ status: incoming.statusCode, body: Buffer.concat(parts).toString() }));
    });
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}

// Does `work` for 0 to count - 1, some at once. Answers the seconds it took and the processor time of ohmd.
async function timed(count, work) {
  const ticks = () => {
    const fields = readFileSync(`/proc/${installation.ohmd.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  const begin = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await work(next++);
  }));
  return { seconds: (performance.now() - begin) / 1000, cpuMs: (ticks() - before) * 10 };
}

const tell = (what, count, { seconds, cpuMs }) =>
  console.log(`${what}: ${(count / seconds).toFixed(0)} a second, ${(cpuMs / count).toFixed(2)} ms of ohmd's processor time each`);

try {
  await installation.start();
  const api = await installation.administrator();
  const folder = installation.path('csr');
  mkdirSync(folder);
  const fleet = [];
  for (let number = 0; number < devices; number++) {
    const key = join(folder, `${number}.key`);
    const csr = execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/', '-keyout', key],
      { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    fleet.push({ device_id: `bench-${number}`, csr, key: readFileSync(key) });
  }
  console.log(`machine: ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; ${devices} devices, ${atOnce} at once`);
  tell('tokens', devices, await timed(devices, async (number) => {
    const { body } = await api.call('POST', `/v1/devices/bench-${number}/enrolment`, {});
    fleet[number].token = body.provisioning_token;
  }));
  const ca = readFileSync(installation.ca);
  const agent = new Agent({ ca, keepAlive: true, maxSockets: atOnce });
  tell('enrolments', devices, await timed(devices, async (number) => {
    const { device_id, csr, token } = fleet[number];
    const { status, body } = await post(agent, '/sign-csr', JSON.stringify({ device_id, csr }), { authorization: `Bearer ${token}` });
    if (status !== 200) throw new Error(body);
    fleet[number].cert = JSON.parse(body).certificate.content;
  }));
  tell('handshakes with a client certificate, and the confirmation written', devices, await timed(devices, async (number) => {
    const { cert, key } = fleet[number];
    const { status, body } = await post(new Agent({ ca, cert, key, maxCachedSessions: 0 }), '/v2/enroll/confirm', '{}');
    if (status !== 200) throw new Error(body);
  }));
  tell('the same, with nothing left to write', devices, await timed(devices, async (number) => {
    const { cert, key } = fleet[number];
    await post(new Agent({ ca, cert, key, maxCachedSessions: 0 }), '/v2/enroll/confirm', '{}');
  }));
  agent.destroy();
  api.close();
} finally {
  await installation.close();
}
