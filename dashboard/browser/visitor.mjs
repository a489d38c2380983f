// SPDX-License-Identifier: MIT
// A browser window with what every check needs: sign-in, screenshots, axe, and an ear for faults.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Opens a window, hands it to `visit`, and fails if the page logged an error or broke its content
 * security policy meanwhile. `tolerate` is a pattern of messages that belong to the check.
 */
export async function withVisitor(check, options, visit) {
  const { browser, server, screenshots } = check;
  const { tolerate, ...contextOptions } = options;
  const context = await browser.newContext({
    baseURL: server.url,
    viewport: { width: 1280, height: 900 },
    colorScheme: "light",
    locale: "en-GB",
    ignoreHTTPSErrors: true,
    serviceWorkers: "block",
    ...contextOptions,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // Chromium logs refused requests as errors too; those are checked where they are shown.
    if (/Failed to load resource/.test(message.text())) return;
    if (!tolerate?.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  const visitor = {
    page,
    context,
    /** Signs in through the page the first time, later with the cookie of that time. */
    async signIn() {
      if (server.cookies !== undefined) {
        await context.addCookies(server.cookies);
        await page.goto("/");
        await page.getByRole("heading", { name: "Devices", level: 1 }).waitFor();
        return;
      }
      await page.goto("/");
      await page.getByLabel("User name").fill(server.username);
      await page.getByLabel("Password", { exact: true }).fill(server.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { name: "Devices", level: 1 }).waitFor();
      server.cookies = await context.cookies();
    },
    /** Opens a device that is online; returns its identity. */
    async openDevice() {
      const answer = await page.evaluate(async () => (await fetch("/v1/devices")).json());
      const wanted = process.env.DEVICE_ID;
      const device = answer.devices.find(({ device_id: id, online, last_reading_ms: last }) =>
        wanted ? id === wanted : online && last !== null,
      );
      assert.ok(device, "no device is online and sending");
      await page.goto(`/#/devices/${encodeURIComponent(device.device_id)}`);
      await page.getByRole("heading", { name: "Relays" }).waitFor();
      return device.device_id;
    },
    async screenshot(name, fullPage = true) {
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage });
    },
    async axe() {
      await page.evaluate(AXE);
      const found = await page.evaluate(async () => {
        const { violations } = await globalThis.axe.run(document);
        return violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .flatMap(({ id, nodes }) =>
            nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
          );
      });
      assert.deepEqual(found, [], `axe found:\n${found.join("\n")}`);
    },
    async noSidewaysScroll() {
      const [content, window] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      assert.ok(content <= window, `the page is ${content} px wide in a window of ${window} px`);
    },
  };
  try {
    const note = await visit(visitor);
    assert.deepEqual(faults, [], "the page reported faults");
    return note;
  } catch (error) {
    await visitor.screenshot("failure").catch(() => {});
    if (faults.length > 0) error.stack += `\nfaults: ${faults.join("\n")}`;
    throw error;
  } finally {
    await context.close();
  }
}
