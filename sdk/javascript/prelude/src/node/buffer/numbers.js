/** The readers and writers of numbers of Buffer's prototype, with Node's checks. */
import { ERR_BUFFER_OUT_OF_BOUNDS, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } from '../errors.js';

function mustBeNumber(value, name) {
    if (typeof value !== 'number') throw ERR_INVALID_ARG_TYPE(name, 'number', value);
}

function badBounds(value, length, name) {
    if (Math.floor(value) !== value) {
        mustBeNumber(value, name);
        throw ERR_OUT_OF_RANGE(name, 'an integer', value);
    }
    if (length < 0) throw ERR_BUFFER_OUT_OF_BOUNDS();
    throw ERR_OUT_OF_RANGE(name, `>= ${name === 'byteLength' ? 1 : 0} and <= ${length}`, value);
}

function checkOffset(buffer, offset, size) {
    mustBeNumber(offset, 'offset');
    if (!(offset >= 0 && offset + size <= buffer.length && Number.isInteger(offset))) {
        badBounds(offset, buffer.length - size, 'offset');
    }
}

/** The size argument of readIntBE and its like: 1 to 6. */
function checkSize(size, offset) {
    if (offset === undefined) throw ERR_INVALID_ARG_TYPE('offset', 'number', offset);
    mustBeNumber(size, 'byteLength');
    if (!(size >= 1 && size <= 6 && Number.isInteger(size))) badBounds(size, 6, 'byteLength');
}

function valueRange(min, max, size, big) {
    const n = big ? 'n' : '';
    const bits = size * 8;
    if (size > 4 || big) {
        if (min === 0 || min === 0n) return `>= 0${n} and < 2${n} ** ${bits}${n}`;
        return `>= -(2${n} ** ${bits - 1}${n}) and < 2${n} ** ${bits - 1}${n}`;
    }
    return `>= ${min}${n} and <= ${max}${n}`;
}

function checkValue(value, min, max, size, big = false) {
    if (value > max || value < min) {
        throw ERR_OUT_OF_RANGE('value', valueRange(min, max, size, big), value);
    }
}

function readUnsigned(buffer, offset, size, little) {
    let value = 0;
    if (little) for (let i = size - 1; i >= 0; i--) value = value * 256 + buffer[offset + i];
    else for (let i = 0; i < size; i++) value = value * 256 + buffer[offset + i];
    return value;
}

function readSigned(buffer, offset, size, little) {
    const value = readUnsigned(buffer, offset, size, little);
    const half = 2 ** (size * 8 - 1);
    return value >= half ? value - 2 * half : value;
}

function writeWhole(buffer, value, offset, size, little) {
    let rest = Math.trunc(value) || 0;
    if (rest < 0) rest += 2 ** (size * 8);
    for (let i = 0; i < size; i++) {
        buffer[little ? offset + i : offset + size - 1 - i] = rest % 256;
        rest = Math.floor(rest / 256);
    }
    return offset + size;
}

function wholeRange(size, signed) {
    const all = 2 ** (size * 8);
    return signed ? [-all / 2, all / 2 - 1] : [0, all - 1];
}

function view(buffer) {
    return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Defines `name` and, for UInt names, its Uint twin, not enumerable. */
function define(prototype, name, fn) {
    Object.defineProperty(fn, 'name', { value: name });
    for (const one of new Set([name, name.replace('UInt', 'Uint')])) {
        Object.defineProperty(prototype, one, { value: fn, writable: true, configurable: true, enumerable: true });
    }
}

function defineWhole(prototype, suffix, size, signed, little) {
    const [min, max] = wholeRange(size, signed);
    const read = signed ? readSigned : readUnsigned;
    define(prototype, `read${suffix}`, function (offset = 0) {
        checkOffset(this, offset, size);
        return read(this, offset, size, little);
    });
    define(prototype, `write${suffix}`, function (value, offset = 0) {
        const number = +value;
        if (size === 1) mustBeNumber(offset, 'offset');
        checkValue(number, min, max, size);
        checkOffset(this, offset, size);
        return writeWhole(this, number, offset, size, little);
    });
}

function defineSized(prototype, suffix, signed, little) {
    const read = signed ? readSigned : readUnsigned;
    define(prototype, `read${suffix}`, function (offset, byteLength) {
        checkSize(byteLength, offset);
        checkOffset(this, offset, byteLength);
        return read(this, offset, byteLength, little);
    });
    define(prototype, `write${suffix}`, function (value, offset, byteLength) {
        mustBeNumber(byteLength, 'byteLength');
        if (!(byteLength >= 1 && byteLength <= 6 && Number.isInteger(byteLength))) {
            badBounds(byteLength, 6, 'byteLength');
        }
        const number = +value;
        if (byteLength === 1) mustBeNumber(offset, 'offset');
        checkValue(number, ...wholeRange(byteLength, signed), byteLength);
        checkOffset(this, offset, byteLength);
        return writeWhole(this, number, offset, byteLength, little);
    });
}

function defineBig(prototype, suffix, signed, little) {
    const min = signed ? -(2n ** 63n) : 0n;
    const max = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
    const kind = signed ? 'BigInt64' : 'BigUint64';
    define(prototype, `read${suffix}`, function (offset = 0) {
        checkOffset(this, offset, 8);
        return view(this)[`get${kind}`](offset, little);
    });
    define(prototype, `write${suffix}`, function (value, offset = 0) {
        checkValue(value, min, max, 8, true);
        checkOffset(this, offset, 8);
        if (typeof value !== 'bigint') {
            throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
        }
        view(this)[`set${kind}`](offset, value, little);
        return offset + 8;
    });
}

function defineFloat(prototype, suffix, kind, size, little) {
    define(prototype, `read${suffix}`, function (offset = 0) {
        checkOffset(this, offset, size);
        return view(this)[`get${kind}`](offset, little);
    });
    define(prototype, `write${suffix}`, function (value, offset = 0) {
        checkOffset(this, offset, size);
        view(this)[`set${kind}`](offset, +value, little);
        return offset + size;
    });
}

/** Puts all of them on a prototype. */
export function addNumbers(prototype) {
    for (const signed of [false, true]) {
        const kind = signed ? 'Int' : 'UInt';
        defineWhole(prototype, `${kind}8`, 1, signed, true);
        for (const little of [true, false]) {
            const order = little ? 'LE' : 'BE';
            defineWhole(prototype, `${kind}16${order}`, 2, signed, little);
            defineWhole(prototype, `${kind}32${order}`, 4, signed, little);
            defineSized(prototype, `${kind}${order}`, signed, little);
            defineBig(prototype, `Big${kind}64${order}`, signed, little);
        }
    }
    for (const little of [true, false]) {
        const order = little ? 'LE' : 'BE';
        defineFloat(prototype, `Float${order}`, 'Float32', 4, little);
        defineFloat(prototype, `Double${order}`, 'Float64', 8, little);
    }
}
