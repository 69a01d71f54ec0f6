/**
 * The text of functions. A version's source is not kept in the engine, so that
 * a function's text has no body; it tells at least what kind of function it is,
 * which `util.inspect` and many a library read from it.
 */
const original = Function.prototype.toString;
const { toString: tagOf } = Object.prototype;
const natives = new WeakSet();
for (const { value } of Object.values(Object.getOwnPropertyDescriptors(globalThis))) {
    if (typeof value === 'function') natives.add(value);
}

const KINDS = {
    '[object AsyncFunction]': 'async function',
    '[object GeneratorFunction]': 'function*',
    '[object AsyncGeneratorFunction]': 'async function*',
};

/** A class has a prototype that cannot be replaced. */
function isClass(fn) {
    return Object.getOwnPropertyDescriptor(fn, 'prototype')?.writable === false && !natives.has(fn);
}

const replacement = {
    toString() {
        const text = Reflect.apply(original, this, []);
        if (!text.endsWith('[native code]\n}') && !text.endsWith('{ [native code] }')) return text;
        const kind = KINDS[tagOf.call(this)];
        if (kind !== undefined) return `${kind} ${this.name}() { [native code] }`;
        return isClass(this) ? `class ${this.name} { [native code] }` : `function ${this.name}() { [native code] }`;
    },
}.toString;

// Takes the engine's place at once: util.inspect keeps what it finds when it is loaded. Where sources are kept, as in
// Node, nothing changes.
Object.defineProperty(Function.prototype, 'toString', {
    value: replacement, writable: true, configurable: true, enumerable: false,
});
