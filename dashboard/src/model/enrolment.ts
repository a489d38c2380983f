// SPDX-License-Identifier: MIT
// How far a new device has come, from what the server knows about it.

import type { AuditRecord, Device, Identities } from "../api/types";

export type StepName = "token" | "certificate" | "connection" | "reading";
export type StepState = "done" | "waiting" | "later" | "failed";

export interface Step {
  name: StepName;
  state: StepState;
}

export interface Progress {
  steps: Step[];
  /** What went wrong last, in words; null: nothing did. */
  failure: string | null;
  done: boolean;
}

const REASONS: Record<string, string> = {
  TOKEN_EXPIRED: "its enrolment code had expired",
  TOKEN_NOT_FOUND: "it showed an enrolment code that this server does not know",
  TOKEN_ALREADY_USED: "its enrolment code had been used with another key",
  TOKEN_DEVICE_MISMATCH: "its enrolment code was made for another device",
  INVALID_CSR: "its certificate request was damaged",
  INVALID_CSR_DEVICE_ID: "its certificate request asked for another name",
  UNSUPPORTED_CSR_KEY_TYPE: "its key is of a kind that this server does not take",
  DEVICE_HAS_ACTIVE_CERTIFICATE: "there is a certificate in force already",
};

const BROKER_REASONS: Record<string, string> = {
  no_certificate: "it showed no certificate",
  bad_name: "its certificate names no device",
  other_client: "it claimed the name of another client",
  other_user: "it claimed the name of another user",
  expired: "its certificate is over",
  list_missing: "the broker had no list of certificates",
  list_corrupt: "the broker's list of certificates was damaged",
  list_stale: "the broker's list of certificates was too old",
  unknown: "its certificate is not on the list",
  superseded: "its certificate was superseded",
  revoked: "it was revoked",
  various: "for various reasons",
};

/** What the broker's guard said, in words. */
export function brokerText(detail: string): string {
  const parts = /^(session ended: )?([a-z_]+)(: \d+ more within the hour)?$/.exec(detail);
  const reason = BROKER_REASONS[parts?.[2] ?? ""];
  if (parts === null || reason === undefined) return detail;
  return `${parts[1] ?? ""}${reason}${(parts[3] ?? "").replace(": ", ", ")}`;
}

/** The reason behind a refusal, as far as the record tells it. */
export function refusalText(record: AuditRecord): string {
  const known = Object.entries(REASONS).find(([word]) => record.detail.includes(word));
  return known?.[1] ?? record.detail;
}

export interface Known {
  deviceId: string;
  sinceMs: number;
  nowMs: number;
  tokenExpiresMs: number;
  identities: Identities;
  audit: readonly AuditRecord[];
  device: Device | null;
}

export function progressOf(known: Known): Progress {
  const { deviceId, sinceMs, device } = known;
  const certificate = known.identities.certificates.find(
    (one) => one.device_id === deviceId && one.issued_ms >= sinceMs,
  );
  const certified = certificate !== undefined;
  const seen = (device?.last_seen_ms ?? 0) >= sinceMs;
  const connected = certified && seen && (device?.online ?? false);
  const read = connected && (device?.last_reading_ms ?? 0) >= sinceMs;
  const expired = !certified && known.nowMs >= known.tokenExpiresMs;
  const refusal = known.audit.find(
    (record) =>
      record.kind === "enrolment_refused" &&
      record.device_id === deviceId &&
      record.time_ms >= sinceMs,
  );
  const states: StepState[] = [
    expired ? "failed" : "done",
    certified ? "done" : expired ? "later" : "waiting",
    connected ? "done" : certified ? "waiting" : "later",
    read ? "done" : connected ? "waiting" : "later",
  ];
  const names: StepName[] = ["token", "certificate", "connection", "reading"];
  const failure = certified
    ? null
    : expired
      ? "The enrolment code has expired before the device used it. Begin again to get a new one."
      : refusal
        ? `The device asked for its certificate and was refused: ${refusalText(refusal)}.`
        : null;
  return {
    steps: names.map((name, at) => ({ name, state: states[at] ?? "later" })),
    failure,
    done: read,
  };
}
