// SPDX-License-Identifier: MIT
// Prints the files below some folders that hold one of the private keys of a simulated chip, as bytes or in a usual spelling.
// Usage: find_keys.mjs KEYS FOLDER...

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [keys, ...places] = process.argv.slice(2);
const lines = readFileSync(keys, 'utf8').split('\n').filter((line) => line.startsWith('private '));
if (lines.length < 5) throw new Error('the chip has too few keys');
const spellings = lines.flatMap((line) => {
  const bytes = Buffer.from(line.slice('private '.length), 'hex');
  return [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('hex').toUpperCase()),
    Buffer.from(bytes.toString('base64').slice(0, 40)), Buffer.from(bytes.toString('base64url').slice(0, 40))];
});

function search(place) {
  const kind = statSync(place);
  if (kind.isDirectory()) readdirSync(place).forEach((name) => search(join(place, name)));
  else if (kind.isFile() && spellings.some((spelling) => readFileSync(place).includes(spelling))) console.log(place);
}
places.forEach(search);
