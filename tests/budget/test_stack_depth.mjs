// SPDX-License-Identifier: MIT

/// A computed stack ...

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindCalls, calledPointers, findDepths, findLonely, readCallGraph, readCalls, readMachineCode } from './stack_depth.mjs';

const source = `void outer(void)
{
    const int x = table->inner(table->ctx, 1);
    a.one(a.ctx,
          b->two(b->ctx));
    loads[i](x);
    most(x, keys->most_of(keys->ctx));
}
`;

const node = (name, bytes, kind = 'static') =>
    `node: { title: "${name}" label: "${name}\\n/x/t.c:1:1\\n${bytes} bytes (${kind})" }\n`;
const edge = (from, to, place = '/x/t.c:3:19') => `edge: { sourcename: "${from}" targetname: "${to}" label: "${place}" }\n`;

function depthsOf(text, calls = '', outside = new Map(), helpers = () => []) {
    const graph = new Map();
    const faults = [
        ...readCallGraph(text, graph, 't.c'),
        ...bindCalls(graph, readCalls(calls), () => source),
    ];
    const found = findDepths(graph, outside, helpers);
    return { depths: found.depths, faults: [...faults, ...found.faults] };
}

test('is the deepest way down, and names it', () => {
    const { depths, faults } = depthsOf(
        node('top', 16) + node('deep', 100) + node('/x/t.c:flat', 8) + node('leaf', 24) +
        edge('top', 'deep') + edge('top', '/x/t.c:flat') + edge('/x/t.c:flat', 'leaf'));
    assert.deepEqual(faults, []);
    assert.equal(depths.get('top').bytes, 116);
    assert.deepEqual(depths.get('top').path, ['top', 'deep']);
    assert.equal(depths.get('t.c:flat').bytes, 32);
});

test('follows a call through a pointer to everything that is listed', () => {
    const text = node('outer', 16) + node('/x/t.c:small', 8) + node('/x/t.c:large', 80) + edge('outer', '__indirect_call');
    const { depths, faults } = depthsOf(text, 'inner: t.c:small t.c:large port');
    assert.deepEqual(faults, []);
    assert.equal(depths.get('outer').bytes, 96);
    assert.equal(depths.get('outer').portBytes, 16);
    assert.equal(depths.get('t.c:small').portBytes, -1);
    assert.equal(depthsOf(text, 'inner: t.c:large\nouter inner: t.c:small').depths.get('outer').bytes, 24);
});

test('is refused where a pointer is not listed, or a line lists what is not there', () => {
    const text = node('outer', 16) + edge('outer', '__indirect_call');
    assert.match(depthsOf(text).faults[0], /calls inner through a pointer/);
    assert.match(depthsOf(text, 'inner: gone').faults[0], /gone, which does not exist/);
    assert.match(depthsOf(text, 'inner: port\nother: port').faults[0], /nothing calls other/);
});

test('is refused while a static function has no caller, as pointers to it are missing', () => {
    const graph = new Map();
    readCallGraph(node('/x/t.c:lonely', 8) + node('known', 8), graph, 't.c');
    assert.match(findLonely(graph, readCalls(''))[0], /t.c:lonely is static, and nobody/);
    assert.deepEqual(findLonely(graph, readCalls('port: t.c:lonely')), []);
});

test('is refused for recursion, direct and through a pointer', () => {
    assert.match(depthsOf(node('a', 8) + node('b', 8) + edge('a', 'b') + edge('b', 'a')).faults[0], /recursion: a > b > a/);
    const text = node('outer', 8) + edge('outer', '__indirect_call');
    assert.match(depthsOf(text, 'inner: outer').faults[0], /recursion: outer > outer/);
});

test('is refused for a frame without a fixed size, and for a callee nobody knows', () => {
    assert.match(depthsOf(node('a', 8, 'dynamic')).faults[0], /no fixed size/);
    assert.match(depthsOf(node('a', 8) + edge('a', 'gone')).faults[0], /gone is called/);
});

test('counts the helpers that the graph does not show', () => {
    const { depths } = depthsOf(node('a', 8), '', new Map([['__divdi3', 64]]), () => ['__divdi3']);
    assert.equal(depths.get('a').bytes, 72);
});

test('takes every pointer of a statement, as the compiler gives nested calls one place', () => {
    assert.deepEqual(calledPointers(source, 3, 19), ['inner']);
    assert.deepEqual(calledPointers(source, 4, 5), ['one', 'two']);
    assert.deepEqual(calledPointers(source, 6, 5), ['loads']);
    assert.deepEqual(calledPointers(source, 7, 5), ['most_of']);
});

test('reads the stack of machine code, of Arm and of RISC-V', () => {
    const arm = readMachineCode(`00000000 <one>:
   0:\tb5f0      \tpush\t{r4, r5, r6, r7, lr}
   2:\tb084      \tsub\tsp, #16
   4:\tf7ff fffe \tbl\t10 <two>
00000010 <two>:
  10:\te92d 4ff0 \tstmdb\tsp!, {r4-r11, lr}
  14:\tf84d 0d04 \tstr.w\tr0, [sp, #-4]!
  18:\te7f0      \tb.n\t0 <one+0x4>
`);
    assert.equal(arm('two'), 36 + 4 + 36);
    assert.equal(arm('one'), 36 + 40);
    assert.equal(arm('none'), undefined);
    const riscv = readMachineCode(`80000000 <three>:
80000000:\t7139                \tadd\tsp,sp,-64
80000002:\t01010113          \tadd\tsp,sp,16
`, '80000000 T three\n80000000 T another_name\n');
    assert.equal(riscv('three'), 64);
    assert.equal(riscv('another_name'), 64);
});
