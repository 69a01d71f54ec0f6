/** randomBytes and its kin, over the run's randomness. */
import { buffer, random, viewOf } from './backend.js';
import { badType, checkFunction, checkObject, coded, outOfRange } from './errors.js';

const MOST = 2147483647;

function checkedSize(size, name = 'size', most = MOST) {
    if (typeof size !== 'number') throw badType(name, 'of type number', size);
    if (Number.isNaN(size) || size < 0 || size > most) throw outOfRange(name, `>= 0 && <= ${most}`, size);
    return Math.trunc(size);
}

/** Hands a result over in a later turn. */
const later = (callback, result) => queueMicrotask(() => callback(null, result));

export function randomBytes(size, callback) {
    const length = checkedSize(size);
    if (callback !== undefined) checkFunction(callback, 'callback');
    const bytes = buffer(random(length));
    if (callback === undefined) return bytes;
    later(callback, bytes);
    return undefined;
}

export function randomFillSync(target, offset = 0, size = undefined) {
    const view = viewOf(target);
    if (!view) throw badType('buf', 'an instance of ArrayBuffer or ArrayBufferView', target);
    const width = target.BYTES_PER_ELEMENT ?? 1;
    const start = checkedSize(offset, 'offset', view.length / width) * width;
    const length = size === undefined ? view.length - start : checkedSize(size, 'size', view.length / width) * width;
    if (start + length > view.length) throw outOfRange('size + offset', `<= ${view.length}`, start + length);
    view.set(random(length), start);
    return target;
}

export function randomFill(target, offset, size, callback) {
    const done = [offset, size, callback].find((argument) => typeof argument === 'function');
    checkFunction(done ?? callback, 'callback');
    const numbers = [offset, size].map((argument) => (typeof argument === 'number' ? argument : undefined));
    later(done, randomFillSync(target, ...numbers));
}

const UNIFORM = 2 ** 48;

export function randomInt(min, max, callback) {
    let [low, high, done] = [min, max, callback];
    if (high === undefined || typeof high === 'function') [low, high, done] = [0, min, max];
    if (done !== undefined) checkFunction(done, 'callback');
    if (!Number.isSafeInteger(low)) throw badType('min', 'a safe integer', low);
    if (!Number.isSafeInteger(high)) throw badType('max', 'a safe integer', high);
    if (high <= low) throw outOfRange('max', `greater than the value of "min" (${low})`, high);
    const range = high - low;
    if (!(range <= UNIFORM - 1)) {
        throw outOfRange(max === undefined || typeof max === 'function' ? 'max' : 'max - min', `<= ${UNIFORM - 1}`, range);
    }
    const limit = UNIFORM - (UNIFORM % range);
    let number;
    do {
        number = buffer(random(6)).readUIntBE(0, 6);
    } while (number >= limit);
    const result = (number % range) + low;
    if (done === undefined) return result;
    queueMicrotask(() => done(undefined, result));
    return undefined;
}

const HEX = [];
for (let byte = 0; byte < 256; byte += 1) HEX.push((byte + 256).toString(16).slice(1));

export function randomUUID(options) {
    if (options !== undefined) checkObject(options, 'options');
    const bytes = random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = '';
    for (let at = 0; at < 16; at += 1) {
        if (at === 4 || at === 6 || at === 8 || at === 10) text += '-';
        text += HEX[bytes[at]];
    }
    return text;
}

/** `pseudoRandomBytes` and others that do not make sense here. */
export const refuse = (what) => () => {
    throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${what} is not available in Postern`);
};
