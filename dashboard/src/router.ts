// SPDX-License-Identifier: MIT
// Addresses live in the hash, so that every static file server and every offline start serves them.

import { useSyncExternalStore } from "react";

export const DEVICE_TABS = ["live", "history", "quality", "details"] as const;
export type DeviceTab = (typeof DEVICE_TABS)[number];

export type Route =
  | { page: "devices" }
  | { page: "add" }
  | { page: "identities" }
  | { page: "device"; deviceId: string; tab: DeviceTab };

export function parseRoute(hash: string): Route {
  const [, page, id, tab] = hash.replace(/^#/, "").split("/");
  if (page === "add" || page === "identities") return { page };
  if (page !== "devices" || !id) return { page: "devices" };
  try {
    const deviceId = decodeURIComponent(id);
    return { page: "device", deviceId, tab: DEVICE_TABS.find((name) => name === tab) ?? "live" };
  } catch {
    return { page: "devices" };
  }
}

export function routeHref(route: Route): string {
  if (route.page !== "device") return `#/${route.page}`;
  const tab = route.tab === "live" ? "" : `/${route.tab}`;
  return `#/devices/${encodeURIComponent(route.deviceId)}${tab}`;
}

export function navigate(route: Route): void {
  window.location.hash = routeHref(route);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}
