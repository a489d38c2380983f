// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { AuditRecord, Certificate, Device } from "../api/types";
import { brokerText, progressOf, refusalText, type Known } from "./enrolment";

const BEGIN = 1_000_000;

function known(change: Partial<Known> = {}): Known {
  return {
    deviceId: "meter-1",
    sinceMs: BEGIN,
    nowMs: BEGIN + 1000,
    tokenExpiresMs: BEGIN + 300_000,
    identities: { certificates: [], pending: [] },
    audit: [],
    device: null,
    ...change,
  };
}

function certificate(change: Partial<Certificate> = {}): Certificate {
  return {
    certificate_id: "00",
    device_id: "meter-1",
    state: "pending",
    serial_number: "01",
    issued_ms: BEGIN + 10,
    changed_ms: BEGIN + 10,
    not_before_ms: 0,
    not_after_ms: 0,
    renew_after_ms: 0,
    renewal_overdue: false,
    attestation: null,
    days_left: 90,
    ...change,
  };
}

const seen = (change: Partial<Device>) => ({ online: true, ...change }) as Device;
const states = (change: Partial<Known>) =>
  progressOf(known(change)).steps.map(({ state }) => state);
const refused = (change: Partial<AuditRecord> = {}): AuditRecord => ({
  time_ms: BEGIN + 5,
  kind: "enrolment_refused",
  device_id: "meter-1",
  actor: "",
  address: "",
  detail: "TOKEN_DEVICE_MISMATCH",
  ...change,
});

describe("the progress of a new device", () => {
  it("goes step by step", () => {
    const issued = { certificates: [certificate()], pending: [] };
    expect(states({})).toEqual(["done", "waiting", "later", "later"]);
    expect(states({ identities: issued })).toEqual(["done", "done", "waiting", "later"]);
    expect(states({ identities: issued, device: seen({ last_seen_ms: BEGIN + 20 }) })).toEqual([
      "done",
      "done",
      "done",
      "waiting",
    ]);
    const device = seen({ last_seen_ms: BEGIN + 20, last_reading_ms: BEGIN + 30 });
    const end = progressOf(known({ identities: issued, device }));
    expect(end.done).toBe(true);
    expect(end.failure).toBeNull();
  });

  it("takes nothing from before for news", () => {
    const old = { certificates: [certificate({ issued_ms: BEGIN - 1 })], pending: [] };
    expect(states({ identities: old, device: seen({ last_seen_ms: BEGIN - 1 }) })[1]).toBe(
      "waiting",
    );
    const other = { certificates: [certificate({ device_id: "meter-2" })], pending: [] };
    expect(states({ identities: other })[1]).toBe("waiting");
    expect(progressOf(known({ audit: [refused({ time_ms: BEGIN - 1 })] })).failure).toBeNull();
  });

  it("says that the token has expired", () => {
    const late = progressOf(known({ nowMs: BEGIN + 300_000 }));
    expect(late.steps[0]?.state).toBe("failed");
    expect(late.failure).toMatch(/expired/);
  });

  it("says why the server refused", () => {
    expect(progressOf(known({ audit: [refused()] })).failure).toMatch(/made for another device/);
    expect(refusalText(refused({ detail: "something new" }))).toBe("something new");
    const many = refused({
      kind: "intake_refused",
      detail: "TOKEN_NOT_FOUND: 4 more within the hour",
    });
    expect(refusalText(many)).toMatch(/does not know, 4 more within the hour$/);
    // One word is the beginning of the other.
    expect(refusalText(refused({ detail: "INVALID_CSR" }))).toMatch(/damaged/);
    expect(refusalText(refused({ detail: "INVALID_CSR_DEVICE_ID" }))).toMatch(/another name/);
  });

  it("has words for whatever the server can refuse a device for", () => {
    for (const word of [
      "TOKEN_EXPIRED",
      "TOKEN_ALREADY_USED",
      "TOKEN_DEVICE_MISMATCH",
      "UNSUPPORTED_CSR_KEY_TYPE",
      "KEY_PUBLISHED",
      "KEY_ALREADY_IN_USE",
      "DEVICE_HAS_ACTIVE_CERTIFICATE",
      "INVALID_CHALLENGE",
      "INVALID_PROOF",
      "INVALID_ATTESTATION",
      "ATTESTATION_REQUIRED",
      "CERTIFICATE_REVOKED",
      "CERTIFICATE_SUPERSEDED",
      "CERTIFICATE_EXPIRED",
    ]) {
      expect(refusalText(refused({ detail: word }))).not.toBe(word);
    }
  });

  it("says why the broker refused what has its certificate", () => {
    const issued = { certificates: [certificate()], pending: [] };
    const refusal = refused({
      kind: "broker_refused",
      detail: "list_missing",
      time_ms: BEGIN + 20,
    });
    const told = (change: Partial<Known>) =>
      progressOf(known({ identities: issued, audit: [refusal], ...change })).failure;
    expect(told({})).toMatch(/broker refused the device: the broker had no list/);
    expect(told({ device: seen({ last_seen_ms: BEGIN + 30 }) })).toBeNull();
    expect(told({ audit: [{ ...refusal, time_ms: BEGIN + 9 }] })).toBeNull();
    expect(told({ audit: [{ ...refusal, device_id: "meter-2" }] })).toBeNull();
  });
});

describe("what the broker says", () => {
  it("is told in words, with how often", () => {
    expect(brokerText("revoked")).toBe("it was revoked");
    expect(brokerText("session ended: superseded")).toBe(
      "session ended: its certificate was superseded",
    );
    expect(brokerText("revoked: 119 more within the hour")).toBe(
      "it was revoked, 119 more within the hour",
    );
  });

  it("is shown as it came when it is something else", () => {
    expect(brokerText("<b>x</b>")).toBe("<b>x</b>");
    expect(brokerText("a_new_reason")).toBe("a_new_reason");
  });
});
