/** The errors of Node's crypto, by its codes and in its words. */
import { describe, withCode } from '../node/errors.js';
import { inspect } from '../node/inspect.js';

const received = (value) => ` Received ${describe(value)}`;

/** `1234567` as `1_234_567`, which is how Node shows large numbers. */
function grouped(number) {
    const text = String(number);
    return Number.isInteger(number) && Math.abs(number) > 2 ** 32 ? text.replace(/\B(?=(\d{3})+$)/g, '_') : text;
}

/** An error with a code, whose stack shows the code beside the name as Node's do. */
export function coded(Base, code, message, more) {
    const error = new Base(message);
    if (code !== undefined) withCode(error, code);
    return more ? Object.assign(error, more) : error;
}

export const BUFFER_KINDS = 'ArrayBuffer, Buffer, TypedArray, or DataView';

/** ERR_INVALID_ARG_TYPE; `wanted` is the text after `must be`. */
export function badType(name, wanted, value) {
    const subject = name.includes('.') ? `"${name}" property` : `"${name}" argument`;
    return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The ${subject} must be ${wanted}.${received(value)}`);
}

/** ERR_INVALID_ARG_VALUE */
export function badValue(name, value, reason = 'is invalid') {
    const subject = name.includes('.') ? 'property' : 'argument';
    return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${subject} '${name}' ${reason}. Received ${inspect(value)}`);
}

/** ERR_OUT_OF_RANGE */
export function outOfRange(name, range, value) {
    return coded(RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range. It must be ${range}. Received ${grouped(value)}`);
}

export function checkString(value, name) {
    if (typeof value !== 'string') throw badType(name, 'of type string', value);
}

export function checkFunction(value, name) {
    if (typeof value !== 'function') throw badType(name, 'of type function', value);
}

export function checkObject(value, name) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw badType(name, 'of type object', value);
}

/** A whole number between bounds. */
export function checkInteger(value, name, least, most) {
    if (typeof value !== 'number') throw badType(name, 'of type number', value);
    if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
    if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
}

/** What OpenSSL says, as Node passes it on. */
export function openssl(number, library, reason, prefix = '') {
    const code = `ERR_OSSL_${prefix}${reason.toUpperCase().replace(/[ -]/g, '_')}`;
    return coded(Error, undefined, `error:${number}:${library}::${reason}`, { library, reason, code });
}

export const unreadableKey = () => openssl('1E08010C', 'DECODER routines', 'unsupported');
export const badDecrypt = () => openssl('1C800064', 'Provider routines', 'bad decrypt');
export const badFinalBlock = () => openssl('1C80006B', 'Provider routines', 'wrong final block length');

/** What exists in Node and not here. */
export function unsupported(what) {
    return coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${what} is not available in Postern`);
}
