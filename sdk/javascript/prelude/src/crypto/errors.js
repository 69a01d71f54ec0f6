/** The errors of Node's crypto, by its codes and in its words. */

/** What was given instead, as Node puts it. */
function received(value) {
    if (value == null) return ` Received ${value}`;
    if (typeof value === 'function') return value.name ? ` Received function ${value.name}` : ' Received function';
    if (typeof value === 'object') {
        const name = value.constructor?.name;
        return name ? ` Received an instance of ${name}` : ' Received [Object: null prototype] {}';
    }
    let shown = typeof value === 'string' ? quoted(value) : typeof value === 'bigint' ? `${value}n` : String(value);
    if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
    return ` Received type ${typeof value} (${shown})`;
}

function quoted(text) {
    const escaped = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
    return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replace(/'/g, "\\'")}'`;
}

/** `1234567` as `1_234_567`, which is how Node shows large numbers. */
function grouped(number) {
    const text = String(number);
    return Number.isInteger(number) && Math.abs(number) > 2 ** 32 ? text.replace(/\B(?=(\d{3})+$)/g, '_') : text;
}

/** An error with a code, whose stack shows the code beside the name as Node's do. */
export function coded(Base, code, message, more) {
    const error = new Base(message);
    const stack = error.stack;
    if (code !== undefined) {
        error.code = code;
        // Node shows `TypeError [CODE]: message` in the stack, and leaves the name alone.
        if (typeof stack === 'string' && stack.startsWith(`${error.name}:`)) {
            Object.defineProperty(error, 'stack', {
                value: `${error.name} [${code}]${stack.slice(error.name.length)}`,
                writable: true,
                configurable: true,
            });
        }
    }
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
    const shown = typeof value === 'string' ? quoted(value) : String(value);
    return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${subject} '${name}' ${reason}. Received ${shown}`);
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
