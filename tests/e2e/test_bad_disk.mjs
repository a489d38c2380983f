// SPDX-License-Identifier: MIT

// Full and read-only disks under the fleet server and under a meter: small file systems in memory, mounted by this test,
// which therefore needs root and says so loudly when it is not.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { Program, sleep, until } from './processes.mjs';
import { readTrace } from './reading_trace.mjs';

let installation;
let meter;
let api;
let mayMount = true;
const mounts = [];

function mount(folder, size) {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, `ohm_test_disk_${process.pid}`, folder], { stdio: 'pipe' });
  mounts.push(folder);
}

// A run that was killed leaves its file systems behind: no process may hold on to one that nobody serves any more.
function unmountLeftovers() {
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [source, folder] = line.split(' ');
    const owner = /^ohm_test_disk_(\d+)$/.exec(source)?.[1];
    if (owner && !existsSync(`/proc/${owner}`)) execFileSync('umount', ['-l', folder]);
  }
}

function unmount() {
  for (const folder of mounts.splice(0)) execFileSync('umount', ['-l', folder]);
}
process.on('exit', unmount);

const remount = (folder, mode) => execFileSync('mount', ['-o', `remount,${mode}`, folder], { stdio: 'pipe' });

// Fills what is left of the file system under `folder`, and answers what gives the room back.
function fill(folder) {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096);
  assert.throws(() => {
    for (;;) writeSync(file, page);
  }, { code: 'ENOSPC' });
  closeSync(file);
  return () => rmSync(path);
}

before(async () => {
  installation = await Installation.create('disk');
  try {
    unmountLeftovers();
    mount(installation.path('server'), '16m');
    mount(installation.path('devices/meter-1'), '6m');
  } catch (error) {
    mayMount = false;
    console.log(`figure: SKIPPED: full and read-only disks, since nothing can be mounted here: ${error.message.split('\n')[0]}`);
    return;
  }
  await installation.start();
  meter = await installation.device('meter-1', {
    adc_source: 'synthesizer', rate_hz: 2000, journal_kb: 4096, run_dir: undefined, dwell_ms: 20, trace_file: installation.path('trace'),
  });
  meter.log = installation.path('meter-1.log'); // not on the disk that will be full
  meter.start();
  api = await installation.administrator();
  await until('the meter delivers', async () => (await api.get('/v1/system')).counters.readings_stored > 2);
});

after(async () => {
  api?.close();
  process.off('exit', unmount);
  for (const program of installation?.programs.toReversed?.() ?? []) await program.end('SIGKILL').catch(() => {});
  unmount();
  await installation?.close();
});

const health = async () => {
  const answer = await api.call('GET', '/healthz');
  return { status: answer.status, reason: answer.body.reason };
};
const errors = (program) => program.output().split('\n').filter((line) => /error/.test(line));
const journal = async () => (await api.get('/v1/devices/meter-1/deliveries')).journals[0];
const needsRoot = (t) => !mayMount && (t.skip('needs root, for mounting'), true);

test('ohmd says that its disk is full, acknowledges nothing it cannot store, and recovers', { timeout: 60000 }, async (t) => {
  if (needsRoot(t)) return;
  const giveBack = fill(installation.path('server'));
  const failing = await until('the disk is full', async () => {
    const seen = await health();
    return seen.status === 503 && seen;
  }, { timeoutMs: 20000 });
  assert.match(failing.reason, /the store failed: the disk is full/);
  const before = (await api.get('/v1/system')).counters;
  assert.ok(before.commits_failed > 0 && before.refused_storage > 0, JSON.stringify(before));
  await sleep(2500);
  const stuck = (await journal()).watermark;
  await sleep(1500);
  assert.equal((await journal()).watermark, stuck, 'what is acknowledged is stored');
  assert.ok((await api.get('/v1/devices/meter-1')).online, 'reading goes on');
  assert.equal(errors(installation.ohmd).length, 1, errors(installation.ohmd).join('\n'));
  assert.match(errors(installation.ohmd)[0], /the disk is full.*nothing is acknowledged until it works again/);
  console.log(`figure: ohmd on a full disk: ${errors(installation.ohmd)[0].replace(/^\S+ /, '')}`);

  giveBack();
  await until('it is well again', async () => (await health()).status === 200, { timeoutMs: 20000 });
  await until('the meter delivers again', async () => (await journal()).watermark > stuck + 3, { timeoutMs: 20000 });
});

test('ohmd ends at once on a disk that is full or read-only, and names it', { timeout: 60000 }, async (t) => {
  if (needsRoot(t)) return;
  await installation.ohmd.end();
  const attempt = async (what, words) => {
    const program = installation.add(new Program('ohmd', installation.ohmd.command, installation.ohmd.args, { log: installation.path(`${what}.log`) }));
    const { code } = await program.start().ended;
    await until(`${what}: its last words are in the file`, () => program.output() !== '');
    const lines = program.output().trim().split('\n');
    assert.equal(code, 1, program.output());
    assert.match(lines.at(-1), words);
    console.log(`figure: ohmd, ${what}: ${lines.at(-1).replace(/^\S+ /, '').replaceAll(installation.folder, '…')}`);
  };
  remount(installation.path('server'), 'ro');
  await attempt('read-only', /server\/\S+: .*[Rr]ead-only/);
  remount(installation.path('server'), 'rw');
  const store = installation.ohmdSettings.store_path;
  const giveBack = fill(installation.path('server'));
  installation.configureOhmd({ store_path: join(installation.path('server'), 'new.db') });
  await attempt('full', /server\/\S+: .*(full|No space)/);
  installation.configureOhmd({ store_path: store });
  giveBack();
  rmSync(join(installation.path('server'), 'new.db'), { force: true });
  await installation.startOhmd();
  await api.signIn('admin', readFileSync(installation.passwordFile, 'utf8').trim());
});

test('the meter keeps measuring and switching on a full disk', { timeout: 60000 }, async (t) => {
  if (needsRoot(t)) return;
  await until('the meter is back', async () => (await api.get('/v1/devices/meter-1')).online);
  const giveBack = fill(installation.path('devices/meter-1'));
  const before = (await journal()).watermark;
  const answer = await api.call('POST', '/v1/devices/meter-1/command', { command: 'set_relays', mask: 0x5a });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  await until('its readings arrive', async () => (await journal()).watermark > before + 3, { timeoutMs: 20000 });
  await sleep(1500);
  const complaint = errors(meter);
  console.log(`figure: device on a full disk: ${complaint.map((line) => line.replace(/^\S+ /, '')).join(' | ') || 'nothing to complain of'}`);
  // All that it needs was allocated when it began.
  assert.deepEqual(complaint, []);

  giveBack();
  await sleep(2000);
  await meter.end('SIGKILL');
  meter.start();
  await until('the relays come back as they were', async () => {
    const now = await api.get('/v1/devices/meter-1');
    return now.online && now.relay_mask === 0x5a && now.last_seen_ms > Date.now() - 1000;
  });
});

test('the meter ends at once on a read-only disk and names it, and begins on a full one', { timeout: 60000 }, async (t) => {
  if (needsRoot(t)) return;
  await meter.end();
  const attempt = async (what, words) => {
    const program = installation.add(new Program('meter-1', meter.command, meter.args, { log: installation.path(`meter-${what}.log`) }));
    const ended = program.start().ended;
    const result = await Promise.race([ended, sleep(10000)]);
    assert.ok(result, `${what}: it goes on: ${program.output()}`);
    const { code } = result;
    await until(`${what}: its last words are in the file`, () => program.output() !== '');
    const lines = program.output().trim().split('\n');
    assert.equal(code, 1, program.output());
    assert.match(lines.at(-1), words);
    console.log(`figure: device, ${what}: ${lines.at(-1).replace(/^\S+ /, '').replaceAll(installation.folder, '…')}`);
  };
  const folder = installation.path('devices/meter-1');
  remount(folder, 'ro');
  await attempt('read-only', /read-only/i);
  remount(folder, 'rw');
  // Its journal has all its room already, so a full disk does not keep it from beginning.
  const giveBack = fill(folder);
  meter.start();
  const started = Date.now();
  await until('it is online on the full disk', async () => {
    const now = await api.get('/v1/devices/meter-1');
    return now.online && now.last_seen_ms > started;
  }, { timeoutMs: 20000 });
  giveBack();
});

test('nothing is lost and nothing is stored twice', { timeout: 60000 }, async (t) => {
  if (needsRoot(t)) return;
  await sleep(500);
  const { journals } = readTrace(installation.path('trace'));
  assert.equal(journals.size, 1);
  const [[id, readings]] = [...journals];
  const newest = Math.max(...readings.keys());
  const stored = await until('everything has arrived', async () => {
    const one = await journal();
    return one.watermark >= newest && one;
  }, { timeoutMs: 20000 });
  console.log(`figure: ${readings.size} readings measured, ${stored.stored} records stored, ${stored.doubled} doubled, ${stored.gaps.length} gaps`);
  assert.equal(stored.journal_id, id);
  assert.deepEqual(stored.gaps, []);
  assert.equal(stored.stored, stored.watermark);
  assert.equal(stored.doubled, 0);
});
