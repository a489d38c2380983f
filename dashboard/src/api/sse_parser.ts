// SPDX-License-Identifier: MIT
// Server-sent events out of text chunks, cut anywhere (WHATWG HTML, "Parsing an event stream").

export interface SseMessage {
  event: string;
  data: string;
}

export interface SseParser {
  /** Takes the next chunk; returns the events that it completed. */
  push(chunk: string): SseMessage[];
}

/** `limit` bounds one line or one event, in characters; past it push() throws. */
export function createSseParser(limit = 1 << 20): SseParser {
  let rest = "";
  let event = "";
  let data: string[] = [];
  let length = 0;

  function takeLine(line: string, out: SseMessage[]): void {
    if (line === "") {
      if (data.length > 0) out.push({ event: event || "message", data: data.join("\n") });
      event = "";
      data = [];
      length = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: only shows that the line is alive
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") event = value;
    if (field === "data") {
      data.push(value);
      length += value.length;
    }
    if (length > limit) throw new Error("An event of the stream is too long.");
  }

  return {
    push(chunk) {
      const out: SseMessage[] = [];
      rest += chunk;
      // A carriage return at the very end may be half of a line end; leave it for the next chunk.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) takeLine(line, out);
      if (rest.length > limit) throw new Error("A line of the stream is too long.");
      return out;
    },
  };
}
