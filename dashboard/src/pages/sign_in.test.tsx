// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener() {},
    removeEventListener() {},
  }));
});
afterEach(cleanup);

const SESSION = { user: { username: "admin", role: "admin" }, csrf_token: "token" };

function answer(status: number, body: object, headers: Record<string, string> = {}): void {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(JSON.stringify(body), { status, headers })),
  );
}

async function enter(onSignedIn = vi.fn()): Promise<typeof onSignedIn> {
  const { SignInPage } = await import("./sign_in");
  render(<SignInPage ended={false} onSignedIn={onSignedIn} />);
  await userEvent.type(screen.getByLabelText("User name"), "admin");
  await userEvent.type(screen.getByLabelText("Password"), "secret{Enter}");
  return onSignedIn;
}

describe("signing in", () => {
  it("hands over the session", async () => {
    answer(200, SESSION);
    const onSignedIn = await enter();
    expect(onSignedIn).toHaveBeenCalledWith(SESSION);
    const [path, init] = vi.mocked(fetch).mock.calls[0] as [string, RequestInit];
    expect(path).toBe("/v1/auth/login");
    expect(JSON.parse(String(init.body))).toEqual({ username: "admin", password: "secret" });
  });

  it("says that name and password do not match", async () => {
    answer(401, { error: "invalid_credentials", message: "no", details: {} });
    const onSignedIn = await enter();
    expect((await screen.findByRole("alert")).textContent).toContain("do not match");
    expect(onSignedIn).not.toHaveBeenCalled();
  });

  it("waits as long as the server wants after too many attempts", async () => {
    const refusal = { error: "rate_limit_exceeded", message: "slow", details: {} };
    answer(429, refusal, { "Retry-After": "17" });
    await enter();
    expect((await screen.findByRole("alert")).textContent).toContain("Try again in 17 s.");
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("says when there is no server", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("network")));
    await enter();
    expect((await screen.findByRole("alert")).textContent).toContain("cannot be reached");
  });

  it("does not take a proxy's error page for an answer", async () => {
    vi.stubGlobal(
      "fetch",
      vi.fn(async () => new Response("<html>", { status: 502 })),
    );
    await enter();
    expect((await screen.findByRole("alert")).textContent).toContain("cannot be reached");
  });
});
