// SPDX-License-Identifier: MIT
// A stand-in for ohmd that speaks contracts/rest.md, for developing the dashboard and for its own
// browser test. It is never part of the product; the numbers come from mock_household.mjs.
//
//   node browser/mock_server.mjs [port]      user "admin", password "mock-password"
//
// meter-1 obeys, with a dwell time of 1.5 s. meter-2 never confirms relay 7. meter-3 is offline.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { channelAt, frequencyHz } from "./mock_household.mjs";
import { attestationOf, startIdentities } from "./mock_identity.mjs";
import { eventsOf, intervalsOf, spectraAt, termsOf, waveformOf } from "./mock_quality.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const CHANNELS = 8;
const DWELL_MS = 1500;
const LATENCY_MS = 250;
const IN_SERVICE_S = 1_760_000_000;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};

class Refusal extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function makeDevice(index, name, online) {
  return {
    id: `meter-${index}`,
    seed: index * 17,
    name,
    online,
    mask: online ? 0b0010_1101 : 0b11,
    tamper: null,
    changedMs: Array.from({ length: CHANNELS }, () => 0),
    seq: 1000 * index,
    offsets: new Map(),
    presets: [],
    journalId: randomBytes(16).toString("hex"),
    lastS: online ? null : Math.floor(Date.now() / 1000) - 7400,
  };
}

function mj(watts, seconds) {
  return Math.round(watts * seconds * 1000);
}

/** Energy of one channel from `from` to `to` in seconds, from a mean every `step` seconds. */
function energyBetween(seed, channel, from, to, step) {
  const sum = { import_mj: 0, export_mj: 0 };
  for (let at = from; at < to; at += step) {
    const dt = Math.min(step, to - at);
    const watts = channelAt(seed, channel, at + dt / 2).active_power_w;
    if (watts >= 0) sum.import_mj += mj(watts, dt);
    else sum.export_mj += mj(-watts, dt);
  }
  return sum;
}

function buildFleet(extraDevices) {
  const devices = [
    makeDevice(1, "House, ground floor", true),
    makeDevice(2, "Workshop", true),
    makeDevice(3, null, false),
  ];
  for (let i = 0; i < extraDevices; i++) {
    devices.push(makeDevice(4 + i, `Flat ${i + 1}`, i % 5 !== 3));
  }
  return new Map(devices.map((device) => [device.id, device]));
}

export async function startMockServer({ port = 0, extraDevices = 0, empty = false, opened } = {}) {
  const fleet = empty ? new Map() : buildFleet(extraDevices);
  if (opened) fleet.get(opened).tamper = { latched: true, case_open: false, count: 2 };
  const identities = startIdentities([...fleet.keys()], addDevice, Refusal);
  const sessions = new Map();
  const streams = new Set();
  let failures = 0;
  const bornMs = Date.now();
  const holeMs = bornMs - 11 * 3_600_000;

  /** A device that was added comes on line, and then begins to measure. */
  function addDevice(id, measures) {
    const device = fleet.get(id) ?? { ...makeDevice(fleet.size + 1, null, true), id };
    device.tamper = null;
    device.silent = !measures;
    fleet.set(id, device);
  }

  function lastReadingS(device) {
    return device.lastS ?? Math.floor(Date.now() / 1000);
  }

  function reading(device) {
    const t = lastReadingS(device);
    const quality = device.id === "meter-2" ? ["gap"] : [];
    return {
      device_id: device.id,
      journal_id: device.journalId,
      seq: device.seq,
      time_ms: t * 1000,
      time_source: "sntp",
      uptime_ms: (t % 1_000_000) * 1000,
      boot_id: 7,
      window_us: 1_000_214,
      frequency_hz: frequencyHz(t),
      rate: 0,
      total: {
        import_mj: 0,
        export_mj: 0,
        rates: Array.from({ length: 4 }, () => ({ import_mj: 0, export_mj: 0 })),
        reactive_mvars: [0, 0, 0, 0],
      },
      quality,
      channels: Array.from({ length: CHANNELS }, (_, channel) => ({
        channel,
        connected: channelAt(device.seed, channel, t).current_a > 0.01,
        ...channelAt(device.seed, channel, t),
        ...termsOf(channel, channelAt(device.seed, channel, t)),
        ...energyBetween(device.seed, channel, t - 3600, t, 60),
        quality: device.id === "meter-2" && channel === 4 && quality.length > 0 ? ["clipped"] : [],
      })),
    };
  }

  function describe(device) {
    const t = lastReadingS(device);
    const now = reading(device);
    const channels = Array.from({ length: CHANNELS }, (_, n) => channelAt(device.seed, n, t));
    return {
      device_id: device.id,
      name: device.name,
      profile: "energy_meter",
      online: device.online,
      last_seen_ms: t * 1000,
      last_reading_ms: device.silent ? null : t * 1000,
      relay_mask: device.mask,
      relay_mask_known: true,
      tamper: device.tamper,
      firmware_version: "0.1.0",
      journal_depth: device.online ? 1 : 0,
      unacknowledged_data: false,
      active_power_w: channels.reduce((sum, { active_power_w }) => sum + active_power_w, 0),
      reference_voltage_v: channels[0].voltage_v,
      frequency_hz: frequencyHz(t),
      quality: [...new Set([now.quality, ...now.channels.map((one) => one.quality)].flat())],
    };
  }

  function series(device, query) {
    const start_ms = Number(query.get("start_ms"));
    const end_ms = Number(query.get("end_ms"));
    const points = Math.min(2000, Number(query.get("points") ?? 500));
    const wanted = query.get("channel") ?? "total";
    const channel = wanted === "total" ? "total" : Number(wanted);
    if (!(end_ms > start_ms)) throw new Refusal(400, "invalid_range", "The range is empty.");
    const bucket_ms = Math.max(1000, Math.ceil((end_ms - start_ms) / points / 1000) * 1000);
    const out = { device_id: device.id, channel, start_ms, end_ms, bucket_ms };
    out.source = bucket_ms < 60_000 ? "raw" : "minute";
    const names = ["voltage_v", "current_a", "active_power_w", "reactive_power_var"];
    names.push("apparent_power_va", "power_factor");
    out.time_ms = [];
    out.measured_us = [];
    for (const name of names) out[name] = [];
    for (const name of ["active_power_min_w", "active_power_max_w", "frequency_hz"]) out[name] = [];
    for (const name of ["import_mj", "export_mj", "quality"]) out[name] = [];
    const all = channel === "total" ? [0, 1, 2, 3, 4, 5, 6, 7] : [channel];
    const lastMs = lastReadingS(device) * 1000;
    const samples = bucket_ms > 5000 ? 6 : 1;
    for (let at = start_ms; at < end_ms; at += bucket_ms) {
      out.time_ms.push(at);
      out.measured_us.push(0);
      // Half an hour is missing, so that a hole can be seen.
      const missing = at > lastMs || Math.abs(at - holeMs) < 900_000;
      if (missing) {
        for (const column of Object.values(out)) {
          if (Array.isArray(column) && column.length < out.time_ms.length) column.push(null);
        }
        continue;
      }
      const powers = [];
      let first = null;
      const sum = { reactive: 0, apparent: 0, current: 0 };
      for (let n = 0; n < samples; n++) {
        const t = (at + (bucket_ms * (n + 0.5)) / samples) / 1000;
        const values = all.map((one) => channelAt(device.seed, one, t));
        first ??= values[0];
        powers.push(values.reduce((total, { active_power_w }) => total + active_power_w, 0));
        for (const value of values) {
          sum.reactive += value.reactive_power_var / samples;
          sum.apparent += value.apparent_power_va / samples;
          sum.current += value.current_a / samples;
        }
      }
      const mean = powers.reduce((a, b) => a + b) / samples;
      out.voltage_v.push(first.voltage_v);
      out.current_a.push(sum.current);
      out.active_power_w.push(mean);
      out.active_power_min_w.push(Math.min(...powers));
      out.active_power_max_w.push(Math.max(...powers));
      out.reactive_power_var.push(sum.reactive);
      out.apparent_power_va.push(sum.apparent);
      out.power_factor.push(sum.apparent > 0 ? mean / sum.apparent : 0);
      out.frequency_hz.push(frequencyHz(at / 1000));
      const seconds = Math.min(bucket_ms, lastMs - at) / 1000;
      out.measured_us[out.measured_us.length - 1] = Math.round(seconds * 1e6);
      out.import_mj.push(mj(Math.max(0, mean), seconds));
      out.export_mj.push(mj(Math.max(0, -mean), seconds));
      out.quality.push(device.id === "meter-2" && at % 3_600_000 < bucket_ms ? 1 : 0);
    }
    return out;
  }

  function energy(device, query) {
    const start_ms = Number(query.get("start_ms"));
    const end_ms = Math.min(Number(query.get("end_ms")), lastReadingS(device) * 1000);
    const span = Math.max(0, (end_ms - start_ms) / 1000);
    const step = Math.max(30, span / 2000);
    const channels = Array.from({ length: CHANNELS }, (_, channel) => ({
      channel,
      ...energyBetween(device.seed, channel, start_ms / 1000, end_ms / 1000, step),
    }));
    const registers = channels.map(({ channel }) => ({
      channel,
      ...shown(device, `channel_${channel}`, channel, end_ms / 1000),
    }));
    const total = (name) => channels.reduce((sum, entry) => sum + entry[name], 0);
    return {
      start_ms,
      end_ms,
      import_mj: total("import_mj"),
      export_mj: total("export_mj"),
      channels,
      registers,
      total: {
        ...shown(device, "total", null, end_ms / 1000, registers),
        rates: [0, 1, 2, 3].map((n) => ({ import_mj: n < 2 ? 7.2e12 : 0, export_mj: 0 })),
      },
    };
  }

  /** A lifetime register at `t` with its presets. */
  function shown(device, name, channel, t, parts = []) {
    const add = (key) => parts.reduce((sum, part) => sum + part[key], 0);
    const counted =
      channel === null
        ? { import_mj: add("import_mj"), export_mj: add("export_mj") }
        : energyBetween(device.seed, channel, IN_SERVICE_S, t, 7200);
    const offset = (direction) => device.offsets.get(`${name}_${direction}`) ?? 0;
    return {
      ...counted,
      shown_import_mj: counted.import_mj + offset("import"),
      shown_export_mj: counted.export_mj + offset("export"),
      reactive_mvars: [4.1e12, 0, 0, 9.3e11],
    };
  }

  /** Lets a register show another value; energy() finds it by its name. */
  function preset(device, { register, value_mj }, username) {
    const t = lastReadingS(device);
    const all = energy(device, new URLSearchParams({ start_ms: t * 1000, end_ms: t * 1000 + 1 }));
    const [, name, number, direction] = /^(total|channel_(\d+))_(import|export)$/.exec(register);
    const values = name === "total" ? all.total : all.registers[Number(number)];
    const old_mj = values[`shown_${direction}_mj`];
    const offset_mj = value_mj - values[`${direction}_mj`];
    device.offsets.set(register, offset_mj);
    const entry = { register, time_ms: Date.now(), username, old_mj, new_mj: value_mj, offset_mj };
    device.presets.unshift(entry);
    return entry;
  }

  /** Events, spectra and intervals. */
  function quality(device, path, query) {
    const startMs = Number(query.get("start_ms") ?? 0);
    const endMs = Number(query.get("end_ms") ?? Date.now());
    if (path === "/events") return { events: eventsOf(device, startMs, endMs, bornMs) };
    if (path === "/intervals") {
      return { intervals: intervalsOf(device, query.get("kind"), startMs, endMs) };
    }
    if (path === "/spectra/latest") return { spectra: spectraAt(device, lastReadingS(device)) };
    const id = /^\/events\/([^/]+)\/waveform$/.exec(path)?.[1];
    const event = eventsOf(device, 0, Date.now(), bornMs).find(({ event_id }) => event_id === id);
    if (!event) throw new Refusal(404, "event_not_found", "There is no such event.");
    return { event, signals: waveformOf(event) };
  }

  async function command(device, body) {
    const single = body.command === "set_relay";
    const valid = single
      ? Number.isInteger(body.relay) && body.relay >= 0 && body.relay < CHANNELS
      : body.command === "set_relays" && Number.isInteger(body.mask) && body.mask <= 255;
    if (!valid) throw new Refusal(400, "invalid_command", "No such command.");
    if (!device.online) throw new Refusal(503, "device_offline", "The device is not connected.");
    const wanted = single
      ? body.state
        ? device.mask | (1 << body.relay)
        : device.mask & ~(1 << body.relay)
      : body.mask;
    const changed = wanted ^ device.mask;
    await sleep(LATENCY_MS);
    if (device.id === "meter-2" && changed & 0x80) {
      await sleep(1200);
      throw new Refusal(504, "no_confirmation", "The device did not answer in time.");
    }
    for (let relay = 0; relay < CHANNELS; relay++) {
      if (changed & (1 << relay) && Date.now() - device.changedMs[relay] < DWELL_MS) {
        throw new Refusal(409, "relay_busy", `Relay ${relay} is still in its dwell time.`);
      }
    }
    for (let relay = 0; relay < CHANNELS; relay++) {
      if (changed & (1 << relay)) device.changedMs[relay] = Date.now();
    }
    device.mask = wanted;
    const cmd_id = randomBytes(13).toString("hex");
    const report = { device_id: device.id, relay_mask: device.mask };
    send("relay", { ...report, time_ms: Date.now() });
    send("command", { ...report, cmd_id, status: "done" });
    return { cmd_id, status: "done", relay_mask: device.mask };
  }

  function send(event, data) {
    for (const stream of streams) {
      if (stream.device !== null && stream.device !== data.device_id) continue;
      stream.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }

  function sessionOf(request) {
    const cookie = /(?:^|; )session=([0-9a-f]+)/.exec(request.headers.cookie ?? "");
    return cookie === null ? undefined : sessions.get(cookie[1]);
  }

  async function readBody(request) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      return JSON.parse(Buffer.concat(chunks).toString() || "{}");
    } catch {
      throw new Refusal(400, "invalid_json", "The body is not JSON.");
    }
  }

  async function login(request) {
    const { username, password } = await readBody(request);
    if (failures >= 5) {
      throw new Refusal(429, "rate_limit_exceeded", "Too many attempts.", { "Retry-After": "30" });
    }
    if (username !== "admin" || password !== "mock-password") {
      failures++;
      throw new Refusal(401, "invalid_credentials", "User name or password is wrong.");
    }
    failures = 0;
    const id = randomBytes(16).toString("hex");
    const session = {
      user: { username, role: "admin" },
      csrf_token: randomBytes(16).toString("hex"),
    };
    sessions.set(id, session);
    return [session, { "Set-Cookie": `session=${id}; HttpOnly; SameSite=Strict; Path=/` }];
  }

  /** Returns [body, headers]; a body of undefined is 204. */
  async function api(request, url) {
    const route = `${request.method} ${url.pathname}`;
    if (route === "POST /v1/auth/login") return login(request);
    const session = sessionOf(request);
    if (session === undefined) throw new Refusal(401, "not_signed_in", "Sign in first.");
    if (request.method !== "GET" && request.headers["x-csrf-token"] !== session.csrf_token) {
      throw new Refusal(403, "csrf_token_invalid", "The CSRF token is missing or wrong.");
    }
    if (route === "GET /v1/auth/session") return [session];
    if (route === "POST /v1/auth/logout") {
      sessions.clear();
      return [undefined, { "Set-Cookie": "session=; Max-Age=0; Path=/" }];
    }
    if (route === "GET /v1/devices") {
      const page = Number(url.searchParams.get("page") ?? 1);
      const per_page = Number(url.searchParams.get("per_page") ?? 50);
      const all = [...fleet.values()];
      const devices = all.slice((page - 1) * per_page, page * per_page).map(describe);
      const pages = Math.ceil(all.length / per_page);
      return [{ devices, pagination: { page, per_page, total: all.length, pages } }];
    }
    const identity = await identities.answer(
      route,
      url,
      () => readBody(request),
      session.user.username,
    );
    if (identity !== undefined) return [identity];
    const match = /^\/v1\/devices\/([^/]+)(\/.*)?$/.exec(url.pathname);
    const device = match && fleet.get(decodeURIComponent(match[1]));
    if (!device) throw new Refusal(404, "device_not_found", "There is no such device.");
    const path = match[2] ?? "";
    if (/^\/(events|spectra|intervals)/.test(path))
      return [quality(device, path, url.searchParams)];
    switch (`${request.method} ${path}`) {
      case "GET ":
        return [describe(device)];
      case "PUT ":
        device.name = (await readBody(request)).name;
        return [describe(device)];
      case "GET /telemetry/latest":
        return [reading(device)];
      case "GET /telemetry":
        return [series(device, url.searchParams)];
      case "GET /energy":
        return [energy(device, url.searchParams)];
      case "GET /deliveries": {
        const journal = {
          journal_id: device.journalId,
          watermark: device.seq,
          stored: device.seq,
          doubled: 0,
        };
        return [{ journals: [{ ...journal, gaps: [] }] }];
      }
      case "GET /registers/preset":
        return [{ presets: device.presets }];
      case "POST /registers/preset":
        return [preset(device, await readBody(request), session.user.username)];
      case "POST /attestation":
        await sleep(LATENCY_MS);
        return [attestationOf(device)];
      case "POST /tamper/clear":
        await sleep(LATENCY_MS);
        device.tamper = { ...device.tamper, latched: false };
        return [{ cmd_id: randomBytes(13).toString("hex"), status: "done", relay_mask: 0 }];
      case "POST /command":
        return [await command(device, await readBody(request))];
      default:
        throw new Refusal(404, "not_found", "There is nothing here.");
    }
  }

  function openStream(request, response, url) {
    if (sessionOf(request) === undefined) {
      throw new Refusal(401, "not_signed_in", "Sign in first.");
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": welcome\n\n");
    const stream = { response, device: url.searchParams.get("device") };
    streams.add(stream);
    request.on("close", () => streams.delete(stream));
  }

  async function file(response, pathname) {
    const path = normalize(join(DIST, pathname === "/" ? "index.html" : pathname));
    if (!path.startsWith(DIST)) throw new Refusal(404, "not_found", "There is nothing here.");
    const body = await readFile(path).catch(() => {
      throw new Refusal(404, "not_found", "There is nothing here.");
    });
    response.writeHead(200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      "Content-Security-Policy": POLICY,
      "Cache-Control": pathname.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache",
    });
    response.end(body);
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    try {
      if (url.pathname === "/v1/stream") return openStream(request, response, url);
      if (!url.pathname.startsWith("/v1/")) return await file(response, url.pathname);
      const [body, headers = {}] = await api(request, url);
      response.writeHead(body === undefined ? 204 : 200, {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        ...headers,
      });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    } catch (error) {
      const status = error.status ?? 500;
      response.writeHead(status, { "Content-Type": "application/json", ...error.headers });
      const code = error.code ?? "internal";
      response.end(JSON.stringify({ error: code, message: error.message, details: {} }));
    }
  });

  const ticks = setInterval(() => {
    for (const device of fleet.values()) {
      if (!device.online) continue;
      device.seq++;
      send("reading", reading(device));
    }
  }, 1000);
  const comments = setInterval(() => {
    for (const { response } of streams) response.write(": still here\n\n");
  }, 15_000);

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://localhost:${server.address().port}`,
    username: "admin",
    password: "mock-password",
    close() {
      clearInterval(ticks);
      clearInterval(comments);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMockServer({
    port: Number(process.argv[2] ?? 8099),
    extraDevices: Number(process.env.EXTRA_DEVICES ?? 0),
    empty: process.env.EMPTY === "1",
  });
  console.log(`mock server on ${url}, user admin, password mock-password`);
}
