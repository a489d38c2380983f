// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  failureSentence,
  INITIAL_RELAYS,
  nextRelayState,
  relayView,
  relayViews,
  type RelayAction,
  type RelayState,
} from "./relay_state";

function after(...actions: RelayAction[]): RelayState {
  return actions.reduce(nextRelayState, INITIAL_RELAYS);
}

const REPORTED_0: RelayAction = { type: "reported", mask: 0 };
const ASKED_3: RelayAction = { type: "requested", id: 1, relays: 0b1000, wanted: 0b1000 };

describe("a relay", () => {
  it("is unknown before the device has said anything", () => {
    expect(relayViews(INITIAL_RELAYS).every(({ confirmed }) => confirmed === null)).toBe(true);
  });

  it("keeps its confirmed state while a change is requested", () => {
    const view = relayView(after(REPORTED_0, ASKED_3), 3);
    expect(view).toEqual({ relay: 3, confirmed: false, requested: true, failure: null });
  });

  it("changes its confirmed state when the device confirms, and the request is over", () => {
    const state = after(REPORTED_0, ASKED_3, { type: "confirmed", id: 1, mask: 0b1000 });
    expect(relayView(state, 3)).toMatchObject({ confirmed: true, requested: null });
    expect(relayView(state, 2)).toMatchObject({ confirmed: false });
  });

  it("stays as it was when the request fails, and tells why", () => {
    const state = after(REPORTED_0, ASKED_3, { type: "failed", id: 1, reason: "Busy." });
    expect(relayView(state, 3)).toEqual({
      relay: 3,
      confirmed: false,
      requested: null,
      failure: "Busy.",
    });
  });

  it("forgets an old failure when it is asked again or when a person dismisses it", () => {
    const failed = after(REPORTED_0, ASKED_3, { type: "failed", id: 1, reason: "Busy." });
    const again = nextRelayState(failed, { ...ASKED_3, id: 2 });
    expect(relayView(again, 3).failure).toBeNull();
    const dismissed = nextRelayState(failed, { type: "dismissed", relay: 3 });
    expect(relayView(dismissed, 3).failure).toBeNull();
  });

  it("shows a report of the device at once, also during a request", () => {
    const state = after(REPORTED_0, ASKED_3, { type: "reported", mask: 0b1000 });
    expect(relayView(state, 3)).toMatchObject({ confirmed: true, requested: true });
  });

  it("takes an answer for its own relays only, since the stream may have overtaken it", () => {
    const state = after(
      REPORTED_0,
      ASKED_3,
      { type: "reported", mask: 0b1010 },
      { type: "confirmed", id: 1, mask: 0b1000 },
    );
    expect(state.confirmedMask).toBe(0b1010);
  });

  it("ignores a fetched state that was asked for before the last report", () => {
    const state = after(REPORTED_0);
    const late = nextRelayState(state, { type: "fetched", mask: 0xff, version: 0 });
    expect(late.confirmedMask).toBe(0);
    const fresh = nextRelayState(state, { type: "fetched", mask: 0xff, version: state.version });
    expect(fresh.confirmedMask).toBe(0xff);
  });

  it("ignores answers to requests that it does not know", () => {
    const state = after(REPORTED_0);
    expect(nextRelayState(state, { type: "confirmed", id: 9, mask: 255 })).toBe(state);
    expect(nextRelayState(state, { type: "failed", id: 9, reason: "?" })).toBe(state);
  });
});

describe("all relays together", () => {
  it("are one request that fails or succeeds as a whole", () => {
    const asked = after(REPORTED_0, { type: "requested", id: 5, relays: 0xff, wanted: 0xff });
    expect(relayViews(asked).every(({ requested }) => requested === true)).toBe(true);
    const failed = nextRelayState(asked, { type: "failed", id: 5, reason: "Busy." });
    expect(relayViews(failed).every(({ failure }) => failure === "Busy.")).toBe(true);
    const one = nextRelayState(failed, { type: "dismissed", relay: 0 });
    expect(relayViews(one).filter(({ failure }) => failure !== null)).toHaveLength(7);
  });
});

describe("a refusal", () => {
  it("is a whole sentence for every code of the contract, and for none", () => {
    const codes = ["relay_busy", "device_offline", "no_confirmation", "command_failed"];
    codes.push("broker_unreachable", "too_many_commands", "rate_limit_exceeded");
    for (const code of [...codes, "invalid_command", "not_signed_in", "something_new", null]) {
      expect(failureSentence(code, "Relay 3")).toMatch(/^[A-Z].*\.$/);
    }
    expect(failureSentence("relay_busy", "Relay 3")).toContain("Relay 3");
    expect(failureSentence("relay_busy", "The relays")).toContain("are still");
  });
});
