// SPDX-License-Identifier: MIT
// Which certificates want somebody's attention, and how their states are called.

import type { Certificate, CertificateState } from "../api/types";

export const CERTIFICATE_STATES: Record<CertificateState, { label: string; explanation: string }> =
  {
    pending: { label: "Pending", explanation: "Issued, and not used by the device so far" },
    active: { label: "Active", explanation: "In force" },
    superseded: { label: "Superseded", explanation: "A newer one has taken its place" },
    revoked: { label: "Revoked", explanation: "Withdrawn: the device is cut off" },
    expired: { label: "Expired", explanation: "Its time is over" },
  };

export function isInForce({ state }: Certificate): boolean {
  return state === "active" || state === "pending";
}

/** Expired without a successor: the device cannot speak any more. */
export function isLeftBehind(certificate: Certificate, all: readonly Certificate[]): boolean {
  return (
    certificate.state === "expired" &&
    !all.some(
      (other) =>
        other.device_id === certificate.device_id &&
        (isInForce(other) || other.issued_ms > certificate.issued_ms),
    )
  );
}

/** What wants attention first, then what is in force; of these what ends soonest. */
export function byUrgency(all: readonly Certificate[]) {
  const rank = (one: Certificate) =>
    one.renewal_overdue || isLeftBehind(one, all) ? 0 : isInForce(one) ? 1 : 2;
  return (a: Certificate, b: Certificate) => rank(a) - rank(b) || a.not_after_ms - b.not_after_ms;
}
