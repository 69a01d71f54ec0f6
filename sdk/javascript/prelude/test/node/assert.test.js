import { test } from 'node:test';
import { Comparison } from './support.js';

const big = { a: 1, b: { c: [1, 2, 3, { d: 4 }] }, e: 'x' };
const other = { a: 1, b: { c: [1, 2, 3, { d: 5 }] }, e: 'x' };
const range = (n, from = 0) => Array.from({ length: n }, (_, i) => i + from);
const boom = () => { throw new Error('x'); };
const CASES = [
    (A) => A(0, 'msg'), (A) => A.ok(), (A) => A(), (A) => A.ok(false, new TypeError('tt')), (A) => A.equal(1, 2), (A) => A.equal(1, '1'),
    (A) => A.equal(1), (A) => A.equal({ a: 1 }, { a: 1 }), (A) => A.equal(NaN, NaN), (A) => A.equal(1, 2, 'm'), (A) => A.notEqual(1, 1),
    (A) => A.equal('a'.repeat(600), 'b'), (A) => A.strictEqual(1, 2), (A) => A.strictEqual('hello world', 'hello there'),
    (A) => A.strictEqual({ a: 1 }, { a: 1 }), (A) => A.strictEqual([1, 2, 3], [1, 2, 4]), (A) => A.strictEqual(1, '1'),
    (A) => A.strictEqual('a\nb\nc', 'a\nb\nd'), (A) => A.strictEqual('a'.repeat(100), 'b'.repeat(100)), (A) => A.strictEqual(undefined, null),
    (A) => A.strictEqual(0, -0), (A) => A.strictEqual(big, other), (A) => A.strictEqual(1, 2, 'hello'), (A) => A.strictEqual(1, 2, ''),
    (A) => A.strictEqual(1, 2, new RangeError('r')), (A) => A.strictEqual(range(60), range(60, 1)), (A) => A.strictEqual(range(9), range(60)),
    (A) => A.notStrictEqual(1, 1), (A) => A.notStrictEqual(big, big), (A) => A.notStrictEqual('long text', 'long text'),
    (A) => A.deepEqual(big, other), (A) => A.deepEqual({ a: 1 }, { a: '1' }), (A) => A.deepEqual([1, 2], [1, 3]),
    (A) => A.deepEqual(new Map([[1, 2]]), new Map([[1, 3]])), (A) => A.deepEqual(new Set([1]), new Set([2])),
    (A) => A.deepStrictEqual(big, other), (A) => A.deepStrictEqual(big, other, 'hello'), (A) => A.deepStrictEqual({ a: 1 }, { a: '1' }),
    (A) => A.deepStrictEqual(range(11), [...range(10), 11]), (A) => A.deepStrictEqual(range(30), [...range(12), 99, ...range(17, 13)]),
    (A) => A.deepStrictEqual({ a: 1 }, { b: 1 }), (A) => A.deepStrictEqual(new Date(0), new Date(1)), (A) => A.deepStrictEqual(/a/, /b/),
    (A) => A.deepStrictEqual([], {}), (A) => A.deepStrictEqual(NaN, NaN), (A) => A.deepStrictEqual({}, Object.create(null)),
    (A) => A.deepStrictEqual(new Error('a'), new Error('b')), (A) => A.deepStrictEqual({ a: undefined }, {}),
    (A) => A.notDeepStrictEqual({ a: 1 }, { a: 1 }), (A) => A.notDeepEqual({ a: 1 }, { a: 1 }), (A) => A.notDeepStrictEqual(1, 1),
    (A) => A.fail(), (A) => A.fail('boom'), (A) => A.fail(new TypeError('x')), (A) => A.fail(1, 2), (A) => A.fail(1, 2, undefined, '>'),
    (A) => A.throws(() => {}), (A) => A.throws(() => {}, 'msg'), (A) => A.throws(boom), (A) => A.throws(boom, /y/), (A) => A.throws(boom, /x/),
    (A) => A.throws(boom, TypeError), (A) => A.throws(boom, { message: 'y' }), (A) => A.throws(boom, { message: 'x' }),
    (A) => A.throws(boom, { name: 'TypeError', message: 'x' }), (A) => A.throws(() => {}, TypeError), (A) => A.throws(() => {}, TypeError, 'mm'),
    (A) => A.throws(boom, () => false), (A) => A.throws('x'), (A) => A.throws(boom, 'x'), (A) => A.throws(boom, {}),
    (A) => A.throws(() => { throw 'str'; }, /z/), (A) => A.doesNotThrow(boom), (A) => A.doesNotThrow(boom, 'mm'), (A) => A.doesNotThrow(() => {}),
    (A) => A.ifError(null), (A) => A.ifError(new Error('x')), (A) => A.ifError('str'), (A) => A.match('abc', /x/), (A) => A.match('abc', /a/),
    (A) => A.match(1, /x/), (A) => A.match('a', 'a'), (A) => A.doesNotMatch('abc', /a/), (A) => A.doesNotMatch('abc', /a/, 'mm'),
    (A) => A.rejects(() => Promise.resolve()), (A) => A.rejects(Promise.reject(new Error('x')), /y/), (A) => A.rejects(() => 1),
    (A) => A.rejects('x'), (A) => A.doesNotReject(Promise.reject(new Error('q'))), (A) => A.strict.equal(1, 2),
    (A) => A.strict.deepEqual({ a: 1 }, { a: 2 }), (A) => { throw new A.AssertionError({ actual: 1, expected: 2, operator: 'strictEqual' }); },
    (A) => { throw new A.AssertionError({ message: 'm' }); }, (A) => { throw new A.AssertionError(); },
];

async function outcome(fn, module) {
    try {
        await fn(module);
        return 'nothing thrown';
    } catch (error) {
        return [error.name, error.code, error.message, error.generatedMessage, error.operator, Object.keys(error).join(), `${error}`].join('|');
    }
}

test('assert throws what Node throws', async () => {
    const comparison = new Comparison('assert');
    for (const fn of CASES) {
        comparison.cases += 1;
        comparison.note(fn.toString(), await outcome(fn, comparison.theirs), await outcome(fn, comparison.ours));
    }
    comparison.end(CASES.length);
});
