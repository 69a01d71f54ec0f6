/** Node's `assert`. */
import comparisons from 'assert/build/internal/util/comparisons.js';
import {
    ERR_AMBIGUOUS_ARGUMENT, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_RETURN_VALUE, ERR_MISSING_ARGS,
} from '../errors.js';
import { inspect } from '../inspect.js';
import { emitWarning } from '../process.js';
import types from '../types.js';
import { validateFunction } from '../validators.js';
import { AssertionError } from './error.js';

const { isDeepEqual, isDeepStrictEqual } = comparisons;
const { isPromise, isRegExp } = types;
const NOTHING_THROWN = Symbol('nothing thrown');
const isError = (value) => value instanceof Error || types.isNativeError(value);

function fail(details) {
    if (details.message instanceof Error) throw details.message;
    throw new AssertionError(details);
}

/** Throws with the mark that the text is ours where it is. */
function failMarked(details, generated) {
    const error = new AssertionError(details);
    error.generatedMessage = generated;
    throw error;
}

function check(count, value, message, stackStartFn) {
    if (value) return;
    if (message != null && isError(message)) throw message;
    const text = count === 0 ? 'No value argument passed to `assert.ok()`' : message;
    failMarked({ actual: value, expected: true, message: text, operator: '==', stackStartFn }, count === 0 || message == null);
}

function assert(...args) {
    check(args.length, args[0], args[1], assert);
}

assert.ok = function ok(...args) {
    check(args.length, args[0], args[1], ok);
};

let warned = false;
assert.fail = function (actual, expected, message, operator, stackStartFn) {
    const count = arguments.length;
    let details = { actual, expected, operator: operator ?? 'fail', stackStartFn: stackStartFn ?? assert.fail, message };
    const failed = actual == null && count <= 1;
    if (failed) details.message = 'Failed';
    else if (count === 1) details = { ...details, actual: undefined, message: actual };
    else {
        if (!warned) {
            warned = true;
            emitWarning(
                'assert.fail() with more than one argument is deprecated. Please use assert.strictEqual() instead or only pass a message.',
                'DeprecationWarning', 'DEP0094',
            );
        }
        if (count === 2) details.operator = '!=';
    }
    if (details.message instanceof Error) throw details.message;
    const error = new AssertionError(details);
    if (failed) error.generatedMessage = true;
    throw error;
};

/** The assertions that compare: name, operator where it is not the name, whether it holds. */
const COMPARISONS = [
    // eslint-disable-next-line eqeqeq
    ['equal', '==', (a, b) => a == b || (Number.isNaN(a) && Number.isNaN(b))],
    // eslint-disable-next-line eqeqeq
    ['notEqual', '!=', (a, b) => a != b && !(Number.isNaN(a) && Number.isNaN(b))],
    ['deepEqual', 'deepEqual', isDeepEqual],
    ['notDeepEqual', 'notDeepEqual', (a, b) => !isDeepEqual(a, b)],
    ['deepStrictEqual', 'deepStrictEqual', isDeepStrictEqual],
    ['notDeepStrictEqual', 'notDeepStrictEqual', (a, b) => !isDeepStrictEqual(a, b)],
    ['strictEqual', 'strictEqual', Object.is],
    ['notStrictEqual', 'notStrictEqual', (a, b) => !Object.is(a, b)],
];
for (const [name, operator, holds] of COMPARISONS) {
    assert[name] = {
        [name](actual, expected, message) {
            if (arguments.length < 2) throw ERR_MISSING_ARGS('actual', 'expected');
            if (!holds(actual, expected)) fail({ actual, expected, message, operator, stackStartFn: assert[name] });
        },
    }[name];
}

/** What an expected error's object is held against. */
class Keys {
    constructor(source, keys, actual) {
        for (const key of keys) {
            if (!(key in source)) continue;
            const matches = actual !== undefined && typeof actual[key] === 'string' && isRegExp(source[key]) && source[key].test(actual[key]);
            this[key] = matches ? actual[key] : source[key];
        }
    }
}
Object.defineProperty(Keys, 'name', { value: 'Comparison' });

function compareKeys(actual, expected, message, fn) {
    const keys = Object.keys(expected);
    if (expected instanceof Error) keys.push('name', 'message');
    else if (keys.length === 0) throw ERR_INVALID_ARG_VALUE('error', expected, 'may not be an empty object');
    for (const key of keys) {
        const [mine, theirs] = [actual[key], expected[key]];
        if (typeof mine === 'string' && isRegExp(theirs) && theirs.test(mine)) continue;
        if (key in actual && isDeepStrictEqual(mine, theirs)) continue;
        if (message) fail({ actual, expected, message, operator: fn.name, stackStartFn: fn });
        const error = new AssertionError({
            actual: new Keys(actual, keys), expected: new Keys(expected, keys, actual), operator: 'deepStrictEqual', stackStartFn: fn,
        });
        throw Object.assign(error, { actual, expected, operator: fn.name });
    }
}

/** The complaint about an error that a class or a function does not accept; undefined where it does. */
function complaint(actual, expected) {
    if (expected.prototype !== undefined && actual instanceof expected) return undefined;
    if (Object.prototype.isPrototypeOf.call(Error, expected)) {
        if (!isError(actual)) {
            return `The error is expected to be an instance of "${expected.name}". Received "${inspect(actual, { depth: -1 })}"`;
        }
        return `The error is expected to be an instance of "${expected.name}". Received "${actual.constructor?.name || actual.name}"\n\nError message:\n\n${actual.message}`;
    }
    const result = Reflect.apply(expected, {}, [actual]);
    if (result === true) return undefined;
    const name = expected.name ? `"${expected.name}" ` : '';
    const caught = isError(actual) ? `\n\nCaught error:\n\n${actual}` : '';
    return `The ${name}validation function is expected to return "true". Received ${inspect(result)}${caught}`;
}

function checkThrown(actual, expected, message, fn) {
    let text;
    if (typeof expected === 'function') text = complaint(actual, expected);
    else if (isRegExp(expected)) {
        const shown = String(actual);
        if (!expected.test(shown)) {
            text = `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(shown)}\n`;
        }
    } else if (typeof actual !== 'object' || actual === null) {
        const error = new AssertionError({ actual, expected, message, operator: 'deepStrictEqual', stackStartFn: fn });
        error.operator = fn.name;
        throw error;
    } else compareKeys(actual, expected, message, fn);
    if (text === undefined) return;
    if (message instanceof Error) throw message;
    failMarked({ actual, expected, message: message || text, operator: fn.name, stackStartFn: fn }, !message);
}

function expectsError(fn, thrown, ...args) {
    let [error, message] = args;
    const kinds = ['Object', 'Error', 'Function', 'RegExp'];
    if (typeof error === 'string') {
        if (args.length === 2) throw ERR_INVALID_ARG_TYPE('error', kinds, error);
        if (typeof thrown === 'object' && thrown !== null) {
            if (thrown.message === error) {
                throw ERR_AMBIGUOUS_ARGUMENT('error/message', `The error message "${thrown.message}" is identical to the message.`);
            }
        } else if (thrown === error) {
            throw ERR_AMBIGUOUS_ARGUMENT('error/message', `The error "${thrown}" is identical to the message.`);
        }
        [error, message] = [undefined, error];
    } else if (error != null && typeof error !== 'object' && typeof error !== 'function') {
        throw ERR_INVALID_ARG_TYPE('error', kinds, error);
    }
    if (thrown === NOTHING_THROWN) {
        const details = `${error?.name ? ` (${error.name})` : ''}${message ? `: ${message}` : '.'}`;
        const kind = fn.name === 'rejects' ? 'rejection' : 'exception';
        fail({ actual: undefined, expected: error, operator: fn.name, message: `Missing expected ${kind}${details}`, stackStartFn: fn });
    }
    if (error) checkThrown(thrown, error, message, fn);
}

function matches(actual, expected) {
    if (typeof expected !== 'function') {
        if (isRegExp(expected)) return expected.test(String(actual));
        throw ERR_INVALID_ARG_TYPE('expected', ['Function', 'RegExp'], expected);
    }
    if (expected.prototype !== undefined && actual instanceof expected) return true;
    if (Object.prototype.isPrototypeOf.call(Error, expected)) return false;
    return Reflect.apply(expected, {}, [actual]) === true;
}

function expectsNoError(fn, thrown, expected, text) {
    if (thrown === NOTHING_THROWN) return;
    const [error, message] = typeof expected === 'string' ? [undefined, expected] : [expected, text];
    if (error && !matches(thrown, error)) throw thrown;
    const kind = fn.name === 'doesNotReject' ? 'rejection' : 'exception';
    fail({
        actual: thrown, expected: error, operator: fn.name, stackStartFn: fn,
        message: `Got unwanted ${kind}${message ? `: ${message}` : '.'}\nActual message: "${thrown && thrown.message}"`,
    });
}

function thrownBy(fn) {
    validateFunction(fn, 'fn');
    try {
        fn();
    } catch (error) {
        return error;
    }
    return NOTHING_THROWN;
}

const isThenable = (value) => isPromise(value)
    || (value !== null && typeof value === 'object' && typeof value.then === 'function' && typeof value.catch === 'function');

async function rejectionOf(promiseOrFn) {
    let promise = promiseOrFn;
    if (typeof promiseOrFn === 'function') {
        promise = promiseOrFn();
        if (!isThenable(promise)) throw ERR_INVALID_RETURN_VALUE('instance of Promise', 'promiseFn', promise);
    } else if (!isThenable(promiseOrFn)) throw ERR_INVALID_ARG_TYPE('promiseFn', ['Function', 'Promise'], promiseOrFn);
    try {
        await promise;
    } catch (error) {
        return error;
    }
    return NOTHING_THROWN;
}

assert.throws = function throws(fn, ...args) {
    expectsError(throws, thrownBy(fn), ...args);
};
assert.rejects = async function rejects(promise, ...args) {
    expectsError(rejects, await rejectionOf(promise), ...args);
};
assert.doesNotThrow = function doesNotThrow(fn, ...args) {
    expectsNoError(doesNotThrow, thrownBy(fn), ...args);
};
assert.doesNotReject = async function doesNotReject(promise, ...args) {
    expectsNoError(doesNotReject, await rejectionOf(promise), ...args);
};

assert.ifError = function ifError(error) {
    if (error === null || error === undefined) return;
    let text = inspect(error);
    if (typeof error === 'object' && typeof error.message === 'string') {
        text = error.message.length === 0 && error.constructor ? error.constructor.name : error.message;
    }
    throw new AssertionError({
        actual: error, expected: null, operator: 'ifError', message: `ifError got unwanted exception: ${text}`, stackStartFn: ifError,
    });
};

function checkMatch(string, regexp, message, fn, wanted) {
    if (!isRegExp(regexp)) throw ERR_INVALID_ARG_TYPE('regexp', 'RegExp', regexp);
    const isString = typeof string === 'string';
    if (isString && (regexp.exec(string) !== null) === wanted) return;
    if (message instanceof Error) throw message;
    const found = wanted ? 'The input did not match the regular expression' : 'The input was expected to not match the regular expression';
    const text = isString
        ? `${found} ${inspect(regexp)}. Input:\n\n${inspect(string)}\n`
        : `The "string" argument must be of type string. Received type ${typeof string} (${inspect(string)})`;
    failMarked({ actual: string, expected: regexp, message: message || text, operator: fn.name, stackStartFn: fn }, !message);
}

assert.match = function match(string, regexp, message) {
    checkMatch(string, regexp, message, match, true);
};
assert.doesNotMatch = function doesNotMatch(string, regexp, message) {
    checkMatch(string, regexp, message, doesNotMatch, false);
};
assert.AssertionError = AssertionError;

function strict(...args) {
    check(args.length, args[0], args[1], strict);
}
assert.strict = Object.assign(strict, assert, {
    equal: assert.strictEqual,
    deepEqual: assert.deepStrictEqual,
    notEqual: assert.notStrictEqual,
    notDeepEqual: assert.notDeepStrictEqual,
});
assert.strict.strict = assert.strict;

export default assert;
