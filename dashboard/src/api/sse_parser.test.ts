// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { createSseParser } from "./sse_parser";
import { backoffMs } from "./stream";

const TEXT =
  'event: reading\ndata: {"a":1}\n\n: still here\n\nevent: relay\r\ndata: x\r\ndata: y\r\n\r\n';
const EVENTS = [
  { event: "reading", data: '{"a":1}' },
  { event: "relay", data: "x\ny" },
];

describe("the event stream", () => {
  it("is understood however it is cut", () => {
    for (let size = 1; size <= TEXT.length; size++) {
      const parser = createSseParser();
      const events = [];
      for (let at = 0; at < TEXT.length; at += size)
        events.push(...parser.push(TEXT.slice(at, at + size)));
      expect(events, `chunks of ${size}`).toEqual(EVENTS);
    }
  });

  it("gives no event for a comment or for half an event", () => {
    const parser = createSseParser();
    expect(parser.push(": hello\n\nevent: x\n\ndata: 1\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ event: "message", data: "1" }]);
  });

  it("is not followed into endless lines or endless events", () => {
    expect(() => createSseParser(100).push("data: " + "x".repeat(200))).toThrow("too long");
    const parser = createSseParser(100);
    expect(() => {
      for (let i = 0; i < 50; i++) parser.push("data: xxxxxxxx\n");
    }).toThrow("too long");
  });
});

describe("the back-off", () => {
  it("doubles up to half a minute, with a jitter of a half", () => {
    expect(backoffMs(1, 0)).toBe(500);
    expect(backoffMs(1, 1)).toBe(1000);
    expect(backoffMs(4, 1)).toBe(8000);
    expect(backoffMs(50, 1)).toBe(30_000);
    expect(backoffMs(50, 0)).toBe(15_000);
  });
});
