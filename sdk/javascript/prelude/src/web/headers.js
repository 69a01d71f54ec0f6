/** `Headers`. */

import { INSPECT, showWhole } from './errors.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Values that need neither be trimmed nor looked at closely. */
const CLEAN = /^(?:[\u0021-\u007e](?:[\t\u0020-\u007e]*[\u0021-\u007e])?)?$/;

/** A value as a text of bytes; `what` begins the message of the error. */
function byteString(value, what) {
    if (typeof value === 'symbol')
        throw new TypeError(`${what} is a symbol, which cannot be converted to a DOMString.`);
    const text = `${value}`;
    const at = text.search(/[^\0-\u00ff]/);
    if (at < 0) return text;
    throw new TypeError(
        'Cannot convert argument to a ByteString because the character at ' +
            `index ${at} has a value of ${text.charCodeAt(at)} which is greater than 255.`,
    );
}

function nameOf(name, where) {
    if (typeof name === 'string' && TOKEN.test(name)) return name;
    const text = byteString(name, `${where}: name`);
    if (!TOKEN.test(text)) throw new TypeError(`${where}: "${text}" is an invalid header name.`);
    return text;
}

function valueOf(value, where) {
    if (typeof value === 'string' && CLEAN.test(value)) return value;
    const text = byteString(value, `${where}: value`).replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '');
    if (/[\0\r\n]/.test(text)) throw new TypeError(`${where}: "${text}" is an invalid header value.`);
    return text;
}

function checkCount(method, given, wanted) {
    if (given >= wanted) return;
    const plural = wanted === 1 ? '' : 's';
    const only = given === 0 ? '0' : `only ${given}`;
    throw new TypeError(`Headers.${method}: ${wanted} argument${plural} required, but ${only} found.`);
}

function fill(headers, init) {
    const bad = () =>
        new TypeError(
            'Headers constructor: Argument 1 could not be converted to one of: sequence<sequence<ByteString>>, ' +
                'record<ByteString, ByteString>.',
        );
    if (init === null || (typeof init !== 'object' && typeof init !== 'function')) throw bad();
    if (init instanceof Headers) {
        for (const [name, value] of raw(init)) headers.append(name, value);
        return;
    }
    if (typeof init[Symbol.iterator] === 'function') {
        let at = 0;
        for (const pair of init) {
            if (pair === null || typeof pair !== 'object' || typeof pair[Symbol.iterator] !== 'function') {
                throw new TypeError(`Headers contructor: init[${at}] (${pair}) is not iterable.`);
            }
            const items = Array.from(pair);
            if (items.length !== 2) {
                throw new TypeError(
                    `Headers constructor: expected name/value pair to be length 2, found ${items.length}.`,
                );
            }
            items.forEach((item, i) => {
                if (typeof item === 'symbol') byteString(item, `Headers contructor: init[${at}][${i}]`);
            });
            headers.append(items[0], items[1]);
            at += 1;
        }
        return;
    }
    for (const key of Reflect.ownKeys(init)) {
        if (!Object.getOwnPropertyDescriptor(init, key)?.enumerable) continue;
        const value = init[key];
        if (typeof value === 'symbol') byteString(value, `Headers constructor: init["${String(key)}"]`);
        headers.append(key, value);
    }
}

/** The headers of a request or an answer. */
export class Headers {
    /** By name in lower case: the name as given, and its values. */
    #map = new Map();
    #fixed = false;

    constructor(init = undefined) {
        if (init !== undefined) fill(this, init);
    }

    #change() {
        if (this.#fixed) throw new TypeError('immutable');
    }

    append(name, value) {
        checkCount('append', arguments.length, 2);
        const key = nameOf(name, 'Headers.append');
        const text = valueOf(value, 'Headers.append');
        this.#change();
        const entry = this.#map.get(key.toLowerCase());
        if (entry) entry.values.push(text);
        else this.#map.set(key.toLowerCase(), { name: key, values: [text] });
    }

    set(name, value) {
        checkCount('set', arguments.length, 2);
        const key = nameOf(name, 'Headers.set');
        const text = valueOf(value, 'Headers.set');
        this.#change();
        this.#map.set(key.toLowerCase(), { name: key, values: [text] });
    }

    delete(name) {
        checkCount('delete', arguments.length, 1);
        const key = nameOf(name, 'Headers.delete');
        this.#change();
        this.#map.delete(key.toLowerCase());
    }

    get(name) {
        checkCount('get', arguments.length, 1);
        const key = nameOf(name, 'Headers.get');
        const values = this.#map.get(key.toLowerCase())?.values;
        return values ? joined(key.toLowerCase(), values) : null;
    }

    has(name) {
        checkCount('has', arguments.length, 1);
        const key = nameOf(name, 'Headers.has');
        return this.#map.has(key.toLowerCase());
    }

    getSetCookie() {
        return [...(this.#map.get('set-cookie')?.values ?? [])];
    }

    forEach(callback, thisArg = globalThis) {
        checkCount('forEach', arguments.length, 1);
        if (typeof callback !== 'function') {
            throw new TypeError("Failed to execute 'forEach' on 'Headers': parameter 1 is not of type 'Function'.");
        }
        for (const [name, value] of this) callback.call(thisArg, value, name, this);
    }

    *entries() {
        for (const name of [...this.#map.keys()].sort()) {
            const { values } = this.#map.get(name);
            if (name === 'set-cookie') for (const value of values) yield [name, value];
            else yield [name, joined(name, values)];
        }
    }

    *keys() {
        for (const [name] of this.entries()) yield name;
    }

    *values() {
        for (const [, value] of this.entries()) yield value;
    }

    [INSPECT](depth, options, inspect) {
        const fields = {};
        for (const [name, { values }] of this.#map) fields[name] = joined(name, values);
        return showWhole('Headers', fields, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'Headers';
    }

    /** Names as given and values, in the order given. For this folder only. */
    static raw(headers) {
        return [...headers.#map.values()].flatMap(({ name, values }) =>
            name.toLowerCase() === 'set-cookie' ? values.map((value) => [name, value]) : [[name, values.join(', ')]],
        );
    }

    /** Headers of an answer, which are not checked and not changed. For this folder only. */
    static answered(list) {
        const headers = new Headers();
        for (const [name, value] of list) {
            const entry = headers.#map.get(name);
            if (entry) entry.values.push(value);
            else headers.#map.set(name, { name, values: [value] });
        }
        headers.#fixed = true;
        return headers;
    }

    /** A copy, as unchangeable as these are. For this folder only. */
    static copy(headers) {
        const made = new Headers(headers);
        made.#fixed = headers.#fixed;
        return made;
    }

    /** The same headers, to be changed no more. For this folder only. */
    static fix(headers) {
        headers.#fixed = true;
        return headers;
    }
}

function joined(name, values) {
    return values.join(name === 'cookie' ? '; ' : ', ');
}

Object.defineProperty(Headers.prototype, Symbol.iterator, {
    value: Headers.prototype.entries,
    writable: true,
    configurable: true,
});

/** For this folder only. */
export const { raw, answered, copy, fix } = Headers;
delete Headers.raw;
delete Headers.answered;
delete Headers.copy;
delete Headers.fix;
