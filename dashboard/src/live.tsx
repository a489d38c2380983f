// SPDX-License-Identifier: MIT
// The live stream inside React: one connection for the page that is open, whose events go into the
// query cache and to whoever subscribed.

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from "react";
import { openStream, type Stream, type StreamState } from "./api/stream";
import type { Device, PowerEvent, Spectrum, StreamEvent } from "./api/types";
import {
  applyPowerEvent,
  applySpectrum,
  applyToDevice,
  applyToDevices,
} from "./model/stream_reducer";

type LiveEvent = StreamEvent | { event: "catch_up" };
type LiveState = StreamState | { phase: "off" };
type Listener = (event: LiveEvent) => void;

interface Live {
  state: LiveState;
  retryNow(): void;
  subscribe(listener: Listener): () => void;
}

const LiveContext = createContext<Live | null>(null);

const BATCH_MS = 200;

/**
 * Writes events into the query cache. Readings wait a moment for each other, so that fifty devices
 * do not draw the page fifty times a second; everything else is written at once.
 */
function createCacheWriter(client: QueryClient): { push(event: StreamEvent): void; stop(): void } {
  let waiting: StreamEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    client.setQueryData<Device[]>(
      ["devices"],
      (devices) => devices && events.reduce(applyToDevices, devices),
    );
    for (const event of events) {
      const id = event.data.device_id;
      client.setQueryData<Device>(
        ["device", id],
        (device) => device && applyToDevice(device, event),
      );
      switch (event.event) {
        case "reading":
          client.setQueryData(["latest", id], event.data);
          break;
        case "spectrum":
          client.setQueryData<Spectrum[]>(
            ["spectra", id],
            (spectra) => spectra && applySpectrum(spectra, event.data),
          );
          break;
        case "power_event":
          client.setQueryData<PowerEvent[]>(
            ["events", id],
            (events) => events && applyPowerEvent(events, event.data),
          );
          break;
        default:
          break;
      }
    }
  }

  return {
    push(event) {
      waiting.push(event);
      if (event.event !== "reading") flush();
      else timer ??= setTimeout(flush, BATCH_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/** What the stream is about: one device, the whole fleet, or nothing (the page polls). */
export type LiveScope = { deviceId: string } | "fleet" | "none";

export function LiveProvider(props: { scope: LiveScope; children: ReactNode }) {
  const { scope, children } = props;
  const off = scope === "none";
  const deviceId = typeof scope === "string" ? null : scope.deviceId;
  const client = useQueryClient();
  const listeners = useRef(new Set<Listener>());
  const stream = useRef<Stream | null>(null);
  const [state, setState] = useState<LiveState>({ phase: "connecting" });

  useEffect(() => {
    if (off) {
      setState({ phase: "off" });
      return;
    }
    const writer = createCacheWriter(client);
    const opened = openStream(deviceId, {
      onState: setState,
      onOpen(again) {
        if (!again) return;
        void client.invalidateQueries();
        for (const listener of listeners.current) listener({ event: "catch_up" });
      },
      onEvent(event) {
        writer.push(event);
        for (const listener of listeners.current) listener(event);
      },
    });
    stream.current = opened;
    return () => {
      opened.close();
      writer.stop();
    };
  }, [client, deviceId, off]);

  const live = useMemo<Live>(
    () => ({
      state,
      retryNow: () => stream.current?.retryNow(),
      subscribe(listener) {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("useLive() outside of LiveProvider");
  return live;
}

/** Calls `listener` with every event of the stream while the component is there. */
export function useLiveEvents(listener: Listener): void {
  const { subscribe } = useLive();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => subscribe((event) => latest.current(event)), [subscribe]);
}
