import assert from 'node:assert';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { globals, log } from './support.js';

const wide = 'x'.repeat(80);
const CASES = [
    (c) => c.log(), (c) => c.log('a'), (c) => c.log('%s is %d', 'x', 5), (c) => c.log('a', { b: 1 }), (c) => c.log('100%', 5),
    (c) => c.log({ a: { b: { c: { d: 1 } } } }), (c) => c.log(null, undefined, 1n), (c) => c.log('%c css', 'color:red'),
    (c) => c.error('e'), (c) => c.warn('w', [1]), (c) => c.info('i'), (c) => c.debug('d'), (c) => c.dir({ a: { b: {} } }, { depth: 0 }),
    (c) => c.dirxml({ a: 1 }, 2), (c) => c.assert(true, 'x'), (c) => c.assert(false, 'x %s', 'y'), (c) => c.assert(false),
    (c) => c.assert(false, { a: 1 }), (c) => c.count(), (c) => c.count(), (c) => c.count('z'), (c) => c.countReset(), (c) => c.count(),
    (c) => {
        c.group('G');
        c.log('in\nner');
        c.group();
        c.log({ a: 1, b: wide });
        c.groupEnd();
        c.groupEnd();
        c.groupEnd();
        c.log('out');
    },
    (c) => c.table([{ a: 1, b: 'x' }, { a: 2, c: true }]), (c) => c.table([1, 2, 3]), (c) => c.table([[1, 2], [3, 4]]),
    (c) => c.table(new Map([['a', 1], ['b', { x: 1 }]])), (c) => c.table(new Set([1, 'a'])), (c) => c.table({ x: { a: 1 }, y: { a: 2 } }),
    (c) => c.table([{ a: 1, b: 2 }], ['b']), (c) => c.table(5), (c) => c.table([]), (c) => c.table([{ a: { b: { c: 1 } } }, { a: [1, 2, 3, 4, 5] }]),
    (c) => c.table([{ name: '日本' }]), (c) => c.table(null), (c) => c.table([1, { a: 2 }]), (c) => c.table([{ a: 1 }], 'x'),
    (c) => c.log(new Map([[{ a: 1 }, 2]]), new Set([1])), (c) => c.log('x', new Date(0)), (c) => c.log(Symbol('x')), (c) => c.log(-0, [-0]),
    (c) => c.log('%o', { f() {} }), (c) => c.log('%j', { a: 1 }), (c) => c.log(class A {}, function b() {}), (c) => c.log(Buffer.from('x')),
];

test('console writes what Node writes', () => {
    const written = [];
    const stream = () => new Writable({ write(chunk, _, done) { written.push(String(chunk).replace(/\n$/, '')); done(); } });
    const theirs = new Console({ stdout: stream(), stderr: stream() });
    const text = (fn, target, lines) => {
        lines.length = 0;
        try {
            fn(target);
            return lines.map((line) => (Array.isArray(line) ? line[1] : line)).join('\n');
        } catch (error) {
            return `${error.name}: ${error.message}`;
        }
    };
    for (const fn of CASES) assert.equal(text(fn, globals.console, log), text(fn, theirs, written), fn.toString());
});

test('Each method has its level', () => {
    log.length = 0;
    for (const name of ['trace', 'debug', 'log', 'info', 'warn', 'error']) globals.console[name](name);
    assert.deepEqual(log.map(([level]) => level), [0, 1, 2, 2, 3, 4]);
    assert.match(log[0][1], /^Trace: trace/);
});
