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
  TOKEN_MISSING: "there was no enrolment code",
  TOKEN_INVALID_FORMAT: "what was shown is no enrolment code",
  TOKEN_INVALID_TYPE: "what was shown is a token of another kind",
  INVALID_DEVICE_ID: "that is no name of a device",
  CLIENT_CERTIFICATE_REQUIRED: "there was no certificate of this server",
  UNREADABLE_REQUEST: "the request could not be read",
  content_too_large: "the request was too large",
  various: "for various reasons",
  INVALID_CSR: "its certificate request was damaged, or asked for the rights of an authority",
  INVALID_CSR_DEVICE_ID: "its certificate request asked for another name",
  UNSUPPORTED_CSR_KEY_TYPE: "its key is of a kind that this server does not take",
  KEY_ALREADY_IN_USE: "its key belongs to another device, or was revoked",
  KEY_PUBLISHED: "its key is a published example",
  DEVICE_HAS_ACTIVE_CERTIFICATE: "there is a certificate in force already",
  INVALID_CHALLENGE: "it answered a challenge that is over, used, or of another device",
  INVALID_PROOF: "it did not prove that it has the key that it asked for",
  INVALID_ATTESTATION: "its report on itself was none, or not signed with its key",
  ATTESTATION_REQUIRED: "its certificate is over, and it sent no report on itself",
  CERTIFICATE_REVOKED: "it was revoked",
  CERTIFICATE_SUPERSEDED: "it showed a certificate that a newer one replaced",
  CERTIFICATE_EXPIRED: "its certificate is over",
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
  const parts = /^(\w+)(: \d+ more within the hour)?$/.exec(record.detail);
  const reason = REASONS[parts?.[1] ?? ""];
  return reason === undefined
    ? record.detail
    : `${reason}${(parts?.[2] ?? "").replace(": ", ", ")}`;
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
  const newest = (kind: string, notBeforeMs: number) =>
    known.audit.find(
      (record) =>
        record.kind === kind && record.device_id === deviceId && record.time_ms >= notBeforeMs,
    );
  const refusal = newest("enrolment_refused", sinceMs);
  const brokerRefusal =
    certified && !connected ? newest("broker_refused", certificate.issued_ms) : undefined;
  const states: StepState[] = [
    expired ? "failed" : "done",
    certified ? "done" : expired ? "later" : "waiting",
    connected ? "done" : certified ? "waiting" : "later",
    read ? "done" : connected ? "waiting" : "later",
  ];
  const names: StepName[] = ["token", "certificate", "connection", "reading"];
  const failure = certified
    ? brokerRefusal
      ? `The broker refused the device: ${brokerText(brokerRefusal.detail)}.`
      : null
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
