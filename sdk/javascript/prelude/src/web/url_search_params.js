/** `URLSearchParams`. */

import { INSPECT, missingArguments, nodeError } from './errors.js';
import { fromUtf8, utf8 } from './text.js';

/** Undoes percent-encoding and `+`; never throws. */
function decode(part) {
    const text = part.includes('+') ? part.replaceAll('+', ' ') : part;
    if (!text.includes('%')) return text;
    try {
        return decodeURIComponent(text);
    } catch {
        return fromUtf8(percentBytes(text));
    }
}

/**
 * The bytes of a text with percent-encoding.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function percentBytes(text) {
    const from = utf8(text);
    const to = [];
    for (let at = 0; at < from.length; at += 1) {
        const hex = from[at] === 0x25 ? String.fromCharCode(from[at + 1], from[at + 2]) : '';
        if (/^[0-9a-fA-F]{2}$/.test(hex)) {
            to.push(Number.parseInt(hex, 16));
            at += 2;
        } else to.push(from[at]);
    }
    return new Uint8Array(to);
}

const ESCAPES = { '!': '%21', "'": '%27', '(': '%28', ')': '%29', '~': '%7E', '%20': '+' };

function encode(text) {
    return encodeURIComponent(text.toWellFormed()).replace(/[!'()~]|%20/g, (found) => ESCAPES[found]);
}

function parse(query) {
    const list = [];
    for (const part of query.split('&')) {
        if (part === '') continue;
        const equals = part.indexOf('=');
        if (equals < 0) list.push([decode(part), '']);
        else list.push([decode(part.slice(0, equals)), decode(part.slice(equals + 1))]);
    }
    return list;
}

const string = (value) => `${value}`.toWellFormed();

function tuples(init) {
    const bad = () =>
        nodeError(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple');
    if (typeof init[Symbol.iterator] !== 'function') {
        throw nodeError(TypeError, 'ERR_ARG_NOT_ITERABLE', 'Query pairs must be iterable');
    }
    return Array.from(init, (pair) => {
        if (pair == null || (typeof pair !== 'object' && typeof pair !== 'function')) throw bad();
        if (typeof pair[Symbol.iterator] !== 'function') throw bad();
        const items = Array.from(pair);
        if (items.length !== 2) throw bad();
        return [string(items[0]), string(items[1])];
    });
}

function listOf(init) {
    if (init === undefined || init === null) return [];
    if (typeof init === 'object' || typeof init === 'function') {
        if (init instanceof URLSearchParams) return [...init];
        if (init[Symbol.iterator] !== undefined && init[Symbol.iterator] !== null) return tuples(init);
        return Reflect.ownKeys(init)
            .filter((key) => Object.getOwnPropertyDescriptor(init, key)?.enumerable)
            .map((key) => [string(key), string(init[key])]);
    }
    const query = string(init);
    return parse(query.startsWith('?') ? query.slice(1) : query);
}

function checkCount(given, ...names) {
    if (given < names.length) throw missingArguments(...names);
}

/** The names and values of a query. */
export class URLSearchParams {
    #list = [];
    #changed;

    constructor(init = undefined) {
        this.#list = listOf(init);
    }

    get size() {
        return this.#list.length;
    }

    append(name, value) {
        checkCount(arguments.length, 'name', 'value');
        this.#list.push([string(name), string(value)]);
        this.#changed?.();
    }

    delete(name, value = undefined) {
        checkCount(arguments.length, 'name');
        const key = string(name);
        const only = value === undefined ? undefined : string(value);
        this.#list = this.#list.filter(([n, v]) => n !== key || (only !== undefined && v !== only));
        this.#changed?.();
    }

    get(name) {
        checkCount(arguments.length, 'name');
        const key = string(name);
        return this.#list.find(([n]) => n === key)?.[1] ?? null;
    }

    getAll(name) {
        checkCount(arguments.length, 'name');
        const key = string(name);
        return this.#list.filter(([n]) => n === key).map(([, v]) => v);
    }

    has(name, value = undefined) {
        checkCount(arguments.length, 'name');
        const key = string(name);
        const only = value === undefined ? undefined : string(value);
        return this.#list.some(([n, v]) => n === key && (only === undefined || v === only));
    }

    set(name, value) {
        checkCount(arguments.length, 'name', 'value');
        const key = string(name);
        const first = this.#list.find(([n]) => n === key);
        if (first) {
            first[1] = string(value);
            this.#list = this.#list.filter((pair) => pair === first || pair[0] !== key);
        } else this.#list.push([key, string(value)]);
        this.#changed?.();
    }

    sort() {
        this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
        this.#changed?.();
    }

    forEach(callback, thisArg = undefined) {
        if (typeof callback !== 'function') {
            throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "callback" argument must be of type function.');
        }
        for (let at = 0; at < this.#list.length; at += 1) {
            const [name, value] = this.#list[at];
            callback.call(thisArg, value, name, this);
        }
    }

    *entries() {
        for (let at = 0; at < this.#list.length; at += 1) yield [...this.#list[at]];
    }

    *keys() {
        for (let at = 0; at < this.#list.length; at += 1) yield this.#list[at][0];
    }

    *values() {
        for (let at = 0; at < this.#list.length; at += 1) yield this.#list[at][1];
    }

    toString() {
        return this.#list.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
    }

    [INSPECT](depth, options, inspect) {
        const shown = (text) => (typeof inspect === 'function' ? inspect(text, options) : `'${text}'`);
        if (this.#list.length === 0) return 'URLSearchParams {}';
        return `URLSearchParams { ${this.#list.map(([n, v]) => `${shown(n)} => ${shown(v)}`).join(', ')} }`;
    }

    get [Symbol.toStringTag]() {
        return 'URLSearchParams';
    }

    /** The parameters of a URL: `changed` is called when they change. For `URL` only. */
    static of(search, changed) {
        const params = new URLSearchParams(search);
        params.#changed = changed;
        return params;
    }

    /** Follows a change of the URL. For `URL` only. */
    static follow(params, search) {
        params.#list = listOf(search);
    }
}

/** For `URL` only. */
export const { of: paramsOf, follow: paramsFollow } = URLSearchParams;
delete URLSearchParams.of;
delete URLSearchParams.follow;
Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
    value: URLSearchParams.prototype.entries,
    writable: true,
    configurable: true,
});
