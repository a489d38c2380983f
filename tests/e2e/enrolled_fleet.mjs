// SPDX-License-Identifier: MIT

// Simulated devices that get tokens from an administrator, are enrolled by the real ohmd, and stay at the real broker:
// ohm-sim-fleet and what it tells.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildFolder } from './processes.mjs';

export const fleetProgram = join(buildFolder, 'sim/fleet/ohm-sim-fleet');

// Settings of ohmd for many devices that all come from one address.
export const manyFromOneAddress = { enrolment_burst: 1000000, request_burst: 1000000 };

// Does `work` for 0 to count - 1, some at once.
export async function forEach(count, atOnce, work) {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await work(next++);
  }));
}

export class EnrolledFleet {
  // Gives every device a token and starts them; they enrol and connect by themselves.
  static async start(installation, api, count, options = []) {
    const fleet = new EnrolledFleet();
    fleet.names = Array.from({ length: count }, (_, number) => `sim-${String(number).padStart(5, '0')}`);
    const tokens = new Map();
    const begin = performance.now();
    await forEach(count, 8, async (number) => {
      const { status, body } = await api.call('POST', `/v1/devices/${fleet.names[number]}/enrolment`, {});
      if (status >= 300) throw new Error(`no token for ${fleet.names[number]}: ${status} ${JSON.stringify(body)}`);
      tokens.set(fleet.names[number], body.provisioning_token);
    });
    fleet.tokenSeconds = (performance.now() - begin) / 1000;
    mkdirSync(installation.path('fleet'));
    const file = installation.path('fleet', 'tokens');
    writeFileSync(file, fleet.names.map((name) => `${name} ${tokens.get(name)}\n`).join(''), { mode: 0o600 });
    fleet.spawn(['--ca', installation.ca, '--enrol', `https://localhost:${installation.devicesPort}`, '--tokens', file,
      '--port', `${installation.brokerPort}`, '--seconds', '0', ...options]);
    installation.add({ end: () => fleet.end() });
    return fleet;
  }

  spawn(args) {
    this.events = [];
    this.errors = '';
    this.waiting = new Set();
    this.child = spawn(fleetProgram, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let pending = '';
    this.child.stdout.setEncoding('utf8').on('data', (part) => {
      const lines = (pending + part).split('\n');
      pending = lines.pop();
      for (const line of lines) this.events.push(JSON.parse(line));
      for (const look of this.waiting) look();
    });
    this.child.stderr.setEncoding('utf8').on('data', (part) => { this.errors += part; });
    this.ended = new Promise((done) => this.child.once('close', (code) => {
      this.code = code;
      done(code);
      for (const look of this.waiting) look();
    }));
  }

  // The first event from number `from` on that `wanted` says yes to.
  next(what, wanted, { from = 0, timeoutMs = 60000 } = {}) {
    return new Promise((done, failed) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        settle(value);
      };
      const look = () => {
        const found = this.events.slice(from).find(wanted);
        if (found) end(done, found);
        else if (this.code !== undefined) end(failed, new Error(`the fleet ended (${this.code}) before ${what}: ${this.errors}`));
      };
      const timer = setTimeout(() => end(failed, new Error(`waited ${timeoutMs} ms in vain until ${what}`)), timeoutMs);
      this.waiting.add(look);
      look();
    });
  }

  async figures() {
    const from = this.events.length;
    this.child.kill('SIGUSR1');
    return this.next('the fleet tells its figures', ({ event }) => event === 'figures', { from });
  }

  // Ends it once everything is acknowledged; answers its exit code.
  async end() {
    if (this.code === undefined) this.child.kill('SIGINT');
    return this.ended;
  }
}
