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
import type { Device, StreamEvent } from "./api/types";
import { applyToDevice, applyToDevices } from "./model/stream_reducer";

type LiveEvent = StreamEvent | { event: "catch_up" };
type Listener = (event: LiveEvent) => void;

interface Live {
  state: StreamState;
  retryNow(): void;
  subscribe(listener: Listener): () => void;
}

const LiveContext = createContext<Live | null>(null);

function updateCache(client: QueryClient, event: StreamEvent): void {
  const id = event.data.device_id;
  client.setQueryData<Device[]>(
    ["devices"],
    (devices) => devices && applyToDevices(devices, event),
  );
  client.setQueryData<Device>(["device", id], (device) => device && applyToDevice(device, event));
  if (event.event === "reading") client.setQueryData(["latest", id], event.data);
}

/** `deviceId` limits the stream to one device; null is the whole fleet. */
export function LiveProvider(props: { deviceId: string | null; children: ReactNode }) {
  const { deviceId, children } = props;
  const client = useQueryClient();
  const listeners = useRef(new Set<Listener>());
  const stream = useRef<Stream | null>(null);
  const [state, setState] = useState<StreamState>({ phase: "connecting" });

  useEffect(() => {
    const opened = openStream(deviceId, {
      onState: setState,
      onOpen(again) {
        if (!again) return;
        void client.invalidateQueries();
        for (const listener of listeners.current) listener({ event: "catch_up" });
      },
      onEvent(event) {
        updateCache(client, event);
        for (const listener of listeners.current) listener(event);
      },
    });
    stream.current = opened;
    return () => opened.close();
  }, [client, deviceId]);

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
