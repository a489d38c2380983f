// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { LEVELS, reasonText, VERDICTS } from "./attestation";

describe("the words for a report", () => {
  it("never call a report of software alone more than that", () => {
    expect(LEVELS.software.label).toBe("Software only");
    expect(LEVELS.software.explanation).toContain("replaced software could say the same");
    expect(VERDICTS.degraded.label).not.toContain("Trusted");
  });

  it("show a reason that they do not know as it came", () => {
    expect(reasonText("case_opened")).toBe("its case was opened");
    expect(reasonText("clock_stepped")).toBe("clock stepped");
  });
});
