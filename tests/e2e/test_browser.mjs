// SPDX-License-Identifier: MIT

// What a person does, in real Chromium against a real installation: signs in, watches a meter, switches a relay. The
// checks are the dashboard's own (dashboard/browser); screenshots go to test-output/screenshots.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { repository, until } from './processes.mjs';

let installation;
let api;

before(async () => {
  assert.ok(existsSync(join(repository, 'dashboard/dist/index.html')), 'the dashboard is built: npm run build in dashboard/');
  installation = await (await Installation.create('browser')).start();
  const settings = { adc_source: 'synthesizer', spectrum_ms: 3000, disturbances: 'dip:3600' };
  (await installation.device('meter-1', settings)).start();
  api = await installation.administrator();
  await until('the meter is online and measured', async () => {
    const { devices } = await api.get('/v1/devices');
    return devices.some((device) => device.online && device.last_reading_ms !== null);
  });
});

after(async () => {
  api?.close();
  await installation?.close();
});

test('lets a person sign in, watch and switch', { timeout: 300000 }, async () => {
  const child = spawn(process.execPath, ['browser/run.mjs'], {
    cwd: join(repository, 'dashboard'),
    env: {
      ...process.env,
      BASE_URL: `http://localhost:${installation.localPort}`,
      OHM_USERNAME: 'admin',
      OHM_PASSWORD: readFileSync(installation.passwordFile, 'utf8').trim(),
      DEVICE_ID: 'meter-1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text) => { output += text; });
  child.stderr.on('data', (text) => { output += text; });
  const code = await new Promise((done) => child.once('close', done));
  console.log(output);
  assert.equal(code, 0, output);
  assert.match(output, /^ok - .*relay/im, 'a relay was switched');
  assert.match(output, /^ok - power quality of a real meter/m, 'harmonics and a dip were seen');
});
