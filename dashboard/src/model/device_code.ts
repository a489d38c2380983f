// SPDX-License-Identifier: MIT
// What a person types or scans to name a device: its name, or the code on its label.

const NAME = /^[A-Za-z0-9_-]{1,32}$/;
const CODE = /^EM1:([A-Za-z0-9_-]{1,32}):([A-Za-z2-7]{26})$/;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export interface DeviceCode {
  deviceId: string;
  /** The secret of the label; null when only the name was given. */
  secret: Uint8Array<ArrayBuffer> | null;
}

/** Base 32 of RFC 4648 without padding; null when it is none, or has bits to spare that are set. */
export function fromBase32(text: string): Uint8Array<ArrayBuffer> | null {
  const out: number[] = [];
  let pool = 0;
  let bits = 0;
  for (const letter of text.toUpperCase()) {
    const digit = DIGITS.indexOf(letter);
    if (digit < 0) return null;
    pool = (pool << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((pool >> bits) & 255);
      pool &= (1 << bits) - 1;
    }
  }
  return pool === 0 ? Uint8Array.from(out) : null;
}

export function toBase32(bytes: Uint8Array): string {
  let text = "";
  let pool = 0;
  let bits = 0;
  for (const byte of bytes) {
    pool = (pool << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(pool >> (bits - 5)) & 31];
    pool &= (1 << bits) - 1;
  }
  return bits > 0 ? text + DIGITS[(pool << (5 - bits)) & 31] : text;
}

/** Reads a name or a label's code; null when it is neither. */
export function parseDeviceCode(typed: string): DeviceCode | null {
  const text = typed.trim();
  const code = CODE.exec(text);
  if (code?.[1] !== undefined && code[2] !== undefined) {
    const secret = fromBase32(code[2]);
    return secret === null ? null : { deviceId: code[1], secret };
  }
  return NAME.test(text) ? { deviceId: text, secret: null } : null;
}

async function expand(secret: Uint8Array<ArrayBuffer>, info: string, bytes: number) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const parameters = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: new TextEncoder().encode(info),
  };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, bytes * 8));
}

export interface Hotspot {
  /** How the name of the network ends; what it begins with is the device's setting. */
  nameEnd: string;
  password: string;
}

/** The device's own hotspot, as its label's secret makes it. */
export async function hotspotOf(secret: Uint8Array<ArrayBuffer>): Promise<Hotspot> {
  const [seed, id] = await Promise.all([
    expand(secret, "em/ap-psk/v1", 10),
    expand(secret, "em/pair-id/v1", 8),
  ]);
  const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { nameEnd: `-${hex.slice(-6)}`, password: toBase32(seed) };
}
