// SPDX-License-Identifier: MIT

// Reads the file in which a device writes down what it measured, independently of its journal; the format is that of
// firmware/ports/posix/reading_trace.

import { readFileSync } from 'node:fs';

// Answers {journals: Map(journal → Map(seq → registers)), boots}: what counts as measured. Registers are BigInt
// millijoule, import and export of channel 0, then of channel 1, and so on.
export function readTrace(path) {
  const journals = new Map();
  let boots = 0;
  let open = null; // the reading that was being appended
  const settle = (measured) => {
    if (open && measured) journals.get(open.journal).set(open.seq, open.registers);
    open = null;
  };
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [kind, journal, seq, ...rest] = line.split(' ');
    if (kind === 'open') {
      if (open) settle(journal === open.journal && Number(seq) > open.seq);
      if (!journals.has(journal)) journals.set(journal, new Map());
      boots += 1;
    } else if (kind === 'try') {
      if (open) throw new Error(`a reading was begun before the last one ended: ${line}`);
      open = { journal, seq: Number(seq), registers: rest.slice(2).map(BigInt) };
    } else if (kind === 'kept' || kind === 'lost') {
      if (!open || open.seq !== Number(seq)) throw new Error(`out of order: ${line}`);
      settle(kind === 'kept');
    }
  }
  return { journals, boots, unsettled: open };
}
