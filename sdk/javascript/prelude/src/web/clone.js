/** `structuredClone`. */

import { Blob } from './blob.js';
import { DOMException, missingArguments } from './errors.js';

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const WRAPPERS = new Set(['[object Boolean]', '[object Number]', '[object String]', '[object BigInt]']);

function refuse(value) {
    const shown = typeof value === 'object' ? `#<${value.constructor?.name ?? 'Object'}>` : String(value);
    throw new DOMException(`${shown} could not be cloned.`, 'DataCloneError');
}

function isPlain(value) {
    const tag = Object.prototype.toString.call(value);
    return !['[object Promise]', '[object WeakMap]', '[object WeakSet]', '[object WeakRef]'].includes(tag);
}

function cloneError(value, copy, seen) {
    const name = Object.hasOwn(ERRORS, `${value.name}`) ? value.name : 'Error';
    const made = new ERRORS[name]();
    seen.set(value, made);
    const put = (key, content) =>
        Object.defineProperty(made, key, { value: content, writable: true, configurable: true, enumerable: false });
    delete made.message;
    if (Object.hasOwn(value, 'message') || value.message) put('message', `${value.message}`);
    put('stack', value.stack === undefined ? undefined : `${value.stack}`);
    if (Object.hasOwn(value, 'cause')) put('cause', copy(value.cause));
    return made;
}

function cloneBytes(value, copy) {
    const buffer = copy(value.buffer);
    if (value instanceof DataView) return new DataView(buffer, value.byteOffset, value.byteLength);
    // A subclass, as Buffer is one, becomes what it extends.
    const Class = globalThis[value[Symbol.toStringTag]] ?? Uint8Array;
    return new Class(buffer, value.byteOffset, value.length);
}

function cloneObject(value, copy, seen) {
    const tag = Object.prototype.toString.call(value);
    if (Array.isArray(value)) {
        const made = new Array(value.length);
        seen.set(value, made);
        for (const key of Object.keys(value)) made[key] = copy(value[key]);
        return made;
    }
    if (tag === '[object Date]') return new Date(value.getTime());
    if (tag === '[object RegExp]') return new RegExp(value.source, value.flags);
    if (WRAPPERS.has(tag) && typeof value.valueOf() !== 'object') return Object(value.valueOf());
    if (tag === '[object ArrayBuffer]') return value.slice(0);
    if (value instanceof Map) {
        const made = new Map();
        seen.set(value, made);
        for (const [key, content] of [...value]) made.set(copy(key), copy(content));
        return made;
    }
    if (value instanceof Set) {
        const made = new Set();
        seen.set(value, made);
        for (const content of [...value]) made.add(copy(content));
        return made;
    }
    if (value instanceof DOMException) return new DOMException(value.message, value.name);
    if (value instanceof Error) return cloneError(value, copy, seen);
    if (value instanceof Blob) return value.slice(0, value.size, value.type);
    if (!isPlain(value)) return refuse(value);
    const made = {};
    seen.set(value, made);
    for (const key of Object.keys(value)) {
        const content = copy(value[key]);
        Object.defineProperty(made, key, { value: content, writable: true, enumerable: true, configurable: true });
    }
    return made;
}

/**
 * A deep copy.
 * @param {unknown} value
 * @param {{transfer?: unknown[]}} [options]
 */
export function structuredClone(value, options) {
    if (arguments.length === 0) throw missingValue();
    const seen = new Map();
    const copy = (part) => {
        if (typeof part === 'function' || typeof part === 'symbol') return refuse(part);
        if (typeof part !== 'object' || part === null) return part;
        if (seen.has(part)) return seen.get(part);
        const made = ArrayBuffer.isView(part) ? cloneBytes(part, copy) : cloneObject(part, copy, seen);
        seen.set(part, made);
        return made;
    };
    const made = copy(value);
    // What is transferred is copied, and taken away from here.
    for (const part of options?.transfer ?? []) if (part instanceof ArrayBuffer) part.transfer?.();
    return made;
}

function missingValue() {
    const error = missingArguments('value');
    error.message = 'The value argument must be specified';
    return error;
}
