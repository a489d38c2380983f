// SPDX-License-Identifier: MIT
// The live stream: opens it, notices when it dies (also silently), opens it again with back-off.
//
// It reads with fetch() and not with EventSource, because EventSource hides both the comment lines
// that prove a quiet stream alive and the status of a refusal.

import { learnClock, reportSignedOut } from "./client";
import { createSseParser } from "./sse_parser";
import type { StreamEvent } from "./types";

export type StreamState =
  | { phase: "connecting" }
  | { phase: "open" }
  | { phase: "waiting"; retryAtMs: number }
  | { phase: "offline" };

export interface StreamHandlers {
  onEvent(event: StreamEvent): void;
  /** The stream is open; `again` says that events may have been missed. */
  onOpen(again: boolean): void;
  onState(state: StreamState): void;
}

export interface Stream {
  retryNow(): void;
  close(): void;
}

const SILENCE_MS = 35_000; // the server sends a comment every 15 s
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;

/** Back-off before attempt `failures` + 1: doubles, with a jitter of a half; `random` in [0, 1). */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1));
  return full / 2 + (full / 2) * random;
}

const EVENT_NAMES = new Set(["reading", "relay", "device", "command", "spectrum", "power_event"]);

export function openStream(deviceId: string | null, handlers: StreamHandlers): Stream {
  let closed = false;
  let failures = 0;
  let wasOpen = false;
  let controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function run(): Promise<void> {
    clearTimeout(timer);
    controller.abort();
    const mine = new AbortController();
    controller = mine;
    if (failures === 0) handlers.onState({ phase: "connecting" });
    let watchdog = setTimeout(() => mine.abort(), SILENCE_MS);
    try {
      const query = deviceId === null ? "" : `?device=${encodeURIComponent(deviceId)}`;
      const sentMs = Date.now();
      const response = await fetch(`/v1/stream${query}`, {
        headers: { Accept: "text/event-stream" },
        credentials: "same-origin",
        cache: "no-store",
        signal: mine.signal,
      });
      learnClock(response.headers.get("date"), sentMs, Date.now());
      if (response.status === 401) {
        reportSignedOut();
        return;
      }
      if (!response.ok || response.body === null) throw new Error(`stream: ${response.status}`);
      failures = 0;
      handlers.onState({ phase: "open" });
      handlers.onOpen(wasOpen);
      wasOpen = true;
      const parser = createSseParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => mine.abort(), SILENCE_MS);
        for (const message of parser.push(value)) {
          if (!EVENT_NAMES.has(message.event)) continue;
          const data: unknown = JSON.parse(message.data);
          handlers.onEvent({ event: message.event, data } as StreamEvent);
        }
      }
    } catch {
      // Every failure has the same remedy: try again.
    } finally {
      clearTimeout(watchdog);
    }
    if (!closed && controller === mine) scheduleRetry();
  }

  function scheduleRetry(): void {
    failures++;
    const delay = backoffMs(failures, Math.random());
    handlers.onState(
      navigator.onLine ? { phase: "waiting", retryAtMs: Date.now() + delay } : { phase: "offline" },
    );
    timer = setTimeout(() => void run(), delay);
  }

  function retryNow(): void {
    if (!closed) void run();
  }

  function onOffline(): void {
    handlers.onState({ phase: "offline" });
  }

  window.addEventListener("online", retryNow);
  window.addEventListener("offline", onOffline);
  void run();
  return {
    retryNow,
    close() {
      closed = true;
      clearTimeout(timer);
      controller.abort();
      window.removeEventListener("online", retryNow);
      window.removeEventListener("offline", onOffline);
    },
  };
}
