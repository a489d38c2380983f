// SPDX-License-Identifier: MIT

// What shows that something else hangs: the kernel's view of a process, and the shim's view of a disk.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';

// The state letter of a process or of one of its threads: R running, S asleep, T stopped …
export function stateOf(pid, tid = pid) {
  const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
}

// The threads of a process with their names.
export function threadsOf(pid) {
  return readdirSync(`/proc/${pid}/task`).map((tid) => ({
    tid: Number(tid),
    name: readFileSync(`/proc/${pid}/task/${tid}/comm`, 'latin1').trim(),
  }));
}

export function checksum(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

// The switch of hanging_disk.c.
export class Disk {
  constructor(path) {
    this.path = path;
  }

  hang() {
    writeFileSync(this.path, '');
  }

  heal() {
    rmSync(this.path, { force: true });
  }

  // The threads that wait for the disk, as {tid, sinceMs}.
  waiting() {
    const log = `${this.path}.log`;
    const waiting = new Map();
    if (!existsSync(log)) return [];
    for (const line of readFileSync(log, 'latin1').split('\n').filter(Boolean)) {
      const [tid, what, ns] = line.split(' ');
      if (what === 'begin') waiting.set(Number(tid), Number(ns) / 1e6);
      else waiting.delete(Number(tid));
    }
    return [...waiting].map(([tid, sinceMs]) => ({ tid, sinceMs }));
  }
}
