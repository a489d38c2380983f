// SPDX-License-Identifier: MIT

// Reads a pin trace while the device writes it. The layout is that of firmware/ports/posix/pin_trace/pin_trace.h.

import { closeSync, openSync, readSync } from 'node:fs';

const HEADER = 64;
const SLOT = 16;
const MAGIC = 'OHMPINS1';

export const POWER = 0;
export const LED = 1;
export const BUTTON = 2;
export const RELAY = 8;

// Milliseconds of the clock that the trace uses too.
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

export class PinTrace {
  constructor(path) {
    this.file = openSync(path, 'r');
    this.edges = []; // {number, timeMs, signal, level}, in order
    this.read = 0;
    const header = this.bytes(0, HEADER);
    if (header.toString('latin1', 0, 8) !== MAGIC) throw new Error(`${path} is no pin trace`);
    this.capacity = header.readUInt32LE(8);
  }

  bytes(offset, size) {
    const buffer = Buffer.alloc(size);
    if (readSync(this.file, buffer, 0, size, offset) !== size) throw new Error('the pin trace is cut short');
    return buffer;
  }

  // Takes in what is new and answers all edges so far.
  update() {
    const count = Number(this.bytes(16, 8).readBigUInt64LE(0));
    if (count - this.read > this.capacity) throw new Error('the pin trace was read too late');
    for (; this.read < count; this.read += 1) {
      const slot = this.bytes(HEADER + (this.read % this.capacity) * SLOT, SLOT);
      if (slot.readUInt32LE(8) !== (this.read + 1) % 2 ** 32) break; // Being written; next time.
      this.edges.push({
        number: this.read,
        timeMs: Number(slot.readBigUInt64LE(0)) / 1e6,
        signal: slot.readUInt16LE(12),
        level: slot.readUInt16LE(14),
      });
    }
    return this.edges;
  }

  // The edges of one signal from `sinceMs` on.
  of(signal, sinceMs = 0) {
    return this.update().filter((edge) => edge.signal === signal && edge.timeMs >= sinceMs);
  }

  // The coils that are driven now, bit n for relay n.
  coils() {
    let mask = 0;
    for (const { signal, level } of this.update()) {
      if (signal === POWER) mask = 0;
      if (signal >= RELAY && signal < RELAY + 8) mask = level ? mask | (1 << (signal - RELAY)) : mask & ~(1 << (signal - RELAY));
    }
    return mask;
  }

  close() {
    closeSync(this.file);
  }
}

// The rhythms of the light, as lengths of on, off, on, off … in ms.
export const RHYTHMS = {
  disconnected: [500, 500],
  provisioning: [200, 200],
  network: [100, 100, 100, 700],
  connected: [100, 900],
};

// Which rhythm the light keeps from `fromMs` to `toMs`, and by how much its worst edge is off: throws when none fits
// within `toleranceMs`. The first and the last period may be cut.
export function rhythmOf(trace, fromMs, toMs, toleranceMs) {
  const edges = trace.of(LED, fromMs).filter((edge) => edge.timeMs <= toMs);
  const lengths = edges.slice(1).map((edge, i) => ({ lit: edges[i].level === 1, ms: edge.timeMs - edges[i].timeMs }));
  let best = { name: 'none', worstMs: Infinity };
  for (const [name, rhythm] of Object.entries(RHYTHMS)) {
    const period = rhythm.reduce((sum, ms) => sum + ms, 0);
    const expected = Math.floor((toMs - fromMs) / period) * rhythm.length - rhythm.length;
    if (lengths.length < expected) continue;
    for (let phase = 0; phase < rhythm.length; phase += 1) {
      const worstMs = lengths.reduce((worst, { lit, ms }, i) => {
        const at = (i + phase) % rhythm.length;
        return lit === (at % 2 === 0) ? Math.max(worst, Math.abs(ms - rhythm[at])) : Infinity;
      }, 0);
      if (lengths.length > 0 && worstMs < best.worstMs) best = { name, worstMs, edges: edges.length };
    }
  }
  if (best.worstMs > toleranceMs) {
    throw new Error(`the light keeps no rhythm: nearest is ${best.name}, off by ${best.worstMs.toFixed(0)} ms; ${edges.length} edges in ${(toMs - fromMs).toFixed(0)} ms: ${lengths.map(({ lit, ms }) => `${lit ? '+' : '-'}${ms.toFixed(0)}`).join(' ')}`);
  }
  return best;
}
