// SPDX-License-Identifier: MIT

// Batches as contracts/batch.md describes them, written independently of the C encoder, and ways to spoil one.

const head = (major, value) => {
  const big = BigInt(value);
  const first = major << 5;
  if (big < 24n) return Buffer.from([first | Number(big)]);
  if (big < 0x100n) return Buffer.from([first | 24, Number(big)]);
  const bytes = Buffer.alloc(9);
  if (big < 0x10000n) {
    bytes[0] = first | 25;
    bytes.writeUInt16BE(Number(big), 1);
    return bytes.subarray(0, 3);
  }
  if (big < 0x100000000n) {
    bytes[0] = first | 26;
    bytes.writeUInt32BE(Number(big), 1);
    return bytes.subarray(0, 5);
  }
  bytes[0] = first | 27;
  bytes.writeBigUInt64BE(big, 1);
  return bytes;
};

export const uint = (value) => head(0, value);
export const int = (value) => (BigInt(value) < 0n ? head(1, -1n - BigInt(value)) : head(0, value));
export const array = (...items) => Buffer.concat([head(4, items.length), ...items]);
export const bytes = (value) => Buffer.concat([head(2, value.length), value]);
export const text = (value) => Buffer.concat([head(3, value.length), Buffer.from(value)]);
export const map = (entries) => Buffer.concat([head(5, entries.length), ...entries.flatMap(([key, value]) => [uint(key), value])]);

const column = (...values) => array(...values.map(int));

// One reading without channels: the smallest thing a meter can say.
export function entries({ journalId, seq, oldest = 1, boot = 1, uptimeMs = 1000 * Number(seq) }) {
  return [
    [0, uint(1)], [1, bytes(journalId)], [2, uint(boot)], [3, uint(seq)], [4, uint(oldest)], [5, uint(1)],
    [11, array(column(uptimeMs), column(1000000), column(50000), ...Array.from({ length: 16 }, () => column()))],
  ];
}

export const batch = (fields) => map(entries(fields));

// The same batch with entry `key` replaced, or left out when `value` is null.
export const spoiled = (fields, key, value) =>
  map(entries(fields).map(([name, old]) => [name, name === key ? value : old]).filter(([, kept]) => kept !== null));
