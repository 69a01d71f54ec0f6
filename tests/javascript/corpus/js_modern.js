class Counter {
    static #made = 0;
    #count = 0;
    static { Counter.label = 'static block'; }
    static made() { return Counter.#made; }
    constructor() { Counter.#made += 1; }
    get count() { return this.#count; }
    add(n = 1) { this.#count += n; return this; }
    *[Symbol.iterator]() { for (let n = 0; n < this.#count; n += 1) yield n; }
}

exports.onExecutePostLogin = async ({ user, request: { geoip: { latitude, ...place } } }, api) => {
    const out = [];
    const counter = new Counter().add().add(2);
    out.push([...counter], Counter.made(), Counter.label, counter.count);
    out.push(user?.app_metadata?.['quota']?.used ?? 'none', user.nothing?.(), user.name?.toUpperCase?.());
    let a = null; a ??= 5; a ||= 6; a &&= 7; a **= 2;
    out.push(a, latitude, Object.keys(place).length);
    out.push([3, 1, 2].toSorted(), [1, 2].toReversed(), [1, 2, 3].with(1, 9), [1, 2, 3].toSpliced(0, 1), [1, [2, [3]]].flat(Infinity));
    out.push([1, 2, 3].at(-1), [1, 2, 3].findLast((n) => n < 3), 'abc'.at(-1), Object.fromEntries(new Map([['k', 1]])));
    out.push('a-b-c'.replaceAll('-', '+'), 'x'.padStart(3, 'ab'), ' t '.trim(), 'aXbX'.split('X'), '\u{1F600}'.codePointAt(0));
    async function* later() { yield 1; yield Promise.resolve(2); }
    const got = []; for await (const n of later()) got.push(n);
    out.push(got, await Promise.any([Promise.reject(new Error('no')), 3]), await Promise.race([1, 2]));
    const tag = (strings, ...values) => strings.raw.join('|') + values.join(',');
    out.push(tag`a${1}\n${2}c`, `${user.name} ${`nested ${1 + 1}`}`);
    const { length, [length - 1]: last } = 'word'; out.push(length, last);
    out.push(2n ** 64n + '', BigInt.asUintN(8, 257n) + '', typeof 1n, 0.1 + 0.2, 1 / 3, 1e21, 123456789012345680000, 5e-324, -1e-7);
    const proxy = new Proxy({}, { get: (_, key) => `got ${String(key)}`, has: () => true }); out.push(proxy.x, 'y' in proxy);
    out.push(Reflect.ownKeys({ b: 1, a: 2, 1: 3, [Symbol.for('s')]: 4 }).map(String), new Set('hello').size, [...new Set([1, 1, 2])]);
    out.push(Array.from({ length: 3 }, (_, n) => n * n), Number('0x1f'), parseInt('12px'), parseFloat('.5e1'), Number(''), (25).toString(36), (0.000001234).toString(), (1234.5678).toFixed(2), (0.00001).toPrecision(1), (1e21).toLocaleString === undefined);
    out.push([1, 10, 2].sort(), ['b', 'a', 'C'].sort(), [5, 25, 100].sort((x, y) => x - y), [undefined, 3, null].sort());
    out.push(new Error('x', { cause: 'y' }).cause, Symbol('d').description, globalThis === this, new WeakRef(counter).deref() === counter);
    label: { out.push('in'); break label; }
    out.push(((x, y = x + 1, ...z) => [x, y, z])(1, undefined, 3, 4), (() => { try { return 'try'; } finally { out.push('finally'); } })());
    api.user.setAppMetadata('out', out);
};
