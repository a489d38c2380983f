// SPDX-License-Identifier: MIT
// Holds types.ts against the contracts, so that neither changes without the other.

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CONTRACTS = "../contracts";
const OPENAPI = `${CONTRACTS}/openapi.json`;

/** Property names of every interface of types.ts, nested ones included. */
function interfaces(): Map<string, string[]> {
  const source = readFileSync("src/api/types.ts", "utf8");
  const found = new Map<string, string[]>();
  for (const [, name, body] of source.matchAll(/export interface (\w+) \{([\s\S]*?)\n\}/g)) {
    const properties = [...(body as string).matchAll(/(?:^|[{;]\s*|\n\s*)(\w+):/g)];
    found.set(
      name as string,
      properties.map(([, property]) => property as string),
    );
  }
  return found;
}

/** Every name that the OpenAPI document gives to a property, at any depth. */
function openapiNames(node: unknown, names = new Set<string>()): Set<string> {
  if (typeof node !== "object" || node === null) return names;
  for (const [key, value] of Object.entries(node)) {
    if (key === "properties" && typeof value === "object" && value !== null) {
      for (const name of Object.keys(value)) names.add(name);
    }
    openapiNames(value, names);
  }
  return names;
}

const INTERFACES = interfaces();

describe("types.ts", () => {
  it("is read by this test", () => {
    expect(INTERFACES.get("Device")).toContain("relay_mask_known");
    expect(INTERFACES.get("Deliveries")).toContain("last_seq");
  });

  it("uses no name that rest.md does not have", () => {
    const contract = readFileSync(`${CONTRACTS}/rest.md`, "utf8");
    for (const [name, properties] of INTERFACES) {
      for (const property of properties) {
        expect(contract, `${name}.${property}`).toMatch(new RegExp(`\\b${property}\\b`));
      }
    }
  });

  it.skipIf(!existsSync(OPENAPI))("uses no name that openapi.json does not have", () => {
    const names = openapiNames(JSON.parse(readFileSync(OPENAPI, "utf8")));
    const streamOnly = new Set(["RelayEvent", "CommandEvent"]);
    for (const [name, properties] of INTERFACES) {
      if (streamOnly.has(name)) continue;
      for (const property of properties) {
        expect(names.has(property), `${name}.${property}`).toBe(true);
      }
    }
  });
});
