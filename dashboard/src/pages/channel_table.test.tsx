// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { Reading, ReadingChannel } from "../api/types";
import { ChannelTable } from "./channel_table";

afterEach(cleanup);

function cellsInDoubt(quality: string[], own: string[][]): string[][] {
  const channels = own.map((flags, channel) => ({ channel, connected: true, quality: flags }));
  const reading = { quality, channels: channels as ReadingChannel[] } as Reading;
  render(<ChannelTable reading={reading} today={null} stale={false} />);
  const rows = screen.getAllByRole("row").slice(1, 1 + own.length);
  return rows.map((row) =>
    within(row)
      .getAllByRole("cell")
      .filter((cell) => cell.textContent.includes("in doubt"))
      .map((cell) => cell.dataset["head"] as string),
  );
}

describe("the table of channels", () => {
  it("has no marks while nothing is in doubt", () => {
    expect(cellsInDoubt([], [[], []])).toEqual([[], []]);
  });

  it("marks in every row the numbers that a flag of the reading touches", () => {
    const touched = ["P", "Q", "S", "PF", "Import today", "Export today"];
    expect(cellsInDoubt(["no_reference"], [[], []])).toEqual([touched, touched]);
  });

  it("marks what a flag of one channel touches in its row alone", () => {
    expect(cellsInDoubt(["clipped"], [["clipped"], ["creep"], []])).toEqual([
      ["P", "U", "I", "Q", "S", "PF", "Import today", "Export today"],
      ["Import today", "Export today"],
      [],
    ]);
  });
});
