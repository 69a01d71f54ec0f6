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

/** In UTF-16 whole units are looked at, of the searched bytes as of the sought. */
function searchUnits(bytes, needle, start, forward) {
    const even = bytes.length - (bytes.length % 2);
    const whole = Uint8Array.prototype.subarray.call(bytes, 0, even);
    if (needle.length === 0) return search(bytes, needle, start, 1, forward);
    const sought = needle.slice(0, needle.length - (needle.length % 2));
    if (even < 2 || sought.length < 2) return -1;
    const from = start < 0 ? start + even : start;
    if (forward ? needle.length + from > even : from < 0) return -1;
    return search(whole, sought, Math.max(0, from - (from % 2)), 2, forward);
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

const searchBytes = (bytes, needle, start, forward) => search(bytes, needle, start, 1, forward);

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
        const look = encoding.name === 'utf16le' ? searchUnits : searchBytes;
        return look(buffer, encode(value, encoding), from, forward);
    }
    if (value instanceof Uint8Array) {
        const look = name !== undefined && encodingOf(name)?.name === 'utf16le' ? searchUnits : searchBytes;
        return look(buffer, value, from, forward);
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
