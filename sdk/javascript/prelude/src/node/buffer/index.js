/** `Buffer` as Node 20 has it: a Uint8Array with encodings, numbers and searches. */
import {
    ERR_BUFFER_OUT_OF_BOUNDS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_BUFFER_SIZE, ERR_OUT_OF_RANGE,
    ERR_UNKNOWN_ENCODING,
} from '../errors.js';
import { custom, inspect } from '../inspect.js';
import { validateNumber, validateString } from '../validators.js';
import { encode, encodingOf, utf8 } from './encoding.js';
import { addNumbers } from './numbers.js';
import { addSearches, compareBytes } from './searches.js';

export const kMaxLength = 4294967296;
export const kStringMaxLength = 536870888;

class FastBuffer extends Uint8Array {}

/** The constructor of old; `Buffer.from` and `Buffer.alloc` are what it calls. */
export function Buffer(arg, encodingOrOffset, length) {
    if (typeof arg === 'number') {
        if (typeof encodingOrOffset === 'string') throw ERR_INVALID_ARG_TYPE('string', 'string', arg);
        return Buffer.alloc(arg);
    }
    return Buffer.from(arg, encodingOrOffset, length);
}

Object.setPrototypeOf(Buffer, Uint8Array);
const { prototype } = FastBuffer;
Buffer.prototype = prototype;

function hidden(target, name, value) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}
hidden(prototype, 'constructor', Buffer);
Object.defineProperty(Buffer, Symbol.species, { configurable: true, enumerable: false, get() { return FastBuffer; } });

/** A Buffer over the same memory as a Uint8Array. */
export function asBuffer(bytes) {
    return new FastBuffer(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isAnyArrayBuffer(value) {
    const tag = Object.prototype.toString.call(value);
    return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]';
}

/** @returns {value is Uint8Array} */
export function isBytes(value) {
    return value instanceof Uint8Array;
}

function fromText(text, name) {
    const encoding = typeof name === 'string' && name.length > 0 ? encodingOf(name) : utf8;
    if (encoding === undefined) throw ERR_UNKNOWN_ENCODING(name);
    return text.length === 0 ? new FastBuffer() : asBuffer(encode(text, encoding));
}

function fromArrayBuffer(memory, byteOffset, length) {
    let offset = 0;
    if (byteOffset !== undefined) {
        offset = +byteOffset;
        if (Number.isNaN(offset)) offset = 0;
    }
    const most = memory.byteLength - offset;
    if (most < 0) throw ERR_BUFFER_OUT_OF_BOUNDS('offset');
    let size = most;
    if (length !== undefined) {
        size = +length;
        if (!(size > 0)) size = 0;
        else if (size > most) throw ERR_BUFFER_OUT_OF_BOUNDS('length');
    }
    return new FastBuffer(memory, offset, size);
}

function fromArrayLike(list) {
    const length = +list.length;
    if (!(length > 0)) return new FastBuffer();
    const out = new FastBuffer(Math.trunc(length));
    if (ArrayBuffer.isView(list)) out.set(list);
    else for (let i = 0; i < out.length; i++) out[i] = list[i];
    return out;
}

function fromObject(value) {
    if (value.length !== undefined || isAnyArrayBuffer(value.buffer)) {
        return typeof value.length !== 'number' ? new FastBuffer() : fromArrayLike(value);
    }
    if (value.type === 'Buffer' && Array.isArray(value.data)) return fromArrayLike(value.data);
    return undefined;
}

Buffer.poolSize = 8192;

Buffer.from = function from(value, encodingOrOffset, length) {
    if (typeof value === 'string') return fromText(value, encodingOrOffset);
    if (typeof value === 'object' && value !== null) {
        if (isAnyArrayBuffer(value)) return fromArrayBuffer(value, encodingOrOffset, length);
        const inner = value.valueOf && value.valueOf();
        if (inner != null && inner !== value && (typeof inner === 'string' || typeof inner === 'object')) {
            return Buffer.from(inner, encodingOrOffset, length);
        }
        const made = fromObject(value);
        if (made) return made;
        if (typeof value[Symbol.toPrimitive] === 'function') {
            const primitive = value[Symbol.toPrimitive]('string');
            if (typeof primitive === 'string') return fromText(primitive, encodingOrOffset);
        }
    }
    throw ERR_INVALID_ARG_TYPE('first argument', ['string', 'Buffer', 'ArrayBuffer', 'Array', 'Array-like Object'], value);
};

function isView(value, ...kinds) {
    return kinds.some((Kind) => value instanceof Kind);
}

Buffer.copyBytesFrom = function copyBytesFrom(view, offset, length) {
    if (!ArrayBuffer.isView(view) || isView(view, DataView)) throw ERR_INVALID_ARG_TYPE('view', ['TypedArray'], view);
    if (view.length === 0) return new FastBuffer();
    const start = offset === undefined ? 0 : offset;
    if (offset !== undefined) {
        if (typeof offset !== 'number') throw ERR_INVALID_ARG_TYPE('offset', 'number', offset);
        if (offset >= view.length) return new FastBuffer();
    }
    const end = length === undefined ? view.length : Math.min(start + length, view.length);
    const part = view.slice(start, end);
    return asBuffer(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
};

Buffer.of = function of(...items) {
    const out = new FastBuffer(items.length);
    for (let i = 0; i < items.length; i++) out[i] = items[i];
    return out;
};

Buffer.alloc = function alloc(size, fill, encoding) {
    validateNumber(size, 'size', 0, kMaxLength);
    const out = new FastBuffer(Math.trunc(size));
    if (fill !== undefined && fill !== 0 && size > 0) {
        if (encoding != null && typeof encoding !== 'string') {
            throw ERR_INVALID_ARG_TYPE('encoding', 'string', encoding);
        }
        fillWith(out, fill, 0, out.length, encoding);
    }
    return out;
};

Buffer.allocUnsafe = function allocUnsafe(size) {
    validateNumber(size, 'size', 0, kMaxLength);
    return new FastBuffer(Math.trunc(size));
};

Buffer.allocUnsafeSlow = function allocUnsafeSlow(size) {
    return Buffer.allocUnsafe(size);
};

Buffer.isBuffer = function isBuffer(value) {
    return value instanceof Buffer;
};

Buffer.compare = function compare(a, b) {
    if (!isBytes(a)) throw ERR_INVALID_ARG_TYPE('buf1', ['Buffer', 'Uint8Array'], a);
    if (!isBytes(b)) throw ERR_INVALID_ARG_TYPE('buf2', ['Buffer', 'Uint8Array'], b);
    return a === b ? 0 : compareBytes(a, b);
};

Buffer.isEncoding = function isEncoding(encoding) {
    return typeof encoding === 'string' && encoding.length !== 0 && encodingOf(encoding) !== undefined;
};

Buffer.concat = function concat(list, length) {
    if (!Array.isArray(list)) throw ERR_INVALID_ARG_TYPE('list', 'Array', list);
    if (list.length === 0) return new FastBuffer();
    let total = length;
    if (length === undefined) {
        total = 0;
        for (const one of list) if (one.length) total += one.length;
    } else if (typeof length !== 'number') throw ERR_INVALID_ARG_TYPE('length', 'number', length);
    else if (!Number.isInteger(length)) throw ERR_OUT_OF_RANGE('length', 'an integer', length);
    else if (length < 0) throw ERR_OUT_OF_RANGE('length', `>= 0 && <= ${kMaxLength}`, length);
    const out = Buffer.allocUnsafe(total);
    let at = 0;
    for (let i = 0; i < list.length; i++) {
        if (!isBytes(list[i])) throw ERR_INVALID_ARG_TYPE(`list[${i}]`, ['Buffer', 'Uint8Array'], list[i]);
        const part = at + list[i].length > total ? list[i].subarray(0, total - at) : list[i];
        Uint8Array.prototype.set.call(out, part, at);
        at += part.length;
    }
    return out;
};

/** `Buffer.byteLength`, also on the prototype's text writers. */
function byteLength(value, name) {
    if (typeof value !== 'string') {
        if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return value.byteLength;
        throw ERR_INVALID_ARG_TYPE('string', ['string', 'Buffer', 'ArrayBuffer'], value);
    }
    if (value.length === 0) return 0;
    return (encodingOf(name || 'utf8') ?? utf8).length(value);
}
Buffer.byteLength = byteLength;

addNumbers(prototype);

for (const [name, key] of [['parent', 'buffer'], ['offset', 'byteOffset']]) {
    Object.defineProperty(prototype, name, {
        enumerable: true,
        get() { return this instanceof Buffer ? this[key] : undefined; },
    });
}

prototype.copy = function copy(target, targetStart, sourceStart, sourceEnd) {
    if (!isBytes(target)) throw ERR_INVALID_ARG_TYPE('target', ['Buffer', 'Uint8Array'], target);
    const into = bound(targetStart, 0, 'targetStart');
    let start = 0;
    if (sourceStart !== undefined) {
        start = toInteger(sourceStart, 0);
        if (start < 0 || start > this.length) {
            throw ERR_OUT_OF_RANGE('sourceStart', `>= 0 && <= ${this.length}`, start);
        }
    }
    const end = bound(sourceEnd, this.length, 'sourceEnd');
    if (into >= target.length || start >= end) return 0;
    const count = Math.min(end - start, target.length - into, this.length - start);
    Uint8Array.prototype.set.call(target, Uint8Array.prototype.subarray.call(this, start, start + count), into);
    return count;
};

function toInteger(value, otherwise) {
    const number = +value;
    return Number.isSafeInteger(Math.trunc(number)) ? Math.floor(number) : otherwise;
}

function bound(value, otherwise, name) {
    if (value === undefined) return otherwise;
    const number = toInteger(value, 0);
    if (number < 0) throw ERR_OUT_OF_RANGE(name, '>= 0', number);
    return number;
}

function read(buffer, encoding, start, end) {
    return encoding.read(start === 0 && end === buffer.length
        ? buffer
        : new Uint8Array(buffer.buffer, buffer.byteOffset + start, end - start));
}

prototype.toString = function toString(name, start, end) {
    if (arguments.length === 0) return utf8.read(this);
    const length = this.length;
    let from = 0;
    if (!(start <= 0)) {
        if (start >= length) return '';
        from = Math.trunc(start) || 0;
    }
    let to = length;
    if (!(end === undefined || end > length)) to = Math.trunc(end) || 0;
    if (to <= from) return '';
    if (name === undefined) return read(this, utf8, from, to);
    const encoding = encodingOf(name);
    if (encoding === undefined) throw ERR_UNKNOWN_ENCODING(name);
    return read(this, encoding, from, to);
};

prototype.equals = function equals(other) {
    if (!isBytes(other)) throw ERR_INVALID_ARG_TYPE('otherBuffer', ['Buffer', 'Uint8Array'], other);
    if (this === other) return true;
    return this.byteLength === other.byteLength && compareBytes(this, other) === 0;
};

/** How many bytes `inspect` shows; `buffer.INSPECT_MAX_BYTES` sets it. */
export const shown = { bytes: 50 };

prototype[custom] = function inspectBuffer(_depth, context) {
    const count = Math.min(shown.bytes, this.length);
    const pairs = [];
    for (let i = 0; i < count; i++) pairs.push((this[i] < 16 ? '0' : '') + this[i].toString(16));
    let text = pairs.join(' ');
    const rest = this.length - count;
    if (rest > 0) text += ` ... ${rest} more byte${rest > 1 ? 's' : ''}`;
    if (context) {
        const extras = Object.keys(this).filter((key) => !/^\d+$/.test(key));
        if (extras.length > 0) {
            const bag = Object.create(null);
            for (const key of extras) bag[key] = this[key];
            if (this.length !== 0) text += ', ';
            text += inspect(bag, { ...context, breakLength: Infinity, compact: true }).slice(27, -2);
        }
    }
    return `<${this.constructor.name} ${text}>`;
};
prototype.inspect = prototype[custom];

prototype.compare = function compare(target, targetStart, targetEnd, sourceStart, sourceEnd) {
    if (!isBytes(target)) throw ERR_INVALID_ARG_TYPE('target', ['Buffer', 'Uint8Array'], target);
    if (arguments.length === 1) return compareBytes(this, target);
    const range = (value, otherwise, name, max) => {
        if (value === undefined) return otherwise;
        validateOffset(value, name, 0, max);
        return value;
    };
    const from = range(targetStart, 0, 'targetStart');
    const to = range(targetEnd, target.length, 'targetEnd', target.length);
    const start = range(sourceStart, 0, 'sourceStart');
    const end = range(sourceEnd, this.length, 'sourceEnd', this.length);
    if (start >= end) return from >= to ? 0 : -1;
    if (from >= to) return 1;
    return compareBytes(this.subarray(start, end), asBuffer(target).subarray(from, to));
};

function validateOffset(value, name, min = 0, max = kMaxLength) {
    if (typeof value !== 'number') throw ERR_INVALID_ARG_TYPE(name, 'number', value);
    if (!Number.isInteger(value)) throw ERR_OUT_OF_RANGE(name, 'an integer', value);
    if (value < min || value > max) throw ERR_OUT_OF_RANGE(name, `>= ${min} && <= ${max}`, value);
}

addSearches(prototype);

function fillWith(buffer, value, offset, end, encoding) {
    if (typeof value === 'number' || typeof value === 'boolean') {
        Uint8Array.prototype.fill.call(buffer, +value & 255, offset, end);
        return;
    }
    let bytes = value;
    if (typeof value === 'string') {
        const known = encodingOf(encoding ?? 'utf8');
        if (known === undefined) throw ERR_UNKNOWN_ENCODING(encoding);
        bytes = value.length === 0 ? Uint8Array.of(0) : encode(value, known);
    } else if (!ArrayBuffer.isView(value)) {
        Uint8Array.prototype.fill.call(buffer, +value & 255, offset, end);
        return;
    }
    else bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (bytes.length === 0) throw ERR_INVALID_ARG_VALUE('value', value);
    for (let i = offset; i < end; i++) buffer[i] = bytes[(i - offset) % bytes.length];
}

prototype.fill = function fill(value, offset, end, encoding) {
    let [from, to, name] = [offset, end, encoding];
    if (typeof value === 'string') {
        if (from === undefined || typeof from === 'string') [from, to, name] = [undefined, undefined, from];
        else if (typeof to === 'string') [to, name] = [undefined, to];
        if (name != null) validateString(name, 'encoding');
        if (name != null && encodingOf(name) === undefined) {
            throw ERR_UNKNOWN_ENCODING(name);
        }
    }
    if (from === undefined) [from, to] = [0, this.length];
    else {
        validateOffset(from, 'offset');
        if (to === undefined) to = this.length;
        else validateOffset(to, 'end', 0, this.length);
        if (from >= to) return this;
    }
    fillWith(this, value, Math.trunc(from), Math.trunc(to), name);
    return this;
};

prototype.write = function write(text, offset, length, name) {
    let [from, count, encoding] = [offset, length, name];
    if (from === undefined) [from, count, encoding] = [0, this.length, undefined];
    else if (count === undefined && typeof from === 'string') [encoding, count, from] = [from, this.length, 0];
    else {
        validateOffset(from, 'offset', 0, this.length);
        const left = this.length - from;
        if (count === undefined) count = left;
        else if (typeof count === 'string') [encoding, count] = [count, left];
        else {
            validateOffset(count, 'length', 0, this.length);
            if (count > left) count = left;
        }
    }
    const known = encoding ? encodingOf(encoding) : utf8;
    if (known === undefined) throw ERR_UNKNOWN_ENCODING(encoding);
    if (typeof text !== 'string') {
        throw Object.assign(new TypeError('argument must be a string'), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    return known.write(text, this, from, from + count);
};

prototype.toJSON = function toJSON() {
    return { type: 'Buffer', data: Array.from(this) };
};

function sliceIndex(value, length, otherwise) {
    const number = Math.trunc(+value) || 0;
    if (value === undefined) return otherwise;
    if (number < 0) return Math.max(number + length, 0);
    return Math.min(number, length);
}

prototype.subarray = function subarray(start, end) {
    const from = sliceIndex(start, this.length, 0);
    const to = sliceIndex(end, this.length, this.length);
    return new FastBuffer(this.buffer, this.byteOffset + from, to > from ? to - from : 0);
};

prototype.slice = function slice(start, end) {
    return this.subarray(start, end);
};

function addSwap(bits) {
    const size = bits / 8;
    prototype[`swap${bits}`] = function swap() {
        if (this.length % size !== 0) throw ERR_INVALID_BUFFER_SIZE(`${bits}-bits`);
        for (let i = 0; i < this.length; i += size) Uint8Array.prototype.subarray.call(this, i, i + size).reverse();
        return this;
    };
    Object.defineProperty(prototype[`swap${bits}`], 'name', { value: `swap${bits}` });
}
[16, 32, 64].forEach(addSwap);

prototype.toLocaleString = prototype.toString;

for (const kind of ['ascii', 'base64', 'base64url', 'latin1', 'hex', 'ucs2', 'utf8']) {
    const encoding = encodingOf(kind);
    prototype[`${kind}Slice`] = function slice(start = 0, end = this.length) {
        return read(this, encoding, start, Math.min(end, this.length));
    };
    prototype[`${kind}Write`] = function write(text, offset = 0, length = this.length - offset) {
        return encoding.write(text, this, offset, Math.min(offset + length, this.length));
    };
}
