// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromBase32, hotspotOf, parseDeviceCode, toBase32 } from "./device_code";

const CODE = "EM1:EcoWatt001:AAAQEAYEAUDAOCAJBIFQYDIOB4";

describe("the code of a device", () => {
  it("is read from a label", () => {
    const code = parseDeviceCode(`  ${CODE}\n`);
    expect(code?.deviceId).toBe("EcoWatt001");
    expect(Array.from(code?.secret ?? [])).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  it("is read in small letters too", () => {
    expect(parseDeviceCode("EM1:a:aaaqeayeaudaocajbifqydiob4")?.secret?.length).toBe(16);
  });

  it("may be a name alone", () => {
    expect(parseDeviceCode("meter-1")).toEqual({ deviceId: "meter-1", secret: null });
  });

  it("is nothing else", () => {
    for (const text of ["", "a b", "a/b", "#", "x".repeat(33), `${CODE}A`, "EM1:a:b", "EM2:a:AAAQ"])
      expect(parseDeviceCode(text)).toBeNull();
    expect(parseDeviceCode("EM1:a:AAAQEAYEAUDAOCAJBIFQYDIOB5")).toBeNull();
  });

  it("gives the hotspot that the device opens", async () => {
    const secret = parseDeviceCode(CODE)?.secret;
    expect(secret && (await hotspotOf(secret))).toEqual({
      nameEnd: "-e677e7",
      password: "AZN2DWITZT657Z22",
    });
  });
});

describe("base 32", () => {
  it("comes back as it went", () => {
    for (let size = 0; size < 40; size++) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 37 + size) & 255);
      expect(Array.from(fromBase32(toBase32(bytes)) ?? [])).toEqual(Array.from(bytes));
    }
  });
});
