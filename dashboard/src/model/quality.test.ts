// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Reading, ReadingChannel } from "../api/types";
import { allFlags, channelFlags, flagsTouching, qualityFlag } from "./quality";

function reading(quality: string[], ...channels: string[][]): Reading {
  const parts = channels.map((own, channel) => ({ channel, quality: own }) as ReadingChannel);
  return { quality, channels: parts } as Reading;
}

function ofChannel(whole: Reading, channel: number): string[] {
  return channelFlags(whole, whole.channels[channel] as ReadingChannel);
}

describe("quality flags", () => {
  it("stand beside the numbers they touch, and no others", () => {
    const names = ["no_reference", "creep", "stale_rate", "gap", "gap"];
    expect(flagsTouching(names, "power")).toEqual(["no_reference", "gap"]);
    expect(flagsTouching(names, "voltage")).toEqual(["gap"]);
    expect(flagsTouching(names, "frequency")).toEqual(["no_reference"]);
    expect(flagsTouching(names, "energy")).toEqual(["no_reference", "creep", "gap"]);
    expect(flagsTouching(names, "rate")).toEqual(["stale_rate"]);
  });

  it("touch everything when this page does not know them", () => {
    expect(flagsTouching(["odd_moon"], "voltage")).toEqual(["odd_moon"]);
    expect(qualityFlag("odd_moon").label).toBe("odd moon");
  });

  it("of a reading concern every channel", () => {
    const whole = reading(["no_reference", "drift"], ["creep"], []);
    expect(ofChannel(whole, 0)).toEqual(["no_reference", "drift", "creep"]);
    expect(ofChannel(whole, 1)).toEqual(["no_reference", "drift"]);
    expect(allFlags(whole)).toEqual(["no_reference", "drift", "creep"]);
  });

  it("that a reading has from one channel alone do not spread to the others", () => {
    const whole = reading(["gap", "clipped", "drift"], ["clipped"], ["drift"], []);
    expect(ofChannel(whole, 0)).toEqual(["gap", "clipped"]);
    expect(ofChannel(whole, 1)).toEqual(["gap", "drift"]);
    expect(ofChannel(whole, 2)).toEqual(["gap"]);
  });
});
