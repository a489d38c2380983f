// SPDX-License-Identifier: MIT

/// The worst-case stack of a program, from what the compiler says about it.
///
/// GCC's -fcallgraph-info=su writes a .ci file beside every object: each function with the bytes of its frame, and
/// who calls whom. What it cannot say is said by people in one file (calls.txt): which functions a call through a
/// table may reach. Nothing is guessed: a call that is not listed, a frame whose size is not fixed, and recursion
/// are errors.
///
/// Functions are named as in C; a static one is "file.c:name", as names of sources are unique here.

const shortName = (title) => title.replace(/^.*\/([^/]+:)/, '$1');
const withoutClone = (name) => name.replace(/\.(constprop|isra|part|cold)\.?\d*/g, '');

/// Adds what one .ci file says to `graph`, a Map from name to { frame, object, calls: Set, indirect: [{file, line,
/// column}] }. `object` is the caller's name for the object that the file lies beside.
export function readCallGraph(text, graph, object) {
    const faults = [];
    const at = (name) => {
        if (!graph.has(name)) graph.set(name, { frame: undefined, calls: new Set(), indirect: [] });
        return graph.get(name);
    };
    for (const line of text.split('\n')) {
        const node = line.match(/^node: \{ title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \(([a-z,]+)\)/);
        if (node) {
            const name = shortName(node[1]);
            const entry = at(name);
            if (entry.frame !== undefined) faults.push(`${name} is there twice: rename one of the two`);
            if (node[3] === 'dynamic') faults.push(`${name} has a frame of no fixed size: give its array a size`);
            entry.frame = Number(node[2]);
            entry.object = object;
            continue;
        }
        const edge = line.match(/^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "(.+):(\d+):(\d+)")?/);
        if (!edge) continue;
        const from = at(shortName(edge[1]));
        if (edge[2] === '__indirect_call') {
            from.indirect.push({ file: edge[3], line: Number(edge[4]), column: Number(edge[5]) });
        } else {
            from.calls.add(shortName(edge[2]));
        }
    }
    return faults;
}

/// The names of the pointers that a statement calls: of `(*a->b)(…)`, `a->b(…)`, `a.b(…)` and `b[i](…)` it is b.
/// Where one call is the argument of another, the compiler gives both the same place, so all of them count.
export function calledPointers(source, line, column) {
    const lines = source.split('\n').slice(line - 1);
    lines[0] = lines[0].slice(column - 1);
    const statement = lines.join('\n').match(/^[^;{]*/)[0];
    const members = [...statement.matchAll(/(?:->|\.)(\w+)\(|(\w+)\[\w+\]\(/g)].map((m) => m[1] ?? m[2]);
    return members.length > 0 ? members : [...statement.matchAll(/(\w+)\(/g)].map((m) => m[1]).slice(0, 1);
}

/// Reads calls.txt. A line is "POINTER: FUNCTION…", or "IN_FUNCTION POINTER: FUNCTION…" for the calls in one
/// function only. "port" stands for what lies outside of the core. Later texts take the place of earlier ones.
export function readCalls(...texts) {
    const calls = new Map();
    for (const text of texts) {
        for (const line of text.split('\n')) {
            const parts = line.replace(/#.*/, '').match(/^\s*([^:]+(?::[^: ]+ [^:]+)?):\s+(.*\S)\s*$/);
            if (parts) calls.set(parts[1].trim().replace(/\s+/g, ' '), { targets: parts[2].split(/\s+/), used: false });
        }
    }
    return calls;
}

/// Puts the listed functions in the place of calls through tables; returns faults in words.
export function bindCalls(graph, calls, sourceOf) {
    const faults = [];
    for (const [name, entry] of graph) {
        for (const place of entry.indirect) {
            const pointers = calledPointers(sourceOf(place.file), place.line, place.column);
            for (const pointer of pointers) {
                const plain = withoutClone(name);
                const listed = calls.get(`${plain} ${pointer}`) ?? calls.get(pointer);
                if (!listed) {
                    faults.push(`${plain} (${place.file}:${place.line}) calls ${pointer} through a pointer: say in calls.txt what that may be`);
                    continue;
                }
                listed.used = true;
                for (const target of listed.targets) {
                    if (target !== 'port' && graph.get(target)?.frame === undefined) {
                        faults.push(`calls.txt: ${pointer} may be ${target}, which does not exist`);
                    }
                    entry.calls.add(target);
                }
            }
        }
    }
    for (const [what, listed] of calls) {
        if (!listed.used && what !== 'port') faults.push(`calls.txt: nothing calls ${what} through a pointer; take the line out`);
    }
    return faults;
}

/// Static functions that nobody is known to call: there is a pointer to each, and calls.txt lacks it. What only a
/// port calls stands there behind "port".
export function findLonely(graph, calls) {
    const called = new Set([...(calls.get('port')?.targets ?? []), ...[...graph.values()].flatMap((entry) => [...entry.calls])]);
    const lonely = [...graph].filter(([name, entry]) => name.includes(':') && entry.frame !== undefined && !called.has(name));
    return lonely.map(([name]) => `${name} is static, and nobody is known to call it: list it in calls.txt behind the pointer that does`);
}

/// The depth of every function: { bytes, path, portBytes }. `outside` is a Map of the bytes that the compiler's helpers
/// and the C library's functions take, `helpersOf(object)` says which of them an object may call without the
/// graph knowing. `portBytes` is how deep the stack is where the core calls a port, or -1 if it never does.
export function findDepths(graph, outside, helpersOf) {
    const depths = new Map();
    const faults = [];
    const open = [];
    const visit = (name) => {
        const known = depths.get(name);
        if (known) return known;
        if (name === 'port') return { bytes: 0, path: [], portBytes: 0 };
        const entry = graph.get(name);
        if (entry?.frame === undefined) {
            if (!outside.has(name)) faults.push(`${name} is called, and nobody knows its stack`);
            return { bytes: outside.get(name) ?? 0, path: [name], portBytes: -1 };
        }
        if (open.includes(name)) {
            faults.push(`recursion: ${[...open.slice(open.indexOf(name)), name].join(' > ')}`);
            return { bytes: 0, path: [], portBytes: -1 };
        }
        open.push(name);
        let deepest = { bytes: 0, path: [] };
        let portBytes = -1;
        for (const callee of [...entry.calls, ...helpersOf(entry.object)]) {
            const below = visit(callee);
            if (below.bytes > deepest.bytes) deepest = below;
            portBytes = Math.max(portBytes, below.portBytes);
        }
        open.pop();
        const depth = {
            bytes: entry.frame + deepest.bytes,
            path: [name, ...deepest.path],
            portBytes: portBytes < 0 ? -1 : entry.frame + portBytes,
        };
        depths.set(name, depth);
        return depth;
    };
    for (const [name, entry] of graph) {
        if (entry.frame !== undefined) visit(name);
    }
    return { depths, faults: [...new Set(faults)] };
}

/// Bytes of stack that functions in machine code take, from a disassembly: every function they can reach counts
/// once, whole. Too much rather than too little; the helpers of a compiler are small. `symbols` is what nm says:
/// of names for one address, a disassembly shows only one.
export function readMachineCode(disassembly, symbols = '') {
    const functions = new Map();
    const atAddress = new Map();
    let current;
    for (const line of disassembly.split('\n')) {
        const head = line.match(/^([0-9a-f]+) <([^>]+)>:/);
        if (head) {
            current = { bytes: 0, calls: new Set() };
            functions.set(head[2], current);
            atAddress.set(head[1], current);
            continue;
        }
        const code = line.match(/^\s*[0-9a-f]+:\t[0-9a-f ]+\t(.*)$/)?.[1];
        if (!current || !code) continue;
        current.bytes += takenBy(code);
        const to = code.match(/<([^>+]+)(?:\+0x[0-9a-f]+)?>/);
        if (to) current.calls.add(to[1]);
    }
    for (const [, address, name] of symbols.matchAll(/^([0-9a-f]+) [TtWw] (\S+)$/gm)) {
        if (atAddress.has(address)) functions.set(name, atAddress.get(address));
    }
    const reach = (name, seen) => {
        const code = functions.get(name);
        if (!code || seen.has(code)) return 0;
        seen.add(code);
        let bytes = code.bytes;
        for (const callee of code.calls) bytes += reach(callee, seen);
        return bytes;
    };
    return (name) => (functions.has(name) ? reach(name, new Set()) : undefined);
}

function takenBy(code) {
    const pushed = code.match(/^(?:push|stmdb|stmfd)(?:\.w)?\t(?:sp!, )?\{([^}]*)\}/);
    if (pushed) {
        let count = 0;
        for (const part of pushed[1].split(',')) {
            const range = part.trim().match(/^r(\d+)-r(\d+)$/);
            count += range ? range[2] - range[1] + 1 : 1;
        }
        return 4 * count;
    }
    const less = code.match(/^(?:sub(?:\.w|w)?\t(?:sp, )?sp, #|addi?\tsp,sp,-|str(?:\.w)?\t\w+, \[sp, #-)(\d+)/);
    return less ? Number(less[1]) : 0;
}
