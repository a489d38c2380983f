// SPDX-License-Identifier: MIT

// The programs as a person at a shell meets them: help, version, exit codes, and who may read their files.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { buildFolder, until } from './processes.mjs';

const programs = {
  ohmd: join(buildFolder, 'server/daemon/ohmd/ohmd'),
  'ohm-device': join(buildFolder, 'firmware/apps/energy_meter/ohm-device'),
  'ohm-sim-fleet': join(buildFolder, 'sim/fleet/ohm-sim-fleet'),
};
const configured = ['ohmd', 'ohm-device'];
const call = (name, ...args) => spawnSync(programs[name], args, { encoding: 'utf8', timeout: 10000 });
let installation;

before(async () => {
  const mask = process.umask(0o022); // an ordinary shell's
  installation = await (await Installation.create('programs')).start();
  const device = await installation.device('meter-1', { adc_source: 'synthesizer' });
  device.start();
  const api = await installation.administrator();
  await until('a reading is stored', async () => (await api.get('/v1/devices/meter-1/telemetry/latest')).seq > 0);
  api.close();
  process.umask(mask);
});

after(() => installation?.close());

for (const name of Object.keys(programs)) {
  test(`${name} explains itself on standard output`, () => {
    const help = call(name, '--help');
    assert.equal(help.status, 0);
    assert.match(help.stdout, new RegExp(`^Usage: ${name} `));
    assert.equal(help.stderr, '');
    const version = call(name, '--version');
    assert.equal(version.status, 0);
    assert.match(version.stdout, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n$`));
  });

  test(`${name} names the argument that is wrong and ends with 2`, () => {
    for (const args of [['--frobnicate'], ['frobnicate'], [configured.includes(name) ? '--config' : '--ca']]) {
      const answer = call(name, ...args);
      assert.equal(answer.status, 2, args[0]);
      assert.match(answer.stderr, new RegExp(args[0].replace(/^--/, '')));
      assert.equal(answer.stdout, '');
    }
  });

}

for (const name of configured) {
  test(`${name} names the configuration that is not there`, () => {
    const answer = call(name, '--config', '/nonexistent/ohm.conf');
    assert.ok(answer.status === 1 || answer.status === 2, `ended with ${answer.status}`);
    assert.match(answer.stderr, /\/nonexistent\/ohm\.conf/);
  });
}

test('lets no other user read accounts, readings and journals', () => {
  for (const folder of [installation.path('server'), installation.path('devices', 'meter-1', 'data')]) {
    const names = readdirSync(folder);
    assert.ok(names.length >= 3, names.join(' '));
    for (const name of names) {
      assert.equal(statSync(join(folder, name)).mode & 0o077, 0, `${join(folder, name)} is open to others`);
    }
  }
});
