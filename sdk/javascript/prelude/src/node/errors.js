/**
 * Node's errors: an ordinary Error, TypeError or RangeError with a `code`,
 * whose stack begins "TypeError [ERR_X]: …". Texts are those of Node 20.
 */
import { format, inspect } from './inspect.js';

const KINDS = new Set([
    'string', 'function', 'number', 'object', 'Function', 'Object', 'boolean', 'bigint', 'symbol',
]);
const CLASS_NAME = /^([A-Z][a-z0-9]*)+$/;

/** Gives an error a code the way Node does: in `code` and in the stack, not in `name`. */
export function withCode(error, code) {
    const { name } = error;
    try {
        const { stack } = error;
        if (typeof stack === 'string' && stack.startsWith(name)) {
            Object.defineProperty(error, 'stack', {
                value: `${name} [${code}]${stack.slice(name.length)}`,
                writable: true, configurable: true, enumerable: false,
            });
        }
    } catch { /* a frozen stack stays as it is */ }
    error.code = code;
    Object.defineProperty(error, 'toString', {
        value() { return `${this.name} [${code}]: ${this.message}`; },
        writable: true, configurable: true, enumerable: false,
    });
    return error;
}

/** An Error class whose instances carry `code`; `text` makes the message. */
function coded(Base, code, text) {
    function NodeError(...args) {
        const error = new Base(typeof text === 'function' ? text(...args) : text);
        return withCode(error, code);
    }
    Object.defineProperty(NodeError, 'name', { value: code });
    return NodeError;
}

/** How an error text names a value it did not like. */
export function describe(value) {
    switch (typeof value) {
        case 'undefined': return 'undefined';
        case 'function': return `function ${value.name}`;
        case 'object':
            if (value === null) return 'null';
            if (value.constructor && 'name' in value.constructor) return `an instance of ${value.constructor.name}`;
            return inspect(value, { depth: -1 });
        case 'string': {
            const short = value.length > 28 ? `${value.slice(0, 25)}...` : value;
            return `type string (${short.includes("'") ? JSON.stringify(short) : `'${short}'`})`;
        }
        case 'number': return `type number (${Object.is(value, -0) ? '-0' : value})`;
        case 'bigint': return `type bigint (${value}n)`;
        default: return `type ${typeof value} (${String(value)})`;
    }
}

/** "a", "a or b", "a, b, or c". */
function either(list) {
    if (list.length < 3) return list.join(' or ');
    return `${list.slice(0, -1).join(', ')}, or ${list[list.length - 1]}`;
}

function expectation(expected) {
    const types = [];
    const classes = [];
    const others = [];
    for (const one of Array.isArray(expected) ? expected : [expected]) {
        if (KINDS.has(one)) types.push(one.toLowerCase());
        else if (CLASS_NAME.test(one)) classes.push(one);
        else others.push(one);
    }
    if (classes.length > 0 && types.includes('object')) {
        types.splice(types.indexOf('object'), 1);
        classes.push('Object');
    }
    const parts = [];
    if (types.length > 0) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${either(types)}`);
    if (classes.length > 0) parts.push(`an instance of ${either(classes)}`);
    if (others.length > 1) parts.push(`one of ${either(others)}`);
    else if (others.length === 1) {
        parts.push(`${others[0].toLowerCase() === others[0] ? '' : 'an '}${others[0]}`);
    }
    return parts.join(' or ');
}

function argumentName(name) {
    if (name.endsWith(' argument')) return name;
    return `"${name}" ${name.includes('.') ? 'property' : 'argument'}`;
}

/** Digits in groups of three, as Node writes a number out of range. */
function grouped(digits) {
    let tail = '';
    let end = digits.length;
    const start = digits[0] === '-' ? 1 : 0;
    for (; end >= start + 4; end -= 3) tail = `_${digits.slice(end - 3, end)}${tail}`;
    return `${digits.slice(0, end)}${tail}`;
}

function outOfRange(name, range, input) {
    let received;
    if (Number.isInteger(input) && Math.abs(input) > 2 ** 32) received = grouped(String(input));
    else if (typeof input === 'bigint') {
        received = String(input);
        if (input > 2n ** 32n || input < -(2n ** 32n)) received = grouped(received);
        received += 'n';
    } else received = inspect(input);
    return `The value of "${name}" is out of range. It must be ${range}. Received ${received}`;
}

function invalidValue(name, value, reason = 'is invalid') {
    let shown = inspect(value);
    if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
    return `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${shown}`;
}

function missing(...args) {
    const names = args.map((a) => (Array.isArray(a) ? a.map((n) => `"${n}"`).join(' or ') : `"${a}"`));
    let list = names[0];
    if (names.length === 2) list = `${names[0]} and ${names[1]}`;
    else if (names.length > 2) list = `${names.slice(0, -1).join(', ')}, and ${names[names.length - 1]}`;
    return `The ${list} argument${names.length > 1 ? 's' : ''} must be specified`;
}

function invalidReturn(input, name, value) {
    return `Expected ${input} to be returned from the "${name}" function but got ${describe(value)}.`;
}

export const ERR_INVALID_ARG_TYPE = coded(TypeError, 'ERR_INVALID_ARG_TYPE',
    (name, expected, actual) => `The ${argumentName(name)} must be ${expectation(expected)}. Received ${describe(actual)}`);
export const ERR_INVALID_ARG_VALUE = coded(TypeError, 'ERR_INVALID_ARG_VALUE', invalidValue);
export const ERR_OUT_OF_RANGE = coded(RangeError, 'ERR_OUT_OF_RANGE', outOfRange);
export const ERR_BUFFER_OUT_OF_BOUNDS = coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS',
    (name) => (name ? `"${name}" is outside of buffer bounds` : 'Attempt to access memory outside buffer bounds'));
export const ERR_INVALID_BUFFER_SIZE = coded(RangeError, 'ERR_INVALID_BUFFER_SIZE',
    (size) => `Buffer size must be a multiple of ${size}`);
export const ERR_UNKNOWN_ENCODING = coded(TypeError, 'ERR_UNKNOWN_ENCODING', (name) => format('Unknown encoding: %s', name));
export const ERR_MISSING_ARGS = coded(TypeError, 'ERR_MISSING_ARGS', missing);
export const ERR_INVALID_RETURN_VALUE = coded(TypeError, 'ERR_INVALID_RETURN_VALUE', invalidReturn);
export const ERR_AMBIGUOUS_ARGUMENT = coded(TypeError, 'ERR_AMBIGUOUS_ARGUMENT',
    (name, reason) => `The "${name}" argument is ambiguous. ${reason}`);
export const ERR_UNHANDLED_ERROR = coded(Error, 'ERR_UNHANDLED_ERROR',
    (shown) => (shown === undefined ? 'Unhandled error.' : `Unhandled error. (${shown})`));
export const ERR_FALSY_VALUE_REJECTION = coded(Error, 'ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value');
export const ERR_INVALID_URL_SCHEME = coded(TypeError, 'ERR_INVALID_URL_SCHEME', (scheme) => `The URL must be of scheme ${scheme}`);
export const ERR_INVALID_FILE_URL_HOST = coded(TypeError, 'ERR_INVALID_FILE_URL_HOST',
    (platform) => `File URL host must be "localhost" or empty on ${platform}`);
export const ERR_INVALID_FILE_URL_PATH = coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', (reason) => `File URL path ${reason}`);
export const ERR_INVALID_URI = coded(URIError, 'ERR_INVALID_URI', 'URI malformed');
export const ERR_UNAVAILABLE = coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    (what) => `${what} is not available in actions: they run without files, sockets, processes and threads`);
export const ERR_UNKNOWN_BUILTIN_MODULE = coded(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', (name) => `No such built-in module: ${name}`);
export const ERR_ILLEGAL_CONSTRUCTOR = coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
export const ERR_INVALID_THIS = coded(TypeError, 'ERR_INVALID_THIS', (type) => `Value of "this" must be of type ${type}`);

/** An `AbortError` as Node's own modules reject with. */
export class AbortError extends Error {
    constructor(message = 'The operation was aborted', options = undefined) {
        super(message, options);
        this.code = 'ABORT_ERR';
        this.name = 'AbortError';
    }
}
