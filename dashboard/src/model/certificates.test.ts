// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Certificate, CertificateState } from "../api/types";
import { byUrgency, isLeftBehind } from "./certificates";

function certificate(
  device_id: string,
  state: CertificateState,
  issued_ms: number,
  renewal_overdue = false,
): Certificate {
  return {
    certificate_id: `${device_id}${issued_ms}`,
    device_id,
    state,
    serial_number: "",
    issued_ms,
    changed_ms: issued_ms,
    not_before_ms: issued_ms,
    not_after_ms: issued_ms + 90,
    renew_after_ms: issued_ms + 60,
    days_left: 0,
    renewal_overdue,
    attestation: null,
  };
}

describe("certificates", () => {
  it("leave a device behind when they expire without a successor", () => {
    const old = certificate("a", "expired", 1);
    expect(isLeftBehind(old, [old])).toBe(true);
    expect(isLeftBehind(old, [old, certificate("b", "active", 2)])).toBe(true);
    expect(isLeftBehind(old, [old, certificate("a", "active", 2)])).toBe(false);
    expect(isLeftBehind(old, [old, certificate("a", "expired", 2)])).toBe(false);
    expect(isLeftBehind(certificate("a", "revoked", 1), [])).toBe(false);
  });

  it("come first when somebody must do something, then by their end", () => {
    const all = [
      certificate("later", "active", 50),
      certificate("revoked", "revoked", 0),
      certificate("sooner", "active", 40),
      certificate("overdue", "active", 60, true),
      certificate("gone", "expired", 70),
    ];
    expect(all.toSorted(byUrgency(all)).map(({ device_id }) => device_id)).toEqual([
      "overdue",
      "gone",
      "sooner",
      "later",
      "revoked",
    ]);
  });
});
