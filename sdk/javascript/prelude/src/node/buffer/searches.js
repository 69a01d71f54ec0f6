/** indexOf, lastIndexOf and includes of Buffer's prototype. */
import { ERR_INVALID_ARG_TYPE, ERR_UNKNOWN_ENCODING } from '../errors.js';
import { encode, encodingOf } from './encoding.js';

/** -1, 0 or 1 by the bytes. */
export function compareBytes(a, b) {
    const common = Math.min(a.length, b.length);
    for (let i = 0; i < common; i++) {
        if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    }
    return Math.sign(a.length - b.length);
}

function matchesAt(bytes, needle, at) {
    for (let i = 0; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false;
    return true;
}

function search(bytes, needle, start, step, forward) {
    const last = bytes.length - needle.length;
    if (last < 0) return -1;
    let from = start < 0 ? start + bytes.length : start;
    if (from < 0) {
        if (!forward && needle.length > 0) return -1;
        from = 0;
    }
    if (from > last) {
        if (forward && needle.length > 0) return -1;
        if (forward) return Math.min(from, bytes.length);
        from = last;
    }
    if (needle.length === 0) return from;
    for (let at = from; at >= 0 && at <= last; at += forward ? 1 : -1) {
        if (at % step === 0 && matchesAt(bytes, needle, at)) return at;
    }
    return -1;
}

function find(buffer, value, offset, encodingName, forward) {
    let from = offset;
    let name = encodingName;
    if (typeof from === 'string') [from, name] = [undefined, from];
    else if (from > 0x7fffffff) from = 0x7fffffff;
    else if (from < -0x80000000) from = -0x80000000;
    from = +from;
    if (Number.isNaN(from)) from = forward ? 0 : buffer.length;
    from = Math.trunc(from);
    if (typeof value === 'number') return search(buffer, [value & 255], from, 1, forward);
    if (typeof value === 'string') {
        const encoding = encodingOf(name === undefined ? 'utf8' : name);
        if (encoding === undefined) throw ERR_UNKNOWN_ENCODING(name);
        return search(buffer, encode(value, encoding), from, encoding.name === 'utf16le' ? 2 : 1, forward);
    }
    if (value instanceof Uint8Array) {
        const step = name !== undefined && encodingOf(name)?.name === 'utf16le' ? 2 : 1;
        return search(buffer, value, from, step, forward);
    }
    throw ERR_INVALID_ARG_TYPE('value', ['number', 'string', 'Buffer', 'Uint8Array'], value);
}

/** Puts the searches on a prototype. */
export function addSearches(prototype) {
    prototype.indexOf = function indexOf(value, byteOffset, encoding) {
        return find(this, value, byteOffset, encoding, true);
    };
    prototype.lastIndexOf = function lastIndexOf(value, byteOffset, encoding) {
        return find(this, value, byteOffset, encoding, false);
    };
    prototype.includes = function includes(value, byteOffset, encoding) {
        return this.indexOf(value, byteOffset, encoding) !== -1;
    };
}
