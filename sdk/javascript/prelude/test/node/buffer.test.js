import { test } from 'node:test';
import util from 'node:util';
import { chooser, Comparison, shown } from './support.js';

const ENCODINGS = ['utf8', 'utf-8', 'UTF8', 'ucs2', 'utf16le', 'latin1', 'binary', 'ascii', 'base64', 'base64url', 'hex', 'HEX', 'Base64'];
const TEXTS = [
    '', 'a', 'ab', 'abc', 'héllo', '€uro', '😀 hi', '\ud800x', 'x\udc00', 'YQ==', 'YWI=', 'YWJj', 'Y Q = =', 'YQ==YQ==',
    'YW-_', 'YW+/', '====', '=YQ', 'abcdef', 'abcdefg', '0x12', 'zz', 'a\u0141\u2013b', 'YQ\u2013==', 'a'.repeat(100),
    'é'.repeat(5000), '12zz34', 'AAA', 'AAAAA', 'AB=C', 'A=', 'ABC=D', '/w==', '_w', 'YWJjZA===', 'YWJj\nZGVm', '\u0100\u0161',
];
const VALUES = [
    undefined, null, 1, -1, NaN, true, 'x', 10n, {}, [], [1, 2, 300], { length: 2, 0: 1, 1: 2 }, { length: '2' }, () => {},
    function foo() {}, new Date(0), { type: 'Buffer', data: [1, 2] }, new String('abc'), new Number(3), new ArrayBuffer(3),
    new Uint16Array([1, 300]), new Map(), Object.create(null), { valueOf() { return 'vo'; } }, { length: -1 }, class Foo {},
    new Set([1]), /x/, 'a'.repeat(100), -0,
];

function start() {
    const comparison = new Comparison('buffer');
    return { comparison, same: (label, fn) => comparison.same(label, ({ Buffer }) => fn(Buffer)) };
}

test('Text to bytes and back', () => {
    const { comparison, same } = start();
    for (const text of TEXTS) {
        for (const encoding of ENCODINGS) {
            const label = `${shown(text).slice(0, 30)} ${encoding}`;
            same(`from ${label}`, (B) => B.from(text, encoding));
            same(`byteLength ${label}`, (B) => B.byteLength(text, encoding));
            for (const length of [0, 1, 2, 3, 4, 5]) {
                same(`write ${label} ${length}`, (B) => {
                    const into = B.alloc(6, 1);
                    return [into.write(text, 0, length, encoding), ...into].join();
                });
            }
        }
    }
    const choose = chooser(1);
    const parts = [0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xc3, 0xa9, 0xed, 0xa0, 0x80, 0x41, 0xff, 0xc0, 0xf4, 0x90];
    for (let i = 0; i < 3000; i++) {
        const bytes = Array.from({ length: choose(12) }, () => (choose(4) ? parts[choose(parts.length)] : choose(256)));
        const encoding = ENCODINGS[choose(ENCODINGS.length)];
        same(`toString ${bytes} ${encoding}`, (B) => B.from(bytes).toString(encoding));
    }
    comparison.end(6000);
});

test('Numbers', () => {
    const { comparison, same } = start();
    const methods = Object.getOwnPropertyNames(Buffer.prototype);
    const sized = (name) => /U?[Ii]nt[LB]E/.test(name);
    for (const name of methods.filter((one) => one.startsWith('read'))) {
        for (const offset of [undefined, 0, 1, 7, 8, 9, -1, 1.5, '1', NaN, null, 100]) {
            for (const size of sized(name) ? [undefined, 0, 1, 2, 3, 4, 5, 6, 7, 1.5, '2'] : [undefined]) {
                same(`${name} ${offset} ${size}`, (B) => B.from([0xff, 0x80, 1, 2, 0xfe, 3, 4, 0x85, 9])[name](offset, size));
            }
        }
    }
    const big = [0n, 1n, -1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n), 2n ** 64n, 5, undefined];
    const plain = [
        0, 1, -1, 127, 128, 255, 256, -128, -129, 65535, 65536, 2 ** 31, 2 ** 32, -(2 ** 31), 2 ** 47, 2 ** 48, 1.7, -1.7, NaN,
        '5', 'x', undefined, null, {}, Infinity,
    ];
    for (const name of methods.filter((one) => /^write[UIFDB]/.test(one))) {
        for (const value of name.includes('Big') ? big : plain) {
            for (const offset of [undefined, 0, 1, 9, -1, 1.5, '1']) {
                for (const size of sized(name) ? [undefined, 0, 1, 3, 6, 7] : [undefined]) {
                    same(`${name} ${String(value)} ${offset} ${size}`, (B) => {
                        const into = B.alloc(9);
                        return `${into[name](value, offset, size)}:${into.toString('hex')}`;
                    });
                }
            }
        }
    }
    comparison.end(10000);
});

test('Odd arguments', () => {
    const { comparison, same } = start();
    const statics = ['from', 'alloc', 'byteLength', 'isBuffer', 'isEncoding', 'concat', 'of', 'copyBytesFrom'];
    const methods = ['slice', 'subarray', 'indexOf', 'lastIndexOf', 'includes', 'equals', 'compare', 'fill', 'write', 'copy'];
    for (const [at, value] of VALUES.entries()) {
        const label = `${at} ${shown(value).slice(0, 30)}`;
        for (const name of statics) same(`${name} ${label}`, (B) => B[name](value));
        same(`new ${label}`, (B) => new B(value));
        same(`call ${label}`, (B) => B(value));
        same(`from with encoding ${label}`, (B) => B.from('abc', value));
        same(`toString ${label}`, (B) => B.from('abc').toString(value));
        same(`toString from ${label}`, (B) => B.from('abc').toString('utf8', value));
        same(`toString to ${label}`, (B) => B.from('abc').toString('utf8', 0, value));
        same(`concat of one ${label}`, (B) => B.concat([value]));
        same(`concat to length ${label}`, (B) => B.concat([B.from('a')], value));
        same(`alloc filled ${label}`, (B) => B.alloc(4, value));
        same(`alloc encoded ${label}`, (B) => B.alloc(4, 'ab', value));
        same(`of memory at ${label}`, (B) => B.from(new ArrayBuffer(4), value));
        same(`of memory, long ${label}`, (B) => B.from(new ArrayBuffer(4), 1, value));
        same(`compare ${label}`, (B) => B.compare(value, B.from('a')));
        same(`compare to ${label}`, (B) => B.compare(B.from('a'), value));
        for (const name of methods) {
            same(`${name} ${label}`, (B) => B.from('abcabc')[name](value));
            for (const args of [['b'], [1], ['b', 0], ['b', 0, 1]]) {
                same(`${name} ${args} ${label}`, (B) => B.from('abcabc')[name](...args, value));
            }
            for (const args of [[], [0], [0, 3], [0, 3, 0]]) {
                same(`${name} bytes ${args} ${label}`, (B) => B.from('abcabc')[name](B.from('b'), ...args, value));
            }
        }
    }
    comparison.end(3000);
});

test('Searches and comparisons', () => {
    const { comparison, same } = start();
    const choose = chooser(2);
    for (let i = 0; i < 2000; i++) {
        const encoding = ['utf8', 'ucs2', 'hex', 'latin1'][choose(4)];
        // Half units of UTF-16 are not compared: Node finds them where they are not.
        const unit = encoding === 'ucs2' ? 2 : 1;
        const hay = Array.from({ length: choose(10 / unit) * unit }, () => 97 + choose(2));
        const needle = Array.from({ length: choose(4) * unit }, () => 97 + choose(2));
        const offset = choose(24) - 12;
        const range = [choose(3), choose(3), choose(3), choose(3)];
        for (const name of ['indexOf', 'lastIndexOf', 'includes']) {
            const label = `${name} ${hay}/${needle}/${offset} ${encoding}`;
            same(label, (B) => B.from(hay)[name](B.from(needle), offset, encoding));
            same(label, (B) => B.from(hay)[name](String.fromCharCode(...needle), offset, encoding));
        }
        same('compare', (B) => B.compare(B.from(hay), B.from(needle)));
        same(`compare ${range}`, (B) => B.from(hay).compare(B.from(needle), ...range));
    }
    comparison.end(10000);
});

test('What a Buffer is and how it shows', () => {
    const { comparison, same } = start();
    const cases = [
        (B) => JSON.stringify({ a: B.from('hi') }), (B) => util.inspect({ b: B.from('x') }), (B) => util.inspect(B.alloc(60)),
        (B) => util.inspect(B.alloc(51)), (B) => util.inspect(B.alloc(0)), (B) => util.inspect(Object.assign(B.from('x'), { foo: 1 })),
        (B) => B.from('abc').map((x) => x + 1), (B) => B.isBuffer(B.from('abc').map((x) => x)), (B) => `${B.from('a')}`,
        (B) => Object.prototype.toString.call(B.from('a')), (B) => B.from('a') instanceof Uint8Array, (B) => B.name + B.length,
        (B) => Object.keys(B.from('ab')), (B) => Object.getOwnPropertyNames(B.prototype).sort(), (B) => Object.keys(B).sort(),
        (B) => B.from('ab').toLocaleString('hex'), (B) => B.from('abc').at(-1), (B) => B.from('abc').slice(-2),
        (B) => [...B.from('ab').entries()], (B) => Buffer.from(B.from('a')).length, (B) => B.from(new Proxy([1, 2], {})),
        ...[16, 32, 64].flatMap((bits) => [0, 2, 4, 8, 16, 3].map((n) => (B) => B.from(Array.from({ length: n }, (_, i) => i))[`swap${bits}`]())),
    ];
    for (const fn of cases) same(fn.toString(), fn);
    comparison.end(30);
});
