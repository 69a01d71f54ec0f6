/**
 * Errors as Node makes them: with a `code`, and with the texts that Node's own checks give.
 */

const LEGACY_CODES = {
    IndexSizeError: 1,
    HierarchyRequestError: 3,
    WrongDocumentError: 4,
    InvalidCharacterError: 5,
    NoModificationAllowedError: 7,
    NotFoundError: 8,
    NotSupportedError: 9,
    InUseAttributeError: 10,
    InvalidStateError: 11,
    SyntaxError: 12,
    InvalidModificationError: 13,
    NamespaceError: 14,
    InvalidAccessError: 15,
    TypeMismatchError: 17,
    SecurityError: 18,
    NetworkError: 19,
    AbortError: 20,
    URLMismatchError: 21,
    QuotaExceededError: 22,
    TimeoutError: 23,
    InvalidNodeTypeError: 24,
    DataCloneError: 25,
};

/** The web's error class: its name is an argument, not a class. */
export class DOMException extends Error {
    #name = 'Error';

    /**
     * @param {string} [message]
     * @param {string | {name?: string, cause?: unknown}} [options] - the name, or an object that holds it
     */
    constructor(message = '', options = 'Error') {
        const given = typeof options === 'object' && options !== null ? options : { name: options };
        super(`${message}`, 'cause' in given ? { cause: given.cause } : undefined);
        if (!Object.hasOwn(this, 'message')) hide(this, 'message', `${message}`);
        this.#name = `${given.name ?? 'Error'}`;
        fixStack(this, this.#name);
    }

    get name() {
        return this.#name;
    }

    get code() {
        return LEGACY_CODES[this.#name] ?? 0;
    }

    get [Symbol.toStringTag]() {
        return 'DOMException';
    }
}

for (const [name, code] of Object.entries(LEGACY_CODES)) {
    const constant = name
        .replace('TypeMismatch', 'Type_Mismatch')
        .replace(/URLMismatch/, 'URL_Mismatch')
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toUpperCase()
        .replace(/_ERROR$/, '_ERR');
    Object.defineProperty(DOMException, constant, { value: code, enumerable: true });
    Object.defineProperty(DOMException.prototype, constant, { value: code, enumerable: true });
}

/** Gives an object a property that a listing does not show. */
function hide(object, name, value) {
    Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
}

/** A stack begins with the name that the error has in the end. */
function fixStack(error, head) {
    const { stack } = error;
    if (typeof stack !== 'string') return;
    const fixed = stack.replace(/^(?:Error|TypeError|RangeError)(?=[:\n]|$)/, head);
    if (fixed !== stack) hide(error, 'stack', fixed);
}

/**
 * An error of Node's own checks.
 * @param {ErrorConstructor} Base - its class
 * @param {string} code - such as `ERR_INVALID_ARG_TYPE`
 * @param {string} message
 * @returns {Error}
 */
export function nodeError(Base, code, message) {
    const error = new Base(message);
    fixStack(error, `${error.name} [${code}]`);
    hide(error, 'toString', function toString() {
        return `${this.name} [${code}]: ${this.message}`;
    });
    error.code = code;
    return error;
}

/** A text as `util.inspect` shows it, shortened as Node does in its messages. */
function quoted(text) {
    const short = text.length > 28 ? `${text.slice(0, 25)}...` : text;
    return `'${short.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n')}'`;
}

/**
 * What a value is, as Node's messages end: `Received type number (3)`.
 * @param {unknown} value
 * @returns {string}
 */
export function received(value) {
    if (value === undefined || value === null) return `Received ${value}`;
    if (typeof value === 'function') return `Received function ${value.name}`;
    if (typeof value === 'object') {
        const name = value.constructor?.name;
        return name ? `Received an instance of ${name}` : 'Received [Object: null prototype] {}';
    }
    const shown = typeof value === 'string' ? quoted(value) : typeof value === 'bigint' ? `${value}n` : String(value);
    return `Received type ${typeof value} (${shown})`;
}

/**
 * The error for an argument of a wrong type.
 * @param {string} name - the argument's
 * @param {string} wanted - such as `of type function`
 * @param {unknown} value - what was given
 * @returns {Error}
 */
export function badArgument(name, wanted, value) {
    const kind = /[.[]/.test(name) && !/^signals/.test(name) ? 'property' : 'argument';
    return nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" ${kind} must be ${wanted}. ${received(value)}`);
}

/**
 * The error for arguments left out.
 * @param {...string} names - theirs
 * @returns {Error}
 */
export function missingArguments(...names) {
    const list = names.map((name) => `"${name}"`).join(' and ');
    const text = `The ${list} argument${names.length > 1 ? 's' : ''} must be specified`;
    return nodeError(TypeError, 'ERR_MISSING_ARGS', text);
}

/** The error of a constructor that only we may call. */
export function illegalConstructor() {
    return nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
}

/** The symbol under which an object tells `util.inspect` how it looks. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Shows an object as Node shows a class instance with these fields.
 * @param {string} name - of the class
 * @param {object} fields
 * @param {number} depth
 * @param {object} options - of `util.inspect`
 * @param {Function} inspect - `util.inspect`
 * @returns {string}
 */
export function show(name, fields, depth, options, inspect) {
    if (depth !== null && depth < 0) return `[${name}]`;
    if (typeof inspect !== 'function') return name;
    const inner = { ...options, depth: options?.depth == null ? null : options.depth - 1 };
    return `${name} ${inspect(fields, inner)}`;
}

/**
 * The same, for a class that shows itself whole however deep it stands.
 * @param {string} name - of the class
 * @param {object} fields
 * @param {object} options - of `util.inspect`
 * @param {Function} inspect - `util.inspect`
 * @returns {string}
 */
export function showWhole(name, fields, options, inspect) {
    return typeof inspect === 'function' ? `${name} ${inspect(fields, options)}` : name;
}
