// SPDX-License-Identifier: MIT

// How many messages a second broker and fleet server carry on this machine, from a thousand meters with mutual TLS
// and QoS 1, each stored before it is acknowledged. Prints figures; judges nothing.
//
//   node tests/bench/bench_fleet.mjs [options of ohm-sim-fleet, such as --devices 1000 --seconds 20 --rate 20000]

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Installation } from '../e2e/installation.mjs';
import { buildFolder, residentMiB, sleep } from '../e2e/processes.mjs';

const installation = await Installation.create('bench', { ohmd: { flood_messages_per_s: 100000, queue_kib: 65536 } });
try {
  await installation.startBroker();
  const readyAfter = () => installation.ohmd.output().match(/ready after \d+ ms/g)?.at(-1);
  await installation.startOhmd();
  console.log(`ohmd: first start ${readyAfter()} (it hashes the administrator's password)`);
  await installation.ohmd.end('SIGTERM');
  await installation.startOhmd();
  console.log(`ohmd: second start ${readyAfter()}`);
  await sleep(1000);
  console.log(`ohmd: ${residentMiB(installation.ohmd.pid).toFixed(1)} MiB resident when idle`);

  console.log(`machine: ${cpus().length} cores, load ${loadavg()[0].toFixed(1)} before the run`);
  const key = join(installation.pki, 'ca_key.pem');
  if (!existsSync(key)) throw new Error(`${key} is missing`);
  const fleet = spawn(join(buildFolder, 'sim/fleet/ohm-sim-fleet'), [
    '--host', 'localhost', '--port', `${installation.brokerPort}`, '--ca', join(installation.pki, 'ca.pem'), '--ca-key', key,
    '--watch', `broker=${installation.broker.pid}`, '--watch', `ohmd=${installation.ohmd.pid}`, '--watch', 'generator=self',
    ...process.argv.slice(2),
  ], { stdio: 'inherit' });
  process.exitCode = await new Promise((done) => fleet.once('close', done));
} finally {
  await installation.close();
}
