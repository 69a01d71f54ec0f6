import assert from 'node:assert';
import { test } from 'node:test';
import { Comparison, ours, shown } from './support.js';

const VALUES = [
    undefined, null, 1, 's', true, Symbol('x'), 1n, {}, [], () => {}, async () => {}, function* g() {}, new Date(0), /x/, new Map(), new Set(),
    new WeakMap(), new WeakSet(), new Error('e'), new Uint8Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), Object(1),
    Object('s'), Object(Symbol('y')), Object(1n), Object(false), (function args() { return arguments; })(1), (function* g() {})(),
    Buffer.from('x'), { [Symbol.toStringTag]: 'Date' }, new BigInt64Array(1), Object.create(Error.prototype),
];

test('Types, checks and formats', () => {
    const comparison = new Comparison('util');
    const types = Object.keys(comparison.theirs.types).filter((name) => !/Crypto|KeyObject/.test(name));
    const checks = Object.keys(comparison.theirs).filter((name) => /^is[A-Z]/.test(name) && name !== 'isDeepStrictEqual' && name !== 'isBuffer');
    for (const [at, value] of VALUES.entries()) {
        const label = `${at} ${shown(value)}`;
        for (const name of types) comparison.same(`types.${name} ${label}`, (u) => u.types[name](value));
        for (const name of checks) comparison.same(`${name} ${label}`, (u) => u[name](value));
        for (const other of VALUES) comparison.same(`isDeepStrictEqual ${label} ${shown(other)}`, (u) => u.isDeepStrictEqual(value, other));
        comparison.same(`inherits ${label}`, (u) => u.inherits(value, Error));
        comparison.same(`promisify ${label}`, (u) => u.promisify(value).name);
        comparison.same(`callbackify ${label}`, (u) => u.callbackify(value).name);
        comparison.same(`format ${label}`, (u) => u.format(value, 'x', value));
        for (const pattern of ['%s', '%d', '%i', '%f', '%j', '%o', '%O', '%c', '%%', '%x', 'a %s b %s']) {
            // Under Node the library takes Buffer for one of the language's own.
            if (/^(Weak|Buffer)/.test(value?.constructor?.name) && /%[os]/.test(pattern)) continue;
            comparison.same(`format ${pattern} ${label}`, (u) => u.format(pattern, value, 'rest'));
        }
    }
    comparison.end(3300);
});

class Person {
    constructor() { this.name = 'x'; }

    get age() { return 2; }
}
const circle = { a: 1 };
circle.self = circle;
const SHOWN = [
    circle, new Person(), Person, class A extends Person {}, Object.create(null), [1, , 3], Array(200).fill(7), ['a'.repeat(50), 'b'.repeat(50)],
    { a: 1, b: 'x', c: { d: { e: { f: 1 } } } }, new Map([[1, { a: 2 }], ['k', new Set([1])]]), Object.assign(() => {}, { a: 1 }),
    { get a() { return 1; }, set a(x) {}, get b() { return 1; }, set c(x) {} }, { 'a-b': 1, 2: 3, ok: 4 }, { f() {}, g: () => 1, h: class {} },
    'it\'s', 'it\'s "q"', 'a\nb', '\u001b[31m', '\ud800', { a: 'x'.repeat(200) }, Array.from({ length: 30 }, (_, i) => `item${i}`),
    Array.from({ length: 120 }, (_, i) => i * i), { [Symbol('k')]: 1, [Symbol.toStringTag]: 'Tagged' }, [undefined, null, -0, NaN, 1n],
    { user: { email: 'a@b.c', identities: [{ connection: 'c', isSocial: false }], app_metadata: { roles: ['admin', 'user'] } } },
    { url: 'https://x', headers: { 'content-type': 'application/json', Authorization: `Bearer ${'x'.repeat(60)}` }, timeout: 1000 },
    { [Symbol.for('nodejs.util.inspect.custom')]: (depth) => `CUSTOM ${depth}` }, new (class Q extends Uint8Array {})(2), new Date(NaN), JSON, Math,
];

test('inspect', () => {
    const comparison = new Comparison('util');
    for (const value of SHOWN) {
        for (const options of [
            {}, { depth: 0 }, { depth: null }, { showHidden: true }, { compact: false }, { breakLength: Infinity, compact: true }, { sorted: true },
            { getters: true }, { colors: true }, { maxArrayLength: 2 }, { maxStringLength: 3 }, { numericSeparator: true },
        ]) comparison.same(`${shown(value)} ${shown(options)}`, (u) => u.inspect(value, options));
    }
    comparison.end(350);
});

test('Promises from callbacks and back', async () => {
    const util = ours('util');
    assert.equal(await util.promisify((a, done) => done(null, a + 1))(1), 2);
    await assert.rejects(util.promisify((done) => done(new Error('no')))(), { message: 'no' });
    const result = await new Promise((resolve) => { util.callbackify(async (x) => x * 2)(4, (...args) => resolve(args)); });
    assert.deepEqual(result, [null, 8]);
    const failed = await new Promise((resolve) => { util.callbackify(() => Promise.reject(null))((error) => resolve(error)); });
    assert.equal(failed.code, 'ERR_FALSY_VALUE_REJECTION');
});

test('Streams and emitters of one kind', async () => {
    const { pipeline, Readable, Transform, promises } = ours('stream');
    assert.ok(new Readable() instanceof ours('events'));
    const upper = new Transform({ transform(chunk, _, done) { done(null, String(chunk).toUpperCase()); } });
    const parts = [];
    upper.on('data', (chunk) => parts.push(chunk));
    await promises.pipeline(Readable.from(['a', 'b']), upper);
    assert.equal(Buffer.concat(parts.map((part) => Buffer.from(part))).toString(), 'AB');
    const error = await new Promise((resolve) => {
        pipeline(new Readable({ read() { this.destroy(new Error('torn')); } }), new Transform(), resolve);
    });
    assert.equal(error.message, 'torn');
    const { once, on, EventEmitter } = ours('events');
    const emitter = new EventEmitter();
    setTimeout(() => emitter.emit('x', 1, 2));
    assert.deepEqual(await once(emitter, 'x'), [1, 2]);
    setTimeout(() => { emitter.emit('y', 1); emitter.emit('y', 2); });
    const seen = [];
    for await (const [value] of on(emitter, 'y')) if (seen.push(value) === 2) break;
    assert.deepEqual(seen, [1, 2]);
    setTimeout(() => emitter.emit('error', new Error('bad')));
    await assert.rejects(once(emitter, 'z'), { message: 'bad' });
});

test('A store stays through awaits', async () => {
    const { AsyncLocalStorage } = ours('async_hooks');
    const storage = new AsyncLocalStorage();
    const inside = await storage.run({ id: 1 }, async () => {
        await null;
        return storage.getStore().id;
    });
    assert.equal(inside, 1);
    assert.equal(storage.getStore(), undefined);
});
