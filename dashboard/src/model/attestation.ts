// SPDX-License-Identifier: MIT
// What a device's report on itself is worth, in words. Nothing here sounds better than it is.

import type { AttestationLevel, AttestationVerdict } from "../api/types";

export const VERDICTS: Record<AttestationVerdict, { label: string; explanation: string }> = {
  trusted: {
    label: "Trusted",
    explanation: "Signed by the device, fresh, and nothing against it.",
  },
  degraded: { label: "With reservations", explanation: "Signed by the device and fresh, but:" },
  failed: { label: "Not believed", explanation: "There is no report that this server believes:" },
};

export const LEVELS: Record<AttestationLevel, { label: string; explanation: string }> = {
  software: {
    label: "Software only",
    explanation: "The device's software vouches for itself; replaced software could say the same.",
  },
  verified_boot: {
    label: "Verified boot",
    explanation: "The device starts signed software alone; its key lies in ordinary memory.",
  },
  secure_element: {
    label: "Secure element",
    explanation: "The device starts signed software alone, and a chip of its own keeps its key.",
  },
};

const REASONS: Record<string, string> = {
  wrong_signature: "the report is not signed with the key of the device's certificate",
  no_report: "the device sent no report that can be read",
  old_report: "the report answers another question: it is an old one",
  software_level: "nothing but its own software stands behind the report",
  case_opened: "its case was opened",
  debugging_enabled: "a debugger can be connected to it",
};

export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll("_", " ");
}
