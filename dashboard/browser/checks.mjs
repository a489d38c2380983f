// SPDX-License-Identifier: MIT
// What the dashboard promises, as a person at the browser finds it.

import assert from "node:assert/strict";
import { startMockServer } from "./mock_server.mjs";
import { withVisitor } from "./visitor.mjs";

const DWELL_MS = Number(process.env.RELAY_DWELL_MS ?? 2000);

async function until(probe, what, timeoutMs = 20_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await probe()) return;
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function relaySwitch(page, relay) {
  return page.getByRole("switch", { name: `Relay ${relay}`, exact: true });
}

/** The row of a relay; its data attributes tell phase and confirmed state. */
function relayRow(page, relay) {
  return page.locator(".relay").nth(relay);
}

async function maskOnServer(page, deviceId) {
  return page.evaluate(async (id) => {
    const answer = await fetch(`/v1/devices/${encodeURIComponent(id)}`);
    return (await answer.json()).relay_mask;
  }, deviceId);
}

async function confirmed(page, relay, state) {
  const row = relayRow(page, relay);
  await until(
    async () =>
      (await row.getAttribute("data-phase")) === "confirmed" &&
      (await row.getAttribute("data-confirmed")) === state,
    `relay ${relay} confirmed ${state}`,
  );
}

/** Switches a relay, again and again while the device says that its dwell time is not over. */
async function switchPatiently(page, relay, state, press) {
  const row = relayRow(page, relay);
  for (let tries = 0; tries < 12; tries++) {
    await page.waitForTimeout(DWELL_MS);
    await press();
    await until(
      async () =>
        (await row.getAttribute("data-phase")) !== "requested" &&
        ((await row.getAttribute("data-confirmed")) === state ||
          (await row.getAttribute("data-phase")) === "failed"),
      `an answer about relay ${relay}`,
    );
    if ((await row.getAttribute("data-confirmed")) === state) return;
    assert.match(await row.innerText(), /dwell time/);
  }
  assert.fail(`relay ${relay} stayed in its dwell time`);
}

/** Share of the canvas that is not empty; zero means that nothing was drawn. */
function inkOf(page, selector) {
  return page.evaluate((css) => {
    const canvas = document.querySelector(`${css} canvas`);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) inked++;
    return inked / (data.length / 4);
  }, selector);
}

async function chartDrawn(page, selector) {
  await until(async () => (await inkOf(page, selector)) > 0.01, `something drawn in ${selector}`);
  await page.waitForTimeout(400);
}

async function dragOver(page, selector, from, to) {
  const box = await page.locator(`${selector} .u-over`).boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y, { steps: 4 });
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
}

export const checks = [
  {
    name: "sign-in refuses a wrong password in words and accepts the right one",
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn }) => {
        await page.goto("/");
        await page.getByRole("heading", { name: "Sign in to Ohmstead" }).waitFor();
        await screenshot("sign-in");
        await axe();
        await page.getByLabel("User name").fill(check.server.username);
        await page.getByLabel("Password", { exact: true }).fill("surely wrong");
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByText("User name and password do not match.").waitFor();
        await screenshot("sign-in-refused");
        await axe();
        await signIn();
      }),
  },
  {
    name: "devices show state, power and an age that ticks",
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn, noSidewaysScroll }) => {
        await signIn();
        const card = page.locator('.device-card[data-online="true"]').first();
        await card.waitFor();
        await until(async () => /\d/.test(await card.locator(".big-power").innerText()), "a power");
        const texts = new Set();
        await until(async () => {
          texts.add(await card.innerText());
          return texts.size >= 3;
        }, "values that change");
        await noSidewaysScroll();
        await screenshot("devices");
        await axe();
      }),
  },
  {
    name: "one device shows live values and a moving chart that can be paused",
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn, openDevice }) => {
        await signIn();
        await openDevice();
        await chartDrawn(page, ".chart-live");
        const table = page.locator("table.channels");
        assert.equal(await table.locator("tbody tr").count(), 8);
        const seen = new Set();
        await until(async () => {
          seen.add(await table.innerText());
          return seen.size >= 3;
        }, "channel values that change");
        await screenshot("device-live");
        await axe();

        const picture = () => page.evaluate(() => document.querySelector("canvas").toDataURL());
        await page.getByRole("button", { name: "Pause" }).click();
        await page.waitForTimeout(200);
        const still = await picture();
        await page.waitForTimeout(2500);
        assert.equal(await picture(), still, "a paused chart stands still");
        await page.getByRole("button", { name: "Resume" }).click();
        await until(async () => (await picture()) !== still, "a resumed chart moves");

        for (const channel of [0, 1, 2, 3, 4, 5, 6]) {
          await page.getByRole("button", { name: `Channel ${channel}`, exact: true }).click();
        }
        const box = await page.locator(".chart-live .u-over").boundingBox();
        await page.mouse.move(box.x + box.width * 0.7, box.y + 60);
        await page.locator(".chart-tooltip:visible").waitFor();
        await page.waitForTimeout(300);
        await screenshot("device-live-channels", false);
      }),
  },
  {
    name: "a relay switch shows requested, then confirmed, and the device has switched",
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, signIn, openDevice }) => {
        await signIn();
        const deviceId = await openDevice();
        await until(
          async () => (await relayRow(page, 0).getAttribute("data-phase")) === "confirmed",
          "a known state",
        );
        // Records every phase that the row goes through, however short.
        await page.evaluate(() => {
          const row = document.querySelector(".relay");
          globalThis.phases = [];
          new MutationObserver(() => {
            globalThis.phases.push(`${row.dataset.phase}, is ${row.dataset.confirmed}`);
          }).observe(row, { attributes: true });
        });
        const before = await relayRow(page, 0).getAttribute("data-confirmed");
        const after = before === "on" ? "off" : "on";
        const started = Date.now();
        await relaySwitch(page, 0).click();
        await confirmed(page, 0, after);
        const took = Date.now() - started;
        assert.equal((await maskOnServer(page, deviceId)) & 1, after === "on" ? 1 : 0);
        const phases = await page.evaluate(() => globalThis.phases);
        assert.equal(phases[0], `requested, is ${before}`, `phases: ${phases.join("; ")}`);
        assert.equal(phases.at(-1), `confirmed, is ${after}`);
        await switchPatiently(page, 0, before, () => relaySwitch(page, 0).click());
        assert.equal((await maskOnServer(page, deviceId)) & 1, before === "on" ? 1 : 0);
        // For the picture, and for people on slow lines: the command is held back for a while.
        let release;
        const held = new Promise((resolve) => (release = resolve));
        await page.route("**/command", async (route) => {
          await held;
          await route.abort();
        });
        await relaySwitch(page, 0).click();
        await page.locator('.relay[data-phase="requested"]').waitFor();
        assert.equal(await relayRow(page, 0).getAttribute("data-confirmed"), before);
        await screenshot("relay-requested", false);
        release();
        await page.getByText("it is not known whether anything moved").first().waitFor();
        assert.equal(await relayRow(page, 0).getAttribute("data-confirmed"), before);
        return `${before} → ${after} confirmed within ${took} ms of the click`;
      }),
  },
  {
    name: "all relays switch together after a question, and Escape means no",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn, openDevice }) => {
        await signIn();
        const deviceId = await openDevice();
        const before = await maskOnServer(page, deviceId);
        await page.waitForTimeout(DWELL_MS);
        await page.getByRole("button", { name: "All off" }).click();
        await page.getByRole("dialog").waitFor();
        await screenshot("relays-question", false);
        await axe();
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
        assert.equal(await maskOnServer(page, deviceId), before);
        await page.getByRole("button", { name: "All off" }).click();
        await page.getByRole("button", { name: "Switch all off" }).click();
        await confirmed(page, 0, "off");
        assert.equal(await maskOnServer(page, deviceId), 0);
      }),
  },
  {
    name: "a refused switch says why and keeps the confirmed state",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn }) => {
        await signIn();
        await page.goto("/#/devices/meter-2");
        await confirmed(page, 7, "off");
        await relaySwitch(page, 7).click();
        await page.getByText("The device did not confirm in time.").first().waitFor();
        assert.equal(await relayRow(page, 7).getAttribute("data-confirmed"), "off");
        assert.equal(await relaySwitch(page, 7).getAttribute("aria-checked"), "false");
        const first = await relayRow(page, 1).getAttribute("data-confirmed");
        await relaySwitch(page, 1).click();
        await confirmed(page, 1, first === "on" ? "off" : "on");
        await relaySwitch(page, 1).click();
        await page.getByText("still in the dwell time").first().waitFor();
        await screenshot("relay-refused");
        await axe();
        await page.goto("/#/devices/meter-3");
        await page.getByText("Shown is the last state that it confirmed").first().waitFor();
        await relaySwitch(page, 2).click();
        await page.getByText("so nothing was switched").first().waitFor();
        await screenshot("device-offline");
        await axe();
      }),
  },
  {
    name: "history offers ranges, zooms by dragging and finds its way back",
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn, openDevice }) => {
        await signIn();
        const deviceId = await openDevice();
        const asked = [];
        page.on("request", (request) => {
          const url = new URL(request.url());
          if (url.pathname.endsWith("/telemetry")) asked.push(url.searchParams);
        });
        await page.getByRole("tab", { name: "History" }).click();
        await chartDrawn(page, ".chart-history");
        for (const range of ["Hour", "Week", "Month", "Day"]) {
          await page.getByRole("radio", { name: range, exact: true }).click();
          await until(
            async () =>
              (await page.locator('[aria-busy="true"]').count()) === 0 && asked.length > 0,
            "data of the range",
          );
        }
        await chartDrawn(page, ".chart-history");
        await screenshot("device-history");
        await axe();

        asked.length = 0;
        await dragOver(page, ".chart-history", 0.5, 0.7);
        await until(() => asked.length > 0, "a request for the zoomed range");
        await chartDrawn(page, ".chart-history");
        // The energy bars ask for whole calendar hours around it.
        const spans = asked.map((query) => query.get("end_ms") - query.get("start_ms"));
        const span = Math.min(...spans);
        assert.ok(Math.abs(span / 86_400_000 - 0.2) < 0.02, `zoomed to ${span} ms`);
        await chartDrawn(page, ".chart-history");
        await screenshot("device-history-zoomed");
        await page.getByRole("button", { name: "Back to the view before" }).click();
        await until(
          async () =>
            (await page.getByRole("radio", { name: "Day" }).getAttribute("aria-checked")) ===
            "true",
          "the day again",
        );
        for (const channel of [2, 3, 4]) {
          await page.getByRole("button", { name: `Channel ${channel}`, exact: true }).click();
        }
        await chartDrawn(page, ".chart-history");
        await screenshot("device-history-channels");
        await page.goto(`/#/devices/${deviceId}/details`);
        await page.getByRole("heading", { name: "Energy registers" }).waitFor();
        await page.waitForTimeout(500);
        await screenshot("device-details");
        await axe();
      }),
  },
  {
    name: "power quality shows harmonics as bars, terms, the supply and events with their waveform",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn, noSidewaysScroll }) => {
        await signIn();
        await page.goto("/#/devices/meter-1");
        await page.getByRole("tab", { name: "Power quality" }).click();
        const bars = page.getByRole("slider", { name: /Current harmonics of channel/ });
        await bars.waitFor();
        assert.equal(await page.locator(".harmonics-bar").count(), 50);
        await page.getByRole("radio", { name: "Channel 2", exact: true }).click();
        const heights = await page.evaluate(() =>
          [...document.querySelectorAll(".harmonics-bar")].map((bar) => bar.clientHeight),
        );
        await page.waitForTimeout(400);
        assert.ok(heights[0] > 100, "the fundamental is a full bar");
        await page.locator(".chart-supply canvas").waitFor();
        await chartDrawn(page, ".chart-supply");

        await bars.focus();
        await page.keyboard.press("Home");
        for (let n = 0; n < 4; n++) await page.keyboard.press("ArrowRight");
        assert.match(await bars.getAttribute("aria-valuetext"), /^Order 5, \d+.Hz: [\d.]+.%/);
        await page.getByRole("radio", { name: "Voltage", exact: true }).click();
        await page.getByRole("slider", { name: /Voltage harmonics/ }).waitFor();
        await page.getByText("THDᵥ").waitFor();

        const dip = page.locator('.event[data-kind="dip"] .event-row').first();
        await dip.focus();
        await page.keyboard.press("Enter");
        await page.locator(".chart-waveform canvas").waitFor();
        await chartDrawn(page, ".chart-waveform");
        assert.equal(await dip.getAttribute("aria-expanded"), "true");
        await page.waitForTimeout(300);
        await screenshot("device-quality");
        await axe();
        await noSidewaysScroll();
        await page.locator('.event[data-kind="interruption"] .event-row').click();
        await page.locator(".chart-waveform canvas").waitFor();
        await chartDrawn(page, ".chart-waveform");
        assert.equal(await page.locator(".chart-waveform").count(), 1, "one waveform at a time");
      }),
  },
  {
    name: "what is in doubt says so beside the number",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn, noSidewaysScroll }) => {
        await signIn();
        const card = page.locator(".device-card", { hasText: "meter-2" });
        await card.locator(".quality-flag", { hasText: "Gap" }).waitFor();
        assert.equal(await card.locator("dd .doubt-mark").count(), 1, "the voltage, not the Hz");
        await page.goto("/#/devices/meter-2");
        const tile = page.locator(".tile", { hasText: "Net power" });
        await tile.locator(".quality-flag", { hasText: "Clipped" }).waitFor();
        const marks = (channel) =>
          page.locator(`.channels tbody tr:nth-child(${channel + 1}) .doubt-mark`);
        await marks(4).first().waitFor();
        assert.match(await marks(4).first().getAttribute("title"), /Clipped: /);
        assert.doesNotMatch(await marks(3).first().getAttribute("title"), /Clipped: /);
        await screenshot("device-doubts");
        await axe();
        await noSidewaysScroll();
        await page.goto("/#/devices/meter-2/history");
        await chartDrawn(page, ".chart-history");
        const over = page.locator(".chart-history .u-over");
        const { x, y, width, height } = await over.boundingBox();
        const tip = page.locator(".chart-history .chart-tooltip");
        let words = "";
        for (let at = 2; at < width && !words.includes("In doubt"); at += 3) {
          await page.mouse.move(x + at, y + height / 2);
          words = await tip.innerText();
        }
        assert.match(words, /In doubt/);
        assert.doesNotMatch(words, /Value/, "the edges of the band");
        await screenshot("device-history-doubts");
      }),
  },
  {
    name: "power quality of a real meter shows its harmonics, and its dip with the waveform",
    realOnly: true,
    run: (check) =>
      withVisitor(check, {}, async (visitor) => {
        const { page, screenshot, axe, noSidewaysScroll } = visitor;
        await visitor.signIn();
        await visitor.openDevice();
        await page.getByRole("tab", { name: "Power quality" }).click();
        await page.getByRole("radio", { name: "Voltage", exact: true }).click();
        const bars = page.getByRole("slider", { name: /Voltage harmonics of channel/ });
        await bars.waitFor();
        assert.equal(await page.locator(".harmonics-bar").count(), 50);
        await bars.focus();
        await page.keyboard.press("Home");
        for (let n = 0; n < 4; n++) await page.keyboard.press("ArrowRight");
        const fifth = await bars.getAttribute("aria-valuetext");
        const [, percent] = /^Order 5, \d+.Hz: ([\d.]+).%/.exec(fifth) ?? [];
        assert.ok(Number(percent) > 2 && Number(percent) < 12, `the meter's fifth: ${fifth}`);
        const dip = page.locator('.event[data-kind="dip"] .event-row').last();
        await dip.waitFor({ timeout: 70_000 });
        assert.match(await dip.innerText(), /1[4-9]\d.ms/, "the length of the dip");
        await dip.click();
        await page.locator(".chart-waveform canvas").waitFor();
        await chartDrawn(page, ".chart-waveform");
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.waitForTimeout(300);
        await screenshot("real-device-quality");
        await axe();
        await noSidewaysScroll();
        return fifth;
      }),
  },
  {
    name: "a register is matched to the utility's meter, with a record of who and when",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn }) => {
        await signIn();
        await page.goto("/#/devices/meter-1/details");
        await page.getByText("Highest since reset").waitFor();
        await page.getByRole("button", { name: "Match Total, import to another meter" }).click();
        const field = page.getByLabel("Reading of the other meter, kWh");
        await field.fill("twelve");
        await page.getByRole("button", { name: "Match", exact: true }).click();
        await page.getByText("Type the kilowatt-hours of the other meter").waitFor();
        await screenshot("register-preset", false);
        await axe();
        await field.fill("48210,5");
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
        await page.getByRole("row", { name: /^Total 48,210\.\d+/ }).waitFor();
        await page.getByText("Matched to another meter 1×").click();
        await page.getByText(/admin set Total, import from .* to 48,210\.500/).waitFor();
        await screenshot("device-registers");
        await axe();
      }),
  },
  {
    name: "a phone of 360 px shows everything without sideways scrolling",
    run: (check) => {
      const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 };
      return withVisitor(check, phone, async (visitor) => {
        const { page, screenshot, axe, noSidewaysScroll } = visitor;
        await visitor.signIn();
        await page.locator(".device-card").first().waitFor();
        await noSidewaysScroll();
        await screenshot("phone-devices");
        const deviceId = await visitor.openDevice();
        await chartDrawn(page, ".chart-live");
        await noSidewaysScroll();
        await screenshot("phone-device-live");
        await axe();
        await page.goto(`/#/devices/${deviceId}/history`);
        await chartDrawn(page, ".chart-history");
        await page.getByRole("radio", { name: "Custom" }).click();
        await noSidewaysScroll();
        await screenshot("phone-device-history");
        await axe();
        const asked = [];
        page.on("request", (request) => asked.push(request.url()));
        const over = await page.locator(".chart-history .u-over").boundingBox();
        const finger = (type, share) =>
          page.locator(".chart-history .u-over").dispatchEvent(type, {
            pointerType: "touch",
            isPrimary: true,
            clientX: over.x + over.width * share,
            clientY: over.y + 50,
          });
        await finger("pointerdown", 0.3);
        await finger("pointermove", 0.5);
        await finger("pointerup", 0.6);
        await until(() => asked.some((url) => url.includes("/telemetry?")), "a zoom by finger");
        await page.goto(`/#/devices/${deviceId}/details`);
        await page.getByRole("heading", { name: "Energy registers" }).waitFor();
        await noSidewaysScroll();
        await page.goto(`/#/devices/${deviceId}/quality`);
        await page.getByRole("heading", { name: "Events of the supply" }).waitFor();
        await page.waitForTimeout(800);
        await noSidewaysScroll();
        await screenshot("phone-device-quality");
        await axe();
      });
    },
  },
  {
    name: "dark mode is readable, by the system's wish and by the toggle",
    run: (check) =>
      withVisitor(check, { colorScheme: "dark" }, async (visitor) => {
        const { page, screenshot, axe } = visitor;
        await page.goto("/");
        await page.getByRole("heading", { name: "Sign in to Ohmstead" }).waitFor();
        await screenshot("dark-sign-in");
        await visitor.signIn();
        await page.locator(".device-card").first().waitFor();
        await screenshot("dark-devices");
        await axe();
        const deviceId = await visitor.openDevice();
        await chartDrawn(page, ".chart-live");
        await screenshot("dark-device-live");
        await axe();
        await page.goto(`/#/devices/${deviceId}/history`);
        await chartDrawn(page, ".chart-history");
        await screenshot("dark-device-history");
        await axe();
        await page.goto(`/#/devices/${deviceId}/quality`);
        await page.getByRole("heading", { name: "Harmonics" }).waitFor();
        await page.waitForTimeout(800);
        await screenshot("dark-device-quality");
        await axe();
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const dark = await ground();
        await page.getByRole("button", { name: /^Theme: system/ }).click();
        assert.notEqual(await ground(), dark);
        await page.reload();
        await page.getByRole("tab", { name: "History" }).waitFor();
        assert.notEqual(await ground(), dark, "the choice survives a reload");
      }),
  },
  {
    name: "everything is within reach of the keyboard alone",
    run: (check) =>
      withVisitor(check, { reducedMotion: "reduce" }, async ({ page, openDevice }) => {
        const focused = () =>
          page.evaluate(() => {
            const element = document.activeElement;
            const { outlineStyle } = getComputedStyle(element);
            const label = element.getAttribute("aria-label") ?? element.textContent;
            const names = element.getAttribute("aria-labelledby");
            const named = names && document.getElementById(names)?.textContent;
            const card = element.closest(".device-card");
            const ring = card ? getComputedStyle(card).outlineStyle : outlineStyle;
            return { name: (named ?? label).trim(), visible: ring !== "none" };
          });
        async function tabTo(pattern) {
          for (let presses = 0; presses < 60; presses++) {
            await page.keyboard.press("Tab");
            const { name, visible } = await focused();
            assert.ok(visible, `the focus on “${name}” cannot be seen`);
            if (pattern.test(name)) return;
          }
          assert.fail(`Tab never came to ${pattern}`);
        }
        await page.goto("/");
        await page.getByLabel("User name").focus();
        await page.keyboard.type(check.server.username);
        await page.keyboard.press("Tab");
        await page.keyboard.type(check.server.password);
        await page.keyboard.press("Enter");
        await page.locator(".device-card").first().waitFor();

        await page.evaluate(() => document.activeElement.blur());
        await page.keyboard.press("Tab");
        assert.equal((await focused()).name, "Skip to content");
        await page.keyboard.press("Enter");
        assert.equal(await page.evaluate(() => document.activeElement.id), "main");
        const cardName = await page
          .locator('.device-card[data-online="true"] h2')
          .first()
          .textContent();
        await tabTo(new RegExp(`^${cardName.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`));
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Relays" }).waitFor();
        assert.equal(await page.evaluate(() => document.activeElement.id), "main");

        await openDevice();
        await until(
          async () => (await relayRow(page, 0).getAttribute("data-phase")) === "confirmed",
          "a known state",
        );
        await tabTo(/^Live$/);
        await tabTo(/^Relay 0$/);
        const before = await relayRow(page, 0).getAttribute("data-confirmed");
        const after = before === "on" ? "off" : "on";
        await switchPatiently(page, 0, after, () => page.keyboard.press("Space"));
        await page.getByText(`Relay 0: ${after}, confirmed.`).waitFor({ state: "attached" });
        await switchPatiently(page, 0, before, () => page.keyboard.press("Space"));

        await page.getByRole("tab", { name: "Live" }).focus();
        await page.keyboard.press("ArrowRight");
        await until(async () => (await focused()).name === "History", "the tab to the right");
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: "Zoom in" }).waitFor();
        await tabTo(/^Day$/);
        await page.keyboard.press("ArrowRight");
        await until(async () => (await focused()).name === "Week", "the range to the right");
        await tabTo(/^Zoom in$/);
        await page.keyboard.press("Enter");
      }),
  },
  {
    name: "a lost connection is said, and the page catches up by itself",
    run: (check) =>
      withVisitor(check, { tolerate: /net::ERR/ }, async (visitor) => {
        const { page, context, screenshot } = visitor;
        await visitor.signIn();
        await visitor.openDevice();
        await chartDrawn(page, ".chart-live");
        await context.setOffline(true);
        await page.locator(".banner").waitFor({ timeout: 50_000 });
        await screenshot("connection-lost", false);
        await page.waitForTimeout(3000);
        const caughtUp = new Set();
        page.on("request", (request) => {
          const url = new URL(request.url());
          if (url.pathname.endsWith("/telemetry")) caughtUp.add(url.searchParams.get("channel"));
        });
        await context.setOffline(false);
        await page.locator(".banner").waitFor({ state: "hidden", timeout: 40_000 });
        await page.locator('.live-mark[data-live="true"]').waitFor();
        await until(() => caughtUp.size === 9, "the missed readings of all channels");
      }),
  },
  {
    name: "a device can be renamed",
    run: (check) =>
      withVisitor(check, {}, async ({ page, signIn, openDevice }) => {
        await signIn();
        await openDevice();
        const heading = page.locator(".device-name h1");
        const before = await heading.textContent();
        for (const name of ["Attic & “cellar”", before]) {
          await page.getByRole("button", { name: "Rename the device" }).click();
          await page.getByLabel("Name of the device").fill(name);
          await page.keyboard.press("Enter");
          await until(
            async () =>
              (await heading.textContent()) === name &&
              (await page.getByLabel("Name of the device").count()) === 0,
            `the name ${name}`,
          );
        }
      }),
  },
  {
    name: "the shell opens without a network, and nothing measured was cached",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, { serviceWorkers: "allow", tolerate: /net::ERR/ }, async (visitor) => {
        const { page, context, screenshot } = visitor;
        await visitor.signIn();
        await page.evaluate(async () => {
          await navigator.serviceWorker.ready;
          if (navigator.serviceWorker.controller) return;
          await new Promise((resolve) => {
            navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
          });
        });
        const cached = await page.evaluate(async () => {
          const names = await caches.keys();
          const lists = await Promise.all(names.map(async (n) => (await caches.open(n)).keys()));
          return lists.flat().map(({ url }) => new URL(url).pathname);
        });
        assert.ok(cached.includes("/"), "the shell is cached");
        assert.deepEqual(
          cached.filter((path) => path.startsWith("/v1")),
          [],
        );
        await context.setOffline(true);
        await page.reload();
        await page.getByText("The server cannot be reached").waitFor({ timeout: 30_000 });
        await screenshot("offline-shell", false);
      }),
  },
  {
    name: "an empty fleet says what to do, and a large one can be searched",
    mockOnly: true,
    run: async (check) => {
      const empty = await startMockServer({ empty: true });
      await withVisitor(
        { ...check, server: empty },
        {},
        async ({ page, screenshot, axe, signIn }) => {
          await signIn();
          await page.getByText("No devices yet").waitFor();
          await screenshot("devices-empty");
          await axe();
        },
      ).finally(() => empty.close());
      const large = await startMockServer({ extraDevices: 60 });
      await withVisitor(
        { ...check, server: large },
        {},
        async ({ page, screenshot, axe, signIn }) => {
          await signIn();
          await until(
            async () => (await page.locator(".device-card").count()) === 63,
            "63 devices",
          );
          await page.getByRole("searchbox").fill("flat 12");
          await until(async () => (await page.locator(".device-card").count()) === 1, "one found");
          await page.getByRole("searchbox").fill("flat");
          await until(
            async () => (await page.locator(".device-card").count()) === 60,
            "sixty found",
          );
          await screenshot("devices-many", false);
          await axe();
        },
      ).finally(() => large.close());
    },
  },
  {
    name: "a device is added from its label to its first reading",
    mockOnly: true,
    run: (check) =>
      withVisitor(check, {}, async ({ page, screenshot, axe, signIn }) => {
        await signIn();
        await page.getByRole("link", { name: "Add a device" }).click();
        const field = page.getByLabel("Name of the device, or the code on its label");
        await field.fill("no name at all");
        await page.keyboard.press("Enter");
        await page.getByText("neither a name").waitFor();
        await screenshot("add-device-complaint", false);
        await field.fill("EM1:cellar-9:AAAQEAYEAUDAOCAJBIFQYDIOB4");
        await page.keyboard.press("Enter");
        await page.getByText("AZN2DWITZT657Z22").waitFor();
        await page.getByText("Waiting for the device to ask for its certificate").waitFor();
        await page.getByRole("img", { name: /opens the set-up page/ }).waitFor();
        await screenshot("add-device");
        await axe();
        await page.getByRole("link", { name: "See the device" }).waitFor();
        await screenshot("add-device-done", false);
        await page.getByRole("link", { name: "See the device" }).click();
        await page.getByRole("heading", { name: "cellar-9" }).waitFor();
      }),
  },
  {
    name: "says why a device was not added, and asks before it replaces one",
    mockOnly: true,
    run: (check) =>
      withVisitor(
        check,
        { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true },
        async ({ page, screenshot, axe, signIn }) => {
          await signIn();
          await page.goto("/#/add");
          const field = page.getByLabel("Name of the device, or the code on its label");
          await field.fill("refused-1");
          await page.getByRole("button", { name: "Begin" }).click();
          await page.getByText("made for another device").waitFor();
          await screenshot("add-device-refused-phone");
          await axe();
          await page.getByRole("button", { name: "Begin again" }).click();
          await field.fill("meter-1");
          await page.getByRole("button", { name: "Begin" }).click();
          await page.getByLabel(/Replace the certificate/).check();
          await page.getByRole("button", { name: "Begin" }).click();
          await page.getByText("Enrolment code made").waitFor();
        },
      ),
  },
  {
    name: "certificates show their days, and a device can be cut off",
    mockOnly: true,
    run: async (check) => {
      const server = await startMockServer();
      await withVisitor({ ...check, server }, {}, async ({ page, screenshot, axe, signIn }) => {
        await signIn();
        await page.getByRole("link", { name: "Identities" }).click();
        await page.getByRole("heading", { name: "Certificates" }).waitFor();
        await page.getByText("Expired without a successor: barn-<b>4</b>").waitFor();
        await page.getByText("Not renewed in time").waitFor();
        await page.getByText("<img src=x onerror=alert(1)>").waitFor();
        await screenshot("identities");
        await axe();
        await page.goto("/#/add");
        await page.getByLabel(/Name of the device/).fill("silent-1");
        await page.getByRole("button", { name: "Begin" }).click();
        await page.getByText("Enrolment code made").first().waitFor();
        await page.goto("/#/identities");
        await page.getByRole("button", { name: "Withdraw the code of silent-1" }).focus();
        await screenshot("identities-awaited");
        await page.keyboard.press("Enter");
        await until(
          async () => (await page.getByText("Awaited devices").count()) === 0,
          "nobody is awaited any more",
        );
        await page.getByRole("button", { name: "Revoke meter-3" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
        await until(
          async () => (await page.getByRole("button", { name: "Revoke meter-3" }).count()) === 0,
          "meter-3 is cut off",
        );
        await page.getByLabel("Show those that are over").check();
        await page.getByText("Superseded", { exact: true }).waitFor();
        await screenshot("identities-all", false);
        await page.setViewportSize({ width: 390, height: 844 });
        await screenshot("identities-phone");
      }).finally(() => server.close());
    },
  },
  {
    name: "a device reports on itself when it is asked, by keyboard alone",
    mockOnly: true,
    run: async (check) => {
      const server = await startMockServer();
      await withVisitor({ ...check, server }, {}, async ({ page, screenshot, axe, signIn }) => {
        await signIn();
        await page.goto("/#/devices/meter-1/details");
        const ask = page.getByRole("button", { name: "Ask for a report" });
        await ask.waitFor();
        await ask.focus();
        await page.keyboard.press("Enter");
        await page.getByText("With reservations", { exact: true }).waitFor();
        await page.getByText("nothing but its own software stands behind the report").waitFor();
        await page.getByText(/judged/).waitFor();
        await screenshot("attestation");
        await axe();
        // It is still there when the page is left and opened again.
        await page.goto("/#/devices");
        await page.goto("/#/devices/meter-1/details");
        await page.getByText("With reservations", { exact: true }).waitFor();
        await page.goto("/#/devices/meter-2/details");
        await page.getByText("has not renewed it").waitFor();
        await page.getByRole("button", { name: "Ask for a report" }).click();
        await page.getByText("it is an old one").waitFor();
        await page.setViewportSize({ width: 390, height: 844 });
        await screenshot("attestation-phone");
        await page.goto("/#/devices/meter-3/details");
        await page.getByText("The device is offline.").waitFor();
      }).finally(() => server.close());
    },
  },
  {
    name: "an opened case is told, and cleared after a question",
    mockOnly: true,
    run: async (check) => {
      const server = await startMockServer({ opened: "meter-1" });
      await withVisitor({ ...check, server }, {}, async ({ page, screenshot, axe, signIn }) => {
        await signIn();
        await page.getByText("Case opened: relays stay off").waitFor();
        await page.goto("/#/devices/meter-1");
        await page.getByText("The case was opened (2 times so far)").waitFor();
        await screenshot("tamper", false);
        await axe();
        await page.getByRole("button", { name: "Clear" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Clear" }).click();
        await until(
          async () => (await page.getByText("The case was opened").count()) === 0,
          "the note is gone",
        );
      }).finally(() => server.close());
    },
  },
  {
    name: "signing out ends the session here and on the server",
    run: (check) =>
      withVisitor(check, {}, async ({ page, signIn }) => {
        await signIn();
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.getByRole("heading", { name: "Sign in to Ohmstead" }).waitFor();
        const status = await page.evaluate(async () => (await fetch("/v1/devices")).status);
        assert.equal(status, 401);
      }),
  },
];
