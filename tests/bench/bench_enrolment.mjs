// SPDX-License-Identifier: MIT

// How many devices a second the server enrols, each with a token and a key of its own, on the disk and in the broker's list before it
// is answered; how many handshakes with client certificates server and broker take; what it costs to have all of them on line;
// how fast one is cut off, and how fast all come back. Prints figures; judges nothing but that no reading is lost.
//
//   node tests/bench/bench_enrolment.mjs [DEVICES [AT_ONCE [SECONDS]]]

import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { EnrolledFleet, manyFromOneAddress } from '../e2e/enrolled_fleet.mjs';
import { Installation } from '../e2e/installation.mjs';
import { residentMiB, sleep } from '../e2e/processes.mjs';

const [devices, atOnce, seconds] = [process.argv[2] ?? 1000, process.argv[3] ?? 32, process.argv[4] ?? 60].map(Number);
const patience = { timeoutMs: 600000 };
const of = (kind) => ({ event }) => event === kind;
const installation = await Installation.create('bench_enrolment', { guard: true, authority: true, ohmd: manyFromOneAddress });

// Milliseconds of processor time that broker and ohmd have used since their start.
function used() {
  return Object.fromEntries(['broker', 'ohmd'].map((name) => {
    const fields = readFileSync(`/proc/${installation[name].pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return [name, (Number(fields[11]) + Number(fields[12])) * 10];
  }));
}

const memory = () => `broker ${residentMiB(installation.broker.pid).toFixed(1)} MiB, ohmd ${residentMiB(installation.ohmd.pid).toFixed(1)} MiB resident`;

let before;
function tell(what, took, server) {
  const now = used();
  console.log(`${what}: ${(devices / took).toFixed(0)} a second, ${((now[server] - before[server]) / devices).toFixed(2)} ms of ${server}'s processor time each`);
  before = now;
}

try {
  await installation.start();
  const api = await installation.administrator();
  console.log(`machine: ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; ${devices} devices, ${atOnce} at once; ${memory()}`);
  before = used();
  const fleet = await EnrolledFleet.start(installation, api, devices, ['--at-once', `${atOnce}`]);
  tell('tokens', fleet.tokenSeconds, 'ohmd');
  tell('enrolments', (await fleet.next('all are enrolled', of('enrolled'), patience)).seconds, 'ohmd');
  tell('handshakes with a client certificate, and the confirmation written', (await fleet.next('all confirmed', of('confirmed'), patience)).seconds, 'ohmd');
  const settled = await fleet.next('all are on line', of('settled'), patience);
  tell('handshakes at the broker, with the guard', settled.seconds, 'broker');
  console.log(`all ${settled.on_line} on line ${settled.seconds.toFixed(1)} s after they began to connect; ${memory()}`);

  const first = await fleet.figures();
  await sleep(seconds * 1000);
  const last = await fleet.figures();
  console.log(`stayed ${seconds} s: ${last.disconnects} disconnects, ${((last.acknowledged - first.acknowledged) / (last.at_s - first.at_s)).toFixed(0)} readings a second `
    + `acknowledged, after ${last.ack_mean_ms} ms on average; ${memory()}`);

  let from = fleet.events.length;
  const begin = performance.now();
  await api.call('POST', `/v1/devices/${fleet.names[0]}/revocation`, {});
  await fleet.next('the session is ended', (event) => event.event === 'lost' && event.device === fleet.names[0], { from });
  console.log(`one revoked: cut off after ${(performance.now() - begin).toFixed(0)} ms`);
  const refused = await fleet.next('it is refused', of('settled'), { from });
  console.log(`on line: ${refused.on_line}, disconnects in all: ${(await fleet.figures()).disconnects}`);

  from = fleet.events.length;
  await installation.broker.end('SIGKILL');
  await installation.startBroker();
  const back = await fleet.next('all are back', (event) => event.event === 'settled' && event.on_line === devices - 1, { from, ...patience });
  console.log(`broker killed and started again: all ${back.on_line} back ${back.seconds.toFixed(1)} s after the first was lost; ${memory()}`);

  process.exitCode = await fleet.end();
  const end = fleet.events.at(-1);
  console.log(`${end.made - end.withheld} readings measured, ${end.waiting} lost (${end.withheld} more of the revoked device, which nobody takes)`);
  api.close();
} finally {
  await installation.close();
}
