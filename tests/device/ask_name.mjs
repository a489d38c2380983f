// SPDX-License-Identifier: MIT
// Asks a name server at the loopback address for a name's address, and prints the address, "none" for an answer without
// one, "silence", or "closed" when nobody has the port. With --mangled it sends what no name server should trip over first.
// Usage: ask_name.mjs PORT NAME [--mangled]

import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';

const [port, name, mangled] = process.argv.slice(2);
const id = randomBytes(2);
const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]));
const query = Buffer.concat([id, Buffer.from('01000001000000000000', 'hex'), ...labels, Buffer.from('0000010001', 'hex')]);

const socket = createSocket('udp4');
const end = (words) => {
  console.log(words);
  process.exit();
};
socket.on('error', () => end('closed'));
socket.on('message', (reply) => {
  if (!reply.subarray(0, 2).equals(id)) return;
  if (reply.length > query.length + 16) end('too long');
  if ((reply[3] & 0x0f) !== 0 || reply.readUInt16BE(6) !== 1) end('none');
  end([...reply.subarray(reply.length - 4)].join('.'));
});
socket.connect(Number(port), '127.0.0.1', () => {
  if (mangled) {
    const other = Buffer.concat([Buffer.from([id[0] ^ 0xff, id[1]]), query.subarray(2)]); // Its answers are not for us.
    for (let size = 0; size < other.length; size += 1) socket.send(other.subarray(0, size));
    socket.send(randomBytes(513));
    socket.send(Buffer.concat([other.subarray(0, 12), Buffer.from('c00c00010001', 'hex')])); // A name that points at itself.
  }
  socket.send(query);
});
setTimeout(() => end('silence'), 2000);
