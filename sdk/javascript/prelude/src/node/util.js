/** Node's `util`. */
import comparisons from 'assert/build/internal/util/comparisons.js';
import { Buffer } from './buffer/index.js';
import {
    AbortError, ERR_FALSY_VALUE_REJECTION, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, withCode,
} from './errors.js';
import { warnings } from './events.js';
import { custom, format, formatWithOptions, inspect, stripVTControlCharacters } from './inspect.js';
import types from './types.js';
import { validateFunction, validateNumber, validateString } from './validators.js';
import { errorNames, parseEnv, styleText } from './util_extras.js';

const kCustomPromisify = Symbol.for('nodejs.util.promisify.custom');
/** Names of a callback's results, where a function calls back with several. */
const kCustomArgs = Symbol('customPromisifyArgs');

/** A function that returns a promise in place of calling back. */
export function promisify(original) {
    validateFunction(original, 'original');
    const own = original[kCustomPromisify];
    if (own) {
        validateFunction(own, 'util.promisify.custom');
        return Object.defineProperty(own, kCustomPromisify, { value: own, enumerable: false, writable: false, configurable: true });
    }
    const names = original[kCustomArgs];
    function fn(...args) {
        return new Promise((resolve, reject) => {
            Reflect.apply(original, this, [...args, (error, ...values) => {
                if (error) return reject(error);
                if (names === undefined || values.length < 2) return resolve(values[0]);
                return resolve(Object.fromEntries(names.map((name, i) => [name, values[i]])));
            }]);
        });
    }
    Object.setPrototypeOf(fn, Object.getPrototypeOf(original));
    Object.defineProperty(fn, kCustomPromisify, { value: fn, enumerable: false, writable: false, configurable: true });
    return Object.defineProperties(fn, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = kCustomPromisify;

/** The other way: a promise's result to a callback. */
export function callbackify(original) {
    validateFunction(original, 'original');
    function callbackified(...args) {
        const callback = args.pop();
        validateFunction(callback, 'last argument');
        Reflect.apply(original, this, args).then(
            (value) => queueMicrotask(() => callback.call(this, null, value)),
            (error) => {
                let reason = error;
                if (!reason) {
                    reason = ERR_FALSY_VALUE_REJECTION();
                    reason.reason = error;
                }
                queueMicrotask(() => callback.call(this, reason));
            },
        );
    }
    const descriptors = Object.getOwnPropertyDescriptors(original);
    if (typeof descriptors.length.value === 'number') descriptors.length.value++;
    if (typeof descriptors.name.value === 'string') descriptors.name.value += 'Callbackified';
    return Object.defineProperties(callbackified, descriptors);
}

const told = new Set();

/** The same function with a warning at its first use. */
export function deprecate(fn, message, code) {
    if (code !== undefined) validateString(code, 'code');
    let warned = false;
    function deprecated(...args) {
        if (!warned) {
            warned = true;
            if (code === undefined || !told.has(code)) {
                told.add(code);
                const warning = Object.assign(new Error(message), { name: 'DeprecationWarning' });
                warnings.emit?.(code === undefined ? warning : Object.assign(warning, { code }));
            }
        }
        return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
    }
    Object.setPrototypeOf(deprecated, fn);
    if (fn.prototype) deprecated.prototype = fn.prototype;
    Object.defineProperty(deprecated, 'length', { ...Object.getOwnPropertyDescriptor(fn, 'length') });
    return deprecated;
}

/** The inheritance of before classes. */
export function inherits(constructor, superConstructor) {
    if (constructor === undefined || constructor === null) throw ERR_INVALID_ARG_TYPE('ctor', 'Function', constructor);
    if (superConstructor === undefined || superConstructor === null) {
        throw ERR_INVALID_ARG_TYPE('superCtor', 'Function', superConstructor);
    }
    if (superConstructor.prototype === undefined) {
        throw ERR_INVALID_ARG_TYPE('superCtor.prototype', 'Object', superConstructor.prototype);
    }
    Object.defineProperty(constructor, 'super_', { value: superConstructor, writable: true, configurable: true });
    Object.setPrototypeOf(constructor.prototype, superConstructor.prototype);
}

/** Debug output by NODE_DEBUG: the environment is empty, so there is none. */
export function debuglog() {
    const log = () => {};
    Object.defineProperty(log, 'enabled', { value: false, enumerable: true, configurable: true });
    return log;
}

function _extend(target, source) {
    return source !== null && typeof source === 'object' ? Object.assign(target, source) : target;
}

function getSystemErrorName(code) {
    validateNumber(code, 'err');
    if (code >= 0 || !Number.isSafeInteger(code)) throw ERR_OUT_OF_RANGE('err', 'a negative integer', code);
    return errorNames[-code] ?? `Unknown system error ${code}`;
}

function toUSVString(input) {
    return `${input}`.toWellFormed();
}

/** Settles when the signal aborts. */
function aborted(signal, resource) {
    if (signal === undefined || signal === null || typeof signal !== 'object' || !('aborted' in signal)) {
        throw ERR_INVALID_ARG_TYPE('signal', 'AbortSignal', signal);
    }
    if (resource === null || typeof resource !== 'object') throw ERR_INVALID_ARG_TYPE('resource', 'Object', resource);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }); });
}

function _errnoException(code, syscall, original) {
    const name = getSystemErrorName(code);
    const error = new Error(original ? `${syscall} ${name} ${original}` : `${syscall} ${name}`);
    return Object.assign(error, { errno: code, code: name, syscall });
}

function missing(name) {
    return class {
        constructor() {
            throw withCode(new Error(`util.${name} is not available in actions`), 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM');
        }
    };
}

const util = {
    _errnoException,
    _extend,
    callbackify,
    debug: debuglog,
    debuglog,
    deprecate,
    format,
    styleText,
    formatWithOptions,
    getSystemErrorMap: () => new Map(Object.entries(errorNames).map(([n, name]) => [-n, [name, name]])),
    getSystemErrorName,
    inherits,
    inspect,
    isArray: Array.isArray,
    isBoolean: (value) => typeof value === 'boolean',
    isBuffer: Buffer.isBuffer,
    isDeepStrictEqual: (a, b) => comparisons.isDeepStrictEqual(a, b),
    isNull: (value) => value === null,
    isNullOrUndefined: (value) => value === null || value === undefined,
    isNumber: (value) => typeof value === 'number',
    isString: (value) => typeof value === 'string',
    isSymbol: (value) => typeof value === 'symbol',
    isUndefined: (value) => value === undefined,
    isRegExp: types.isRegExp,
    isObject: (value) => value !== null && typeof value === 'object',
    isDate: types.isDate,
    isError: (value) => types.isNativeError(value) || value instanceof Error,
    isFunction: (value) => typeof value === 'function',
    isPrimitive: (value) => value === null || (typeof value !== 'object' && typeof value !== 'function'),
    log: (...args) => globalThis.console.log(...args),
    promisify,
    stripVTControlCharacters: (text) => {
        validateString(text, 'str');
        return stripVTControlCharacters(text);
    },
    toUSVString,
    aborted,
    types,
    parseEnv,
    MIMEType: missing('MIMEType'),
    MIMEParams: missing('MIMEParams'),
};

/** Names of the web that `util` also has; taken when they are asked for. */
for (const name of ['TextDecoder', 'TextEncoder']) {
    Object.defineProperty(util, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}

export { AbortError, custom, format, formatWithOptions, inspect };
export default util;
