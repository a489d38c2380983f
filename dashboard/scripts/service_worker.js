// SPDX-License-Identifier: MIT
// Keeps the shell of the dashboard usable without a server. It never touches /v1 and /healthz:
// a measurement or a relay state out of a cache would be a lie.
const CACHE = "ohmstead-__VERSION__";
const FILES = __FILES__;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith("ohmstead-") && name !== CACHE)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/") {
    event.respondWith(fetch(request).catch(() => caches.match("/", { cacheName: CACHE })));
  } else if (FILES.includes(url.pathname) && url.pathname !== "/") {
    event.respondWith(
      caches.match(url.pathname, { cacheName: CACHE }).then((hit) => hit ?? fetch(request)),
    );
  }
});
