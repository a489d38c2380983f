// SPDX-License-Identifier: MIT
// Walks through the dashboard in Chromium as a person would, takes screenshots and looks for
// accessibility faults.
//
//   node browser/run.mjs                                    against the mock server
//   BASE_URL=https://localhost:8443 OHM_USERNAME=admin OHM_PASSWORD=... node browser/run.mjs
//
// BASE_URL names a running ohmd; at least one of its devices must be online and sending. The test
// switches relay 0 of DEVICE_ID (or of the first device that is online), and switches it back.
// Screenshots go to test-output/screenshots at the root of the repository.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { checks } from "./checks.mjs";
import { startMockServer } from "./mock_server.mjs";

const SCREENSHOTS = fileURLToPath(new URL("../../test-output/screenshots/", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function main() {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const real = process.env.BASE_URL !== undefined;
  const server = real
    ? {
        url: process.env.BASE_URL.replace(/\/$/, ""),
        username: process.env.OHM_USERNAME ?? "admin",
        password: process.env.OHM_PASSWORD ?? "",
        close: async () => {},
      }
    : await startMockServer();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  const only = process.argv[2];
  const count = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const { name, mockOnly, realOnly, run } of checks) {
      if (only !== undefined && !name.includes(only)) continue;
      if (mockOnly && real) {
        count.skipped++;
        console.log(`skip - ${name} (needs the mock server)`);
        continue;
      }
      if (realOnly && !real) {
        count.skipped++;
        console.log(`skip - ${name} (needs a real meter)`);
        continue;
      }
      const started = Date.now();
      try {
        const note = await run({ browser, server, real, screenshots: SCREENSHOTS });
        count.passed++;
        console.log(`ok - ${name} (${Date.now() - started} ms)${note ? `: ${note}` : ""}`);
      } catch (error) {
        count.failed++;
        console.log(
          `not ok - ${name}\n    ${String(error.stack ?? error).replaceAll("\n", "\n    ")}`,
        );
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
  console.log(`screenshots: ${SCREENSHOTS}`);
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  if (count.failed > 0 || count.passed === 0) process.exitCode = 1;
}

await main();
