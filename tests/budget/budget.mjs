// SPDX-License-Identifier: MIT

/// Holds a build of tests/budget against what is kept: what the modules call, their size, and their stack.
///
/// Usage: node budget.mjs check|write|painted BUILD_FOLDER...
///   check    calls against allowed.txt, sizes and stacks against budget.txt
///   write    takes what is measured, with headroom, into budget.txt, and the stacks of the tasks into docs/porting.md;
///            look at the difference before you commit it
///   painted  what a machine's painted stacks say (BUILD_FOLDER/painted.txt) against what is computed

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bindCalls, findDepths, findLonely, readCallGraph, readCalls, readMachineCode } from './stack_depth.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const porting = join(here, '../../docs/porting.md');
const tools = { cortex_m4: 'arm-none-eabi-', rv32imc: 'riscv64-unknown-elf-' };
const largeFrame = 2048;
const largest = (numbers) => Math.max(0, ...numbers);
const roundUp = (number, step) => Math.ceil(number / step) * step;

// Headroom: a module may grow by a twentieth before somebody is asked to look, the whole by a fiftieth. Data and
// bss are counted in bytes: a module has none, or says why. A task's stack is what a port is told to give.
const headroom = {
    text: (bytes) => roundUp(bytes * 1.05 + 16, 16),
    data: (bytes) => bytes,
    bss: (bytes) => bytes,
    stack: (bytes) => roundUp(bytes * 1.05 + 16, 16),
    frame: (bytes) => roundUp(bytes * 1.05, 16),
    total: (bytes) => roundUp(bytes * 1.02, 1024),
    task: (bytes) => roundUp(bytes * 1.05, 128),
};

const faults = [];
const kept = (name) => readFileSync(join(here, name), 'utf8');
const words = (text) => text.replace(/#.*/g, '').split(/\s+/).filter(Boolean);
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });

function filesBelow(folder, ending) {
    return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

const sources = new Map();
function sourceOf(path) {
    if (!sources.has(path)) sources.set(path, readFileSync(path, 'utf8'));
    return sources.get(path);
}

/// The modules of a build, with their sections and with what each of their objects wants from outside.
function readModules(folder, prefix) {
    const list = words(readFileSync(join(folder, 'modules.txt'), 'utf8'));
    const modules = [];
    for (let n = 0; n < list.length; n += 2) {
        const sections = run(`${prefix}size`, '-t', list[n + 1]).trim().split('\n').at(-1).trim().split(/\s+/).map(Number);
        modules.push({ name: list[n], library: list[n + 1], text: sections[0], data: sections[1], bss: sections[2] });
    }
    return modules;
}

/// What each object needs that none of them defines.
function readNeeds(files, nm) {
    const needs = new Map();
    const defined = new Set();
    for (const file of files) {
        let object = basename(file).replace(/\.(obj|o)$/, '');
        for (const line of run(nm, file).split('\n')) {
            object = line.match(/^(\S+)\.(?:obj|o):$/)?.[1] ?? object;
            const symbol = line.match(/^[0-9a-f ]{8} ([A-Z]) (\S+)$/);
            if (symbol?.[1] === 'U') needs.set(object, (needs.get(object) ?? new Set()).add(symbol[2]));
            else if (symbol) defined.add(symbol[2]);
        }
    }
    for (const [object, wanted] of needs) needs.set(object, [...wanted].filter((symbol) => !defined.has(symbol)));
    return needs;
}

/// The depth of every function of `objects`, which lie below `folders`; `image` holds them and what they call, and if it
/// `isWhole` nothing was left out of it.
function computeDepths({ folders, objects, image, isWhole, prefix, calls }) {
    const graph = new Map();
    for (const path of folders.flatMap((folder) => filesBelow(folder, '.ci'))) {
        faults.push(...readCallGraph(readFileSync(path, 'utf8'), graph, basename(path, '.ci')));
    }
    faults.push(...bindCalls(graph, calls, sourceOf));
    if (isWhole) faults.push(...findLonely(graph, calls));
    const needs = readNeeds(objects, `${prefix}nm`);
    const bytesOf = readMachineCode(run(`${prefix}objdump`, '-d', image), run(`${prefix}nm`, image));
    const outside = new Map();
    for (const wanted of needs.values()) {
        for (const symbol of wanted) {
            // What the linker left out of an image, nothing in it calls.
            if (bytesOf(symbol) !== undefined || !isWhole) outside.set(symbol, bytesOf(symbol) ?? 0);
        }
    }
    const found = findDepths(graph, outside, (object) => needs.get(object) ?? []);
    faults.push(...found.faults);
    return { graph, depths: found.depths, needs };
}

function readTasks() {
    const tasks = new Map();
    for (const line of kept('tasks.txt').split('\n')) {
        const parts = line.replace(/#.*/, '').match(/^(\w+): (.*)$/);
        if (parts) tasks.set(parts[1], [...(tasks.get(parts[1]) ?? []), ...words(parts[2])]);
    }
    return tasks;
}

function deepestOf(functions, depths) {
    let deepest = { bytes: -1 };
    let portBytes = -1;
    for (const name of functions) {
        const depth = depths.get(name);
        if (!depth) faults.push(`tasks.txt: there is no ${name}`);
        else if (depth.bytes > deepest.bytes) deepest = depth;
        portBytes = Math.max(portBytes, depth?.portBytes ?? -1);
    }
    return { ...deepest, portBytes };
}

/// Everything that is kept of a machine, as a Map from "module text" and the like to a number.
function measure(folder) {
    const machine = basename(folder);
    const prefix = tools[machine];
    const modules = readModules(folder, prefix);
    const libraries = modules.map((module) => module.library);
    const { graph, depths, needs } = computeDepths({
        folders: [...new Set(libraries.map(dirname))],
        objects: libraries,
        image: join(folder, 'whole_device'),
        isWhole: true,
        prefix,
        calls: readCalls(kept('calls.txt')),
    });
    const allowed = new Set(words(kept('allowed.txt')));
    for (const [object, wanted] of needs) {
        for (const symbol of wanted) {
            if (!allowed.has(symbol)) faults.push(`${object} calls ${symbol}, which is not in allowed.txt: the core takes such things from its caller`);
        }
    }
    const numbers = new Map();
    const drivers = new Map();
    for (const module of modules) {
        const objects = new Set(filesBelow(dirname(module.library), '.ci').map((path) => basename(path, '.ci')));
        const own = [...graph].filter(([, entry]) => objects.has(entry.object)).map(([name]) => depths.get(name).bytes);
        for (const what of ['text', 'data', 'bss']) numbers.set(`${module.name} ${what}`, module[what]);
        numbers.set(`${module.name} stack`, largest(own));
    }
    for (const what of ['text', 'data', 'bss']) {
        numbers.set(`all ${what}`, modules.reduce((sum, module) => sum + module[what], 0));
    }
    for (const [task, functions] of readTasks()) {
        const deepest = deepestOf(functions, depths);
        numbers.set(`${task} task`, deepest.bytes);
        drivers.set(task, deepest.portBytes);
        console.log(`budget: ${machine} task ${task.padEnd(14)} ${String(deepest.bytes).padStart(5)} bytes of stack in the core, ${deepest.portBytes} where it calls the port`);
        console.log(`path:   ${machine} ${task}: ${deepest.path?.join(' > ')}`);
    }
    for (const [name, entry] of graph) {
        if (entry.frame > largeFrame) numbers.set(`${name} frame`, entry.frame);
    }
    console.log(`budget: ${machine} all ${numbers.get('all text')} bytes of text, ${numbers.get('all data')} of data, ${numbers.get('all bss')} of bss in ${modules.length} modules`);
    return { machine, folder, numbers, drivers };
}

const columns = ['text', 'data', 'bss', 'stack'];

/// budget.txt has a module in a line, "MACHINE MODULE TEXT DATA BSS STACK", where - is no limit; or a task or a large
/// frame, "MACHINE task|frame NAME LIMIT".
function readLimits() {
    const limits = new Map();
    for (const line of kept('budget.txt').split('\n')) {
        const parts = words(line);
        if (parts.length === 4) limits.set(`${parts[0]} ${parts[2]} ${parts[1]}`, Number(parts[3]));
        columns.forEach((column, n) => {
            if (parts.length === 6 && parts[n + 2] !== '-') limits.set(`${parts[0]} ${parts[1]} ${column}`, Number(parts[n + 2]));
        });
    }
    return limits;
}

const advice = 'Make it smaller, or if it is worth that, run tests/budget/run_budget.sh write and say why in the commit.';

function check(measured) {
    const limits = readLimits();
    const unknown = new Set(limits.keys());
    let slack = 0;
    for (const { machine, numbers } of measured) {
        for (const [what, number] of numbers) {
            const limit = limits.get(`${machine} ${what}`);
            unknown.delete(`${machine} ${what}`);
            if (limit === undefined) faults.push(`${machine}: ${what} is ${number} and not in budget.txt: run tests/budget/run_budget.sh write`);
            else if (number > limit) faults.push(`${machine}: ${what} is ${number}, the budget is ${limit}. ${advice}`);
            else if (limit > 1.25 * number + 512) slack++;
        }
    }
    for (const what of unknown) faults.push(`budget.txt: ${what} is no more; run tests/budget/run_budget.sh write`);
    checkDocument(measured, limits);
    checkPorts(limits);
    if (slack > 0) console.log(`budget: ${slack} limits are far above what is needed; run_budget.sh write takes them down`);
}

function write(measured) {
    const old = kept('budget.txt').match(/^(#.*\n|\n)*/)[0];
    const lines = [];
    for (const { machine, numbers } of measured) {
        const names = [...new Set([...numbers.keys()].map((what) => what.split(' ')[0]))];
        const limit = (name, column) => {
            const number = numbers.get(`${name} ${column}`);
            return number === undefined ? '-' : (name === 'all' && column === 'text' ? headroom.total : headroom[column])(number);
        };
        for (const name of names.filter((one) => numbers.has(`${one} text`)).sort()) {
            lines.push(`${machine.padEnd(9)} ${name.padEnd(20)} ${columns.map((column) => String(limit(name, column)).padStart(6)).join(' ')}`);
        }
        for (const kind of ['task', 'frame']) {
            for (const name of names.filter((one) => numbers.has(`${one} ${kind}`))) {
                lines.push(`${machine.padEnd(9)} ${kind} ${name} ${limit(name, kind)}`);
            }
        }
    }
    writeFileSync(join(here, 'budget.txt'), `${old}${lines.join('\n')}\n`);
    documentStacks(measured, readLimits());
}

/// The table of stacks in docs/porting.md: of each task and machine what is computed, what a driver finds used, what was
/// painted, and what to give.
function documentStacks(measured, limits) {
    const rows = [...readTasks().keys()].map((task) => {
        const cells = measured.map(({ machine, folder, numbers, drivers }) => {
            const painted = readPainted(folder).get(`painted_${task}`) ?? '–';
            return `${numbers.get(`${task} task`)} | ${drivers.get(task)} | ${painted} | ${limits.get(`${machine} ${task} task`)}`;
        });
        return `| ${task} | ${cells.join(' | ')} |`;
    });
    const heads = measured.map(({ machine }) => `${machine}: computed | at a driver | painted | **to give**`);
    const table = [`| task | ${heads.join(' | ')} |`, `|---|${'---|'.repeat(4 * heads.length)}`, ...rows].join('\n');
    const old = readFileSync(porting, 'utf8');
    writeFileSync(porting, old.replace(/(<!-- stacks:.*-->\n)[^]*?(<!-- end of stacks -->)/, `$1\n${table}\n\n$2`));
}

/// What docs/porting.md tells porters to give must be what the budget says.
function checkDocument(measured, limits) {
    const text = readFileSync(porting, 'utf8');
    const isSaid = [...readTasks().keys()].every((task) => {
        const cells = text.match(new RegExp(`^\\| ${task} \\| (\\d+ \\| .*) \\|$`, 'm'))?.[1].split(' | ') ?? [];
        return measured.every(({ machine }, n) => Number(cells[4 * n + 3]) === limits.get(`${machine} ${task} task`));
    });
    if (!isSaid) faults.push('docs/porting.md tells porters other stacks than budget.txt; run tests/budget/run_budget.sh write');
}

/// The tables of tasks in the ports: each stack must hold what the core alone needs.
function checkPorts(limits) {
    const sources = ['firmware/apps', 'firmware/ports'].flatMap((folder) => filesBelow(join(here, '../..', folder), '_tasks.c'));
    const rows = sources.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/\{ "(\w+)", \d+, \d+, (\d+),/g)].map((row) => [path, row[1], Number(row[2])]));
    if (rows.length < 4) faults.push('no table of tasks was found in firmware/apps and firmware/ports');
    for (const [path, task, bytes] of rows) {
        for (const machine of Object.keys(tools)) {
            const limit = limits.get(`${machine} ${task} task`);
            if (limit === undefined) faults.push(`${path}: tasks.txt does not know the task ${task}`);
            else if (bytes < limit) faults.push(`${path}: the ${task} task has ${bytes} bytes of stack, and the core alone needs ${limit} on ${machine}`);
        }
    }
}

function readPainted(folder) {
    let text = '';
    try {
        text = readFileSync(join(folder, 'painted.txt'), 'utf8');
    } catch (fault) {
        if (fault.code !== 'ENOENT') throw fault;
    }
    return new Map([...text.matchAll(/^painted (\w+) (\d+)$/gm)].map((line) => [line[1], Number(line[2])]));
}

/// A guest drove every task on a painted stack. The same program, computed, must not be less.
function comparePainted(folder) {
    const machine = basename(folder);
    const modules = readModules(folder, tools[machine]);
    const objects = filesBelow(join(folder, 'CMakeFiles/painted.dir'), '.obj');
    const libraries = [...modules.map((module) => module.library), ...filesBelow(join(folder, 'engine'), '.a')];
    const { depths } = computeDepths({
        folders: [...new Set(libraries.map(dirname)), join(folder, 'CMakeFiles/painted.dir')],
        objects: [...libraries, ...objects],
        image: join(folder, 'painted'),
        isWhole: false,
        prefix: tools[machine],
        calls: readCalls(kept('calls.txt'), kept('calls_painted.txt')),
    });
    let compared = 0;
    for (const [name, painted] of readPainted(folder)) {
        const computed = depths.get(name);
        if (!computed) {
            faults.push(`painted: there is no function ${name}`);
            continue;
        }
        compared++;
        console.log(`painted: ${machine} ${name.padEnd(20)} ${String(painted).padStart(5)} painted, ${String(computed.bytes).padStart(5)} computed`);
        if (painted > computed.bytes) faults.push(`${machine}: ${name} used ${painted} bytes of stack, and only ${computed.bytes} are computed: a call is missing in calls.txt`);
        if (painted < computed.bytes / 4) faults.push(`${machine}: ${name} used ${painted} bytes of the ${computed.bytes} that are computed: the guest no longer does the work`);
    }
    if (compared === 0) faults.push(`${folder}/painted.txt compares nothing`);
}

const [command, ...folders] = process.argv.slice(2);
if (folders.length === 0) {
    console.error('usage: budget.mjs check|write|painted BUILD_FOLDER...');
    process.exit(2);
}
if (command === 'painted') {
    folders.forEach(comparePainted);
} else {
    const measured = folders.map(measure);
    if (command === 'write') write(measured);
    else check(measured);
}
for (const fault of [...new Set(faults)]) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
