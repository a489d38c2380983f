// SPDX-License-Identifier: MIT

// The set-up page as a person sees it on a phone: real Chromium against the portal on a real socket, with a pretended
// device behind it. Screenshots go to test-output/screenshots.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildFolder, repository } from './processes.mjs';

const load = createRequire(join(repository, 'dashboard/package.json'));
const { chromium } = load('playwright-core');
const AXE = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(repository, 'test-output/screenshots');

let browser;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
});

/** Starts a device, opens its page and hands both to `visit`; any fault the page reports is a failure. */
async function withPage(options, visit) {
  const child = spawn(join(buildFolder, 'tests/provisioning/portal_device'), options.device ?? [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const device = { output: '', url: '', end: () => child.stdin.end() };
  const ended = new Promise((done) => child.once('close', done));
  child.stdout.on('data', (text) => { device.output += text; });
  while (!device.output.includes('\n')) await new Promise((done) => child.stdout.once('data', done));
  device.url = device.output.split('\n')[0];
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options.window });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(device.url) && request.url() !== 'about:blank') faults.push(`asked for ${request.url()}`);
  });
  try {
    await page.goto(`${device.url}/generate_204`); // As a phone does.
    assert.equal(page.url(), `${device.url}/`);
    await visit(page, device);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    child.stdin.end();
    await ended;
  }
}

async function checkAccess(page) {
  // Typed into the page by the browser's debugger, so the page's policy is not in its way.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] }));
  assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html}`), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(wide, false, 'nothing is wider than the screen');
}

const picture = (page, name) => page.screenshot({ path: join(pictures, `portal-${name}.png`), fullPage: true });

for (const colorScheme of ['light', 'dark']) {
  test(`lists each network once and connects, ${colorScheme}`, { timeout: 60000 }, async () => {
    await withPage({ window: { colorScheme } }, async (page, device) => {
      await page.getByText('Guests').waitFor();
      const names = await page.locator('.net > span:first-of-type').allTextContents();
      assert.deepEqual(names, ['Statsnapp', 'Café <b>&</b>', 'Guests', 'Another network, by name']);
      await page.getByRole('radio', { name: /Statsnapp/ }).check();
      await checkAccess(page);
      await picture(page, `list-${colorScheme}`);

      await page.getByLabel('Password', { exact: true }).fill('wrong-password');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByText('The network refused the password').waitFor();
      await checkAccess(page);
      await picture(page, `refused-${colorScheme}`);

      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByLabel('Password', { exact: true }).fill('1q2w3e4r');
      await page.getByText('I have an enrolment code').click();
      await page.getByLabel('Enrolment code', { exact: true }).fill(' your_prov_token ');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByText('Connecting', { exact: true }).waitFor();
      await picture(page, `progress-${colorScheme}`);
      await page.getByText('On line').waitFor();
      await page.getByText('192.168.1.100').waitFor();
      await checkAccess(page);
      await picture(page, `connected-${colorScheme}`);
      assert.match(device.output, /ssid=Statsnapp password=1q2w3e4r device_id=meter-1 token=your_prov_token bearer=\n/);
    });
  });
}

test('can be used by keyboard alone, for a hidden network', { timeout: 60000 }, async () => {
  await withPage({ window: { viewport: { width: 1280, height: 800 } } }, async (page, device) => {
    await page.getByText('Guests').waitFor();
    await picture(page, 'list-wide');
    await page.getByRole('button', { name: 'Look again' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowUp'); // From the first radio button around to the last.
    await page.keyboard.press('Tab');
    await page.keyboard.type('My hidden café');
    await page.keyboard.press('Tab');
    await page.keyboard.type('short');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('at least 8 characters').waitFor();
    await page.keyboard.type('-but-longer & stranger+=%');
    await page.keyboard.press('Enter');
    await page.getByText('192.168.1.100').waitFor();
    assert.match(device.output, /ssid=My hidden café password=short-but-longer & stranger\+=% device_id=meter-1 token= /);
  });
});

test('tells a refused enrolment code from a refused password', { timeout: 60000 }, async () => {
  await withPage({}, async (page) => {
    await page.getByRole('radio', { name: /Guests/ }).check();
    await page.getByText('I have an enrolment code').click();
    await page.getByLabel('Enrolment code', { exact: true }).fill('wrong-token');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText('The server refused the enrolment code (token_expired)').waitFor();
    await checkAccess(page);
    await picture(page, 'token-refused');
  });
});

test('asks for no password of an open network', { timeout: 60000 }, async () => {
  await withPage({}, async (page, device) => {
    await page.getByLabel('Password', { exact: true }).fill('left over from before');
    await page.getByRole('radio', { name: /Guests/ }).check();
    assert.equal(await page.getByLabel('Password', { exact: true }).isVisible(), false);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText('192.168.1.100').waitFor();
    assert.match(device.output, /ssid=Guests password= device_id/);
  });
});

test('says what is the matter when the device goes, is closed, or wants sealed credentials', { timeout: 60000 }, async () => {
  await withPage({}, async (page, device) => {
    await page.getByRole('radio', { name: /Guests/ }).check();
    device.end();
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('alert').getByText('does not answer').waitFor();
  });
  await withPage({ device: ['--closed'] }, async (page) => {
    await page.getByRole('alert').getByText('Hold the meter\'s button for 7 seconds').waitFor();
    await picture(page, 'closed');
  });
  await withPage({ device: ['--sealed'] }, async (page) => {
    await page.getByRole('alert').getByText('sealed only').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Connect' }).isVisible(), false);
    await picture(page, 'sealed');
  });
});

test('takes an enrolment code from the address that a QR code gave', { timeout: 60000 }, async () => {
  await withPage({}, async (page, device) => {
    await page.goto('about:blank');
    await page.goto(`${device.url}/#token=code-from_QR`);
    await page.getByRole('radio', { name: /Guests/ }).check();
    assert.equal(await page.getByLabel('Enrolment code', { exact: true }).inputValue(), 'code-from_QR');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText('On line').waitFor();
    assert.match(device.output, / token=code-from_QR /);
  });
});

test('works without script', { timeout: 60000 }, async () => {
  await withPage({ window: { javaScriptEnabled: false } }, async (page, device) => {
    await page.getByLabel('Name of the network').fill('home');
    await page.getByLabel('Password', { exact: true }).fill('12345678');
    await picture(page, 'no-script');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText('Address: 192.168.1.100').waitFor();
    assert.equal(page.url(), `${device.url}/progress`);
    assert.match(device.output, /ssid=home password=12345678 device_id= token= /);
  });
});
