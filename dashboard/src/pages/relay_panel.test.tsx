// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { INITIAL_RELAYS, nextRelayState, type RelayAction } from "../model/relay_state";
import { RelayPanel } from "./relay_panel";
import type { Relays } from "./use_relays";

// What Radix's switch measures itself with; jsdom has none.
globalThis.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

afterEach(cleanup);

function relaysAfter(...actions: RelayAction[]): Relays {
  return {
    state: actions.reduce(nextRelayState, INITIAL_RELAYS),
    announcement: "",
    set: vi.fn(),
    setAll: vi.fn(),
    dismiss: vi.fn(),
    version: () => 0,
    onFetched: () => {},
  };
}

function relay(number: number): HTMLElement {
  return screen.getByRole("switch", { name: `Relay ${number}` });
}

const REPORTED: RelayAction = { type: "reported", mask: 0b1 };
const ASKED: RelayAction = { type: "requested", id: 1, relays: 0b100, wanted: 0b100 };

describe("the relay panel", () => {
  it("shows confirmed states as switches and asks for the opposite", async () => {
    const relays = relaysAfter(REPORTED);
    render(<RelayPanel relays={relays} online name="meter" />);
    expect(relay(0).getAttribute("aria-checked")).toBe("true");
    expect(relay(1).getAttribute("aria-checked")).toBe("false");
    await userEvent.click(relay(0));
    await userEvent.click(relay(1));
    expect(relays.set).toHaveBeenNthCalledWith(1, 0, false);
    expect(relays.set).toHaveBeenNthCalledWith(2, 1, true);
  });

  it("tells a request from a state, and does not send it twice", async () => {
    const relays = relaysAfter(REPORTED, ASKED);
    render(<RelayPanel relays={relays} online name="meter" />);
    expect(relay(2).getAttribute("aria-busy")).toBe("true");
    expect(screen.getByText("on requested, is off")).toBeTruthy();
    await userEvent.click(relay(2));
    expect(relays.set).not.toHaveBeenCalled();
  });

  it("gives the reason of a failure beside the confirmed state", async () => {
    const relays = relaysAfter(REPORTED, ASKED, { type: "failed", id: 1, reason: "It is busy." });
    render(<RelayPanel relays={relays} online name="meter" />);
    expect(screen.getByText("It is busy.")).toBeTruthy();
    expect(relay(2).getAttribute("aria-checked")).toBe("false");
    await userEvent.click(screen.getByRole("button", { name: /dismiss.*relay 2/i }));
    expect(relays.dismiss).toHaveBeenCalledWith(2);
  });

  it("calls a state unknown until the device has told it", () => {
    render(<RelayPanel relays={relaysAfter()} online name="meter" />);
    expect(screen.getAllByText("Unknown")).toHaveLength(8);
    expect(screen.getByText("state unknown")).toBeTruthy();
  });

  it("switches all only after the question was answered", async () => {
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true;
    };
    HTMLDialogElement.prototype.close = function close() {
      this.open = false;
    };
    const relays = relaysAfter(REPORTED);
    render(<RelayPanel relays={relays} online name="meter" />);
    await userEvent.click(screen.getByRole("button", { name: "All off" }));
    expect(relays.setAll).not.toHaveBeenCalled();
    const dialog = screen.getByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Switch all off" }));
    expect(relays.setAll).toHaveBeenCalledWith(false);
  });

  it("says that the shown state is old when the device is offline", () => {
    render(<RelayPanel relays={relaysAfter(REPORTED)} online={false} name="meter" />);
    expect(screen.getByText(/offline.*last state that it confirmed/)).toBeTruthy();
  });
});
