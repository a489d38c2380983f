// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DemandCard } from "./demand_card";

const END_MS = 1_763_690_400_000;
const BLOCK = {
  kind: "demand",
  start_ms: END_MS - 900_000,
  end_ms: END_MS,
  flags: [] as string[],
  quality: [] as string[],
  demand_w: 1500,
  maximum_demand_w: 4200,
  maximum_demand_ms: END_MS - 3_600_000,
  channels: [],
};
const RESET = {
  detail: {
    maximum_demand_w: 0,
    maximum_demand_ms: null,
    reset_by: "anna",
    previous_demand_w: 4200,
  },
};

let block = BLOCK;
let resets: Response[];
let posted: string[];

beforeEach(() => {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
  posted = [];
  block = BLOCK;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (init.method !== "POST") return Response.json({ intervals: [block] });
    posted.push(path);
    return resets.shift();
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function ask() {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <DemandCard deviceId="meter-1" />
    </QueryClientProvider>,
  );
  await userEvent.click(await screen.findByRole("button", { name: "Reset the maximum" }));
  expect(posted).toEqual([]);
  return within(screen.getByRole("dialog"));
}

describe("the demand card", () => {
  it("resets the maximum only after the question was answered, and shows the new one", async () => {
    resets = [Response.json(RESET)];
    const dialog = await ask();
    expect(screen.getByText("4.20")).toBeTruthy();
    await userEvent.click(dialog.getByRole("button", { name: "Reset" }));
    expect(await screen.findByText("Reset by anna.")).toBeTruthy();
    expect(posted).toEqual(["/v1/devices/meter-1/demand/reset"]);
    expect(screen.queryByText("4.20")).toBeNull();
  });

  it("says beside the newest block what puts it in doubt", async () => {
    block = { ...BLOCK, flags: ["short"], quality: ["gap"] };
    resets = [];
    await ask();
    const newest = screen.getByText(/^Newest, until/).parentElement as HTMLElement;
    expect(within(newest).getByText("Short")).toBeTruthy();
    expect(within(newest).getByText("Gap")).toBeTruthy();
  });

  it("leaves the maximum when the question is answered with no", async () => {
    resets = [];
    const dialog = await ask();
    await userEvent.click(dialog.getByRole("button", { name: "Cancel" }));
    expect(posted).toEqual([]);
    expect(screen.getByText("4.20")).toBeTruthy();
  });

  it("says why a reset failed", async () => {
    const error = { error: "device_offline", message: "The device is offline; nothing was sent." };
    resets = [Response.json(error, { status: 503 })];
    const dialog = await ask();
    await userEvent.click(dialog.getByRole("button", { name: "Reset" }));
    expect((await screen.findByRole("alert")).textContent).toContain("offline");
    expect(screen.getByText("4.20")).toBeTruthy();
  });
});
