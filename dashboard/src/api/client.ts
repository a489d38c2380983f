// SPDX-License-Identifier: MIT
// The one place that speaks REST. Holds the CSRF token and the difference between the server's
// clock and the browser's; nothing else is remembered here.

import type {
  Attestation,
  AuditRecord,
  CommandResult,
  Deliveries,
  DemandResult,
  Device,
  DevicePage,
  Energy,
  EnrolmentToken,
  Identities,
  IntervalKind,
  MeteringInterval,
  PowerEvent,
  Preset,
  Reading,
  RelayCommand,
  Series,
  Session,
  Spectrum,
  WaveformSignal,
} from "./types";

/** The server answered, and said no. `code` is the contract's snake_case word. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterS: number | null;

  constructor(status: number, code: string, message: string, retryAfterS: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer at all: no network, no server, or an answer that is not ours. */
export class UnreachableError extends Error {
  constructor() {
    super("The server cannot be reached.");
    this.name = "UnreachableError";
  }
}

let csrfToken = "";
let clockOffsetMs = 0;
let onSignedOut: () => void = () => {};

/** Called when the server no longer knows the session. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

/** Reports that the session is over, as seen by someone else than request(). */
export function reportSignedOut(): void {
  onSignedOut();
}

/** The server's clock, as well as HTTP dates tell it; the browser's own may be far off. */
export function serverNowMs(): number {
  return Date.now() + clockOffsetMs;
}

/** Learns the clock offset from a Date header. Below 2 s it is noise, since the header has whole seconds. */
export function learnClock(dateHeader: string | null, sentMs: number, receivedMs: number): void {
  const serverMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(serverMs)) return;
  const offset = serverMs + 500 - (sentMs + receivedMs) / 2;
  clockOffsetMs = Math.abs(offset) < 2000 ? 0 : offset;
}

async function request<T>(
  method: string,
  path: string,
  options: { body?: unknown; signal?: AbortSignal | undefined; signingIn?: boolean } = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.signal) init.signal = options.signal;

  const sentMs = Date.now();
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new UnreachableError();
  }
  learnClock(response.headers.get("date"), sentMs, Date.now());
  if (!response.ok) {
    if (response.status === 401 && !options.signingIn) onSignedOut();
    throw await readError(response);
  }
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new UnreachableError();
  }
}

async function readError(response: Response): Promise<Error> {
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  try {
    const { error, message } = (await response.json()) as { error?: unknown; message?: unknown };
    if (typeof error === "string") {
      const text = typeof message === "string" ? message : error;
      const seconds = Number.isNaN(retryAfter) ? null : retryAfter;
      return new ApiError(response.status, error, text, seconds);
    }
  } catch {
    // A proxy's error page, most likely.
  }
  return response.status >= 500
    ? new UnreachableError()
    : new ApiError(response.status, "unexpected", `The server answered ${response.status}.`);
}

export async function signIn(username: string, password: string): Promise<Session> {
  const body = { username, password };
  const session = await request<Session>("POST", "/v1/auth/login", { body, signingIn: true });
  csrfToken = session.csrf_token;
  return session;
}

/** The session of the cookie, or null if there is none. */
export async function currentSession(signal?: AbortSignal): Promise<Session | null> {
  try {
    const options = { signal, signingIn: true };
    const session = await request<Session>("GET", "/v1/auth/session", options);
    csrfToken = session.csrf_token;
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await request<void>("POST", "/v1/auth/logout");
}

/** Every device of the fleet, page after page. */
export async function listDevices(signal?: AbortSignal): Promise<Device[]> {
  const devices = new Map<string, Device>();
  for (let page = 1; ; page++) {
    const path = `/v1/devices?page=${page}&per_page=50`;
    const answer = await request<DevicePage>("GET", path, { signal });
    for (const device of answer.devices) devices.set(device.device_id, device);
    if (answer.devices.length === 0 || page >= answer.pagination.pages)
      return [...devices.values()];
  }
}

function devicePath(deviceId: string, rest = ""): string {
  return `/v1/devices/${encodeURIComponent(deviceId)}${rest}`;
}

export function getDevice(deviceId: string, signal?: AbortSignal): Promise<Device> {
  return request("GET", devicePath(deviceId), { signal });
}

export function renameDevice(deviceId: string, name: string): Promise<Device> {
  return request("PUT", devicePath(deviceId), { body: { name } });
}

/** The last reading, or null when the device never sent one. */
export async function latestReading(id: string, signal?: AbortSignal): Promise<Reading | null> {
  try {
    return await request<Reading>("GET", devicePath(id, "/telemetry/latest"), { signal });
  } catch (error) {
    if (error instanceof ApiError && error.code === "no_readings") return null;
    throw error;
  }
}

export interface SeriesQuery {
  channel: number | "total";
  startMs: number;
  endMs: number;
  points: number;
}

export function getSeries(id: string, query: SeriesQuery, signal?: AbortSignal): Promise<Series> {
  const parameters = new URLSearchParams({
    start_ms: String(Math.floor(query.startMs)),
    end_ms: String(Math.ceil(query.endMs)),
    points: String(query.points),
    channel: String(query.channel),
  });
  return request("GET", devicePath(id, `/telemetry?${parameters}`), { signal });
}

export function getEnergy(
  id: string,
  startMs: number,
  endMs: number,
  signal?: AbortSignal,
): Promise<Energy> {
  const query = `start_ms=${Math.floor(startMs)}&end_ms=${Math.ceil(endMs)}`;
  return request("GET", devicePath(id, `/energy?${query}`), { signal });
}

/** The newest spectrum of every signal that has one. */
export async function latestSpectra(id: string, signal?: AbortSignal): Promise<Spectrum[]> {
  const path = devicePath(id, "/spectra/latest");
  return (await request<{ spectra: Spectrum[] }>("GET", path, { signal })).spectra;
}

/** Disturbances of the supply since `startMs`, newest first. */
export async function getEvents(
  id: string,
  startMs: number,
  signal?: AbortSignal,
): Promise<PowerEvent[]> {
  const query = `start_ms=${Math.floor(startMs)}&end_ms=${Math.ceil(serverNowMs()) + 60_000}`;
  const path = devicePath(id, `/events?${query}&limit=200`);
  return (await request<{ events: PowerEvent[] }>("GET", path, { signal })).events;
}

export async function getWaveform(
  id: string,
  eventId: string,
  signal?: AbortSignal,
): Promise<WaveformSignal[]> {
  const path = devicePath(id, `/events/${encodeURIComponent(eventId)}/waveform`);
  return (await request<{ signals: WaveformSignal[] }>("GET", path, { signal })).signals;
}

export async function getIntervals(
  id: string,
  query: { kind: IntervalKind; startMs: number; endMs: number },
  signal?: AbortSignal,
): Promise<MeteringInterval[]> {
  const parameters = `kind=${query.kind}&start_ms=${Math.floor(query.startMs)}&end_ms=${Math.ceil(query.endMs)}`;
  const path = devicePath(id, `/intervals?${parameters}`);
  return (await request<{ intervals: MeteringInterval[] }>("GET", path, { signal })).intervals;
}

export async function getPresets(id: string, signal?: AbortSignal): Promise<Preset[]> {
  const path = devicePath(id, "/registers/preset");
  return (await request<{ presets: Preset[] }>("GET", path, { signal })).presets;
}

/** Lets `register` show `valueMj` from now on; the meter's own register never changes. */
export function presetRegister(id: string, register: string, valueMj: number): Promise<Preset> {
  const body = { register, value_mj: valueMj };
  return request("POST", devicePath(id, "/registers/preset"), { body });
}

export function getDeliveries(id: string, signal?: AbortSignal): Promise<Deliveries> {
  return request("GET", devicePath(id, "/deliveries"), { signal });
}

export function resetDemand(id: string): Promise<DemandResult> {
  return request("POST", devicePath(id, "/demand/reset"), { body: {} });
}

export function clearTamper(id: string, count: number): Promise<CommandResult> {
  return request("POST", devicePath(id, "/tamper/clear"), { body: { count } });
}

/** Asks the device for a report on itself; the server judges it. */
export function attest(id: string): Promise<Attestation> {
  return request("POST", devicePath(id, "/attestation"), { body: {} });
}

export function sendCommand(id: string, command: RelayCommand): Promise<CommandResult> {
  return request("POST", devicePath(id, "/command"), { body: command });
}

export function getIdentities(signal?: AbortSignal, deviceId?: string): Promise<Identities> {
  const query = deviceId === undefined ? "" : `?device=${encodeURIComponent(deviceId)}`;
  return request("GET", `/v1/certificates${query}`, { signal });
}

export async function getAudit(limit: number, signal?: AbortSignal): Promise<AuditRecord[]> {
  const path = `/v1/certificates/audit?limit=${limit}`;
  return (await request<{ records: AuditRecord[] }>("GET", path, { signal })).records;
}

/** A token with which the device gets its certificate, in place of one that is in force or not. */
export function issueToken(id: string, lifeS: number, replaces: boolean): Promise<EnrolmentToken> {
  return request("POST", devicePath(id, "/enrolment"), { body: { life_s: lifeS, replaces } });
}

export function revokeDevice(id: string, reason: string): Promise<{ revoked: number }> {
  return request("POST", devicePath(id, "/revocation"), { body: { reason } });
}

/** A QR code of `text` as an image's address; the server draws it and keeps nothing. */
export async function drawCode(text: string, signal?: AbortSignal): Promise<string> {
  const { svg } = await request<{ svg: string }>("POST", "/v1/qr", { body: { text }, signal });
  return `data:image/svg+xml;base64,${btoa(svg)}`;
}
