// SPDX-License-Identifier: MIT

// Looks for secrets in files, however they are written: as they are, in hex, and in both kinds of base64 at any offset.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

// Base64 of `bytes` inside something longer, begun 0 to 2 bytes before; what the neighbours change is left out.
function base64Inside(bytes) {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const from = Math.ceil((before * 4) / 3);
    const whole = text.slice(from, Math.floor(((before + bytes.length) * 8) / 6));
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

export function formsOf(bytes) {
  const hex = bytes.toString('hex');
  return [...new Set([hex, hex.toUpperCase(), ...base64Inside(bytes)])].map((text) => Buffer.from(text)).concat(bytes);
}

export class SecretSearch {
  constructor() {
    this.secrets = new Map();
  }

  // A secret is text or bytes, long enough to be nowhere by chance.
  add(name, secret) {
    const bytes = Buffer.from(secret);
    if (bytes.length < 10) throw new Error(`${name} is too short to be looked for`);
    this.secrets.set(name, formsOf(bytes));
  }

  // The names of the secrets in these bytes. Line ends are passed over too, as PEM breaks base64 into lines.
  inBytes(bytes) {
    const joined = bytes.includes('-----BEGIN') ? Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, ''), 'latin1') : bytes;
    return [...this.secrets].filter(([, forms]) => forms.some((form) => bytes.includes(form) || joined.includes(form))).map(([name]) => name);
  }

  inFile(path) {
    return this.inBytes(readFileSync(path));
  }

  // For every file with a secret: its path in the folder, and the names of the secrets.
  inFolder(folder) {
    const found = {};
    for (const path of filesOf(folder)) {
      const names = this.inFile(path);
      if (names.length > 0) found[relative(folder, path)] = names.sort();
    }
    return found;
  }
}

export function filesOf(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}
