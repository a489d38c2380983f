// SPDX-License-Identifier: MIT

// Starts the real programs on free loopback ports in a folder of their own, and ends exactly what it started.

import { spawn, execFile } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const run = promisify(execFile);
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// The folder with the programs: an optimised build, unless BUILD_DIR names another.
export const buildFolder = resolve(repository, process.env.BUILD_DIR ?? 'build/release');

const listens = (...where) =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(null));
    server.listen(...where, () => done(server));
  });

// A loopback port that stays this process's until it ends, also while what listens there is started again: from 10000 to 19999,
// below those that Linux gives to outgoing connections and those of the shell tests. Other tests see that it is taken by a socket
// with its name, which goes with the process.
export async function freePort() {
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * 10000);
    const claim = await listens(`\0ohmstead-test-port-${port}`);
    const server = claim && (await listens(port, '127.0.0.1'));
    if (server) {
      claim.unref();
      await new Promise((done) => server.close(done));
      return port;
    }
    claim?.close();
  }
}

// Asks `question` until it answers with something true, and says what it waited for when it never does.
export async function until(what, question, { timeoutMs = 15000, everyMs = 50 } = {}) {
  const end = Date.now() + timeoutMs;
  let last;
  for (;;) {
    try {
      const answer = await question();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}${last ? `: ${last.message}` : ''}`);
    }
    await sleep(everyMs);
  }
}

// Memory that a process has in use now.
export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

// A program that may be killed and started again with the same arguments; its output goes to a log file.
export class Program {
  constructor(name, command, args, { log, env = {} }) {
    Object.assign(this, { name, command, args, log, env, child: null, starts: 0 });
  }

  start() {
    const out = createWriteStream(this.log, { flags: 'a' });
    const child = spawn(this.command, this.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
    });
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(out, { end: false });
    this.ended = new Promise((done) => {
      child.once('error', (error) => done({ error }));
      child.once('close', (code, signal) => {
        out.end();
        done({ code, signal });
      });
    });
    this.child = child;
    this.starts += 1;
    return this;
  }

  get pid() {
    return this.child?.pid;
  }

  get running() {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  async end(signal = 'SIGTERM') {
    if (!this.running) return this.ended;
    this.child.kill(signal);
    if (signal !== 'SIGKILL') {
      const timer = setTimeout(() => this.child.kill('SIGKILL'), 10000);
      const result = await this.ended;
      clearTimeout(timer);
      return result;
    }
    return this.ended;
  }

  output() {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
  }
}

// A folder that goes away with the test, unless OHM_KEEP is set, and everything started in it.
export class Scene {
  constructor(name) {
    this.folder = mkdtempSync(join(tmpdir(), `ohm-${name}-`));
    this.memory = mkdtempSync(`/dev/shm/ohm-${name}-`); // on a tmpfs: outlives processes, not the machine
    this.programs = [];
  }

  path(...parts) {
    return join(this.folder, ...parts);
  }

  add(program) {
    this.programs.push(program);
    return program;
  }

  async close() {
    for (const program of [...this.programs].reverse()) {
      await program.end().catch(() => {});
    }
    rmSync(this.memory, { recursive: true, force: true });
    if (process.env.OHM_KEEP) {
      console.log(`kept ${this.folder}`);
    } else {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
