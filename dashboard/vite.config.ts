// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Emits /service_worker.js with the list of everything that the shell needs offline. The cache is
 * named after a hash of that list, so a new build never mixes with an old one.
 */
function serviceWorker(): Plugin {
  return {
    name: "ohmstead-service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const hash = createHash("sha256");
      const files = ["/"];
      for (const [name, file] of Object.entries(bundle).toSorted()) {
        hash.update(name).update(file.type === "chunk" ? file.code : file.source);
        if (name !== "index.html") files.push(`/${name}`);
      }
      for (const name of readdirSync("public", { recursive: true, encoding: "utf8" }).toSorted()) {
        if (!/\.[a-z]+$/.test(name)) continue;
        hash.update(name).update(readFileSync(join("public", name)));
        files.push(`/${name}`);
      }
      const source = readFileSync("scripts/service_worker.js", "utf8")
        .replace("__VERSION__", hash.digest("hex").slice(0, 12))
        .replace("__FILES__", JSON.stringify(files));
      this.emitFile({ type: "asset", fileName: "service_worker.js", source });
    },
  };
}

/** Lays compressed twins beside the files, which ohmd serves to browsers that take them. */
function compressedTwins(): Plugin {
  return {
    name: "ohmstead-compressed-twins",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|svg|webmanifest)$/.test(name)) continue;
        const path = join("dist", name);
        const content = readFileSync(path);
        if (content.length < 1024) continue;
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(content));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), serviceWorker(), compressedTwins()],
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    assetsInlineLimit: 0, // the content security policy allows data: for images only
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/v1": { target: process.env["OHM_SERVER"] ?? "http://127.0.0.1:8099", secure: false },
    },
  },
  test: {
    env: { TZ: "Europe/Berlin" }, // changes its clocks, so tests of calendar days mean something
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 30_000, // a busy machine is slow, not wrong
  },
});
