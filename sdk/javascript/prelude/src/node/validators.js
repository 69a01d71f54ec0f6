/** Argument checks with Node's texts. */
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE } from './errors.js';

/** Checks of one `typeof` each. */
export function validateString(value, name) {
    if (typeof value !== 'string') throw ERR_INVALID_ARG_TYPE(name, 'string', value);
}

export function validateFunction(value, name) {
    if (typeof value !== 'function') throw ERR_INVALID_ARG_TYPE(name, 'Function', value);
}

export function validateBoolean(value, name) {
    if (typeof value !== 'boolean') throw ERR_INVALID_ARG_TYPE(name, 'boolean', value);
}

/** A plain object (or anything that is one of its subclasses), as Node's `validateObject`. */
export function validateObject(value, name) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        throw ERR_INVALID_ARG_TYPE(name, 'Object', value);
    }
}

/** A number between `min` and `max`, NaN refused. */
export function validateNumber(value, name, min = undefined, max = undefined) {
    if (typeof value !== 'number') throw ERR_INVALID_ARG_TYPE(name, 'number', value);
    if ((min != null && value < min) || (max != null && value > max)
        || ((min != null || max != null) && Number.isNaN(value))) {
        const low = min != null ? `>= ${min}` : '';
        const high = max != null ? `<= ${max}` : '';
        throw ERR_OUT_OF_RANGE(name, low && high ? `${low} && ${high}` : low || high, value);
    }
}

export function validateInteger(value, name, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
    if (typeof value !== 'number') throw ERR_INVALID_ARG_TYPE(name, 'number', value);
    if (!Number.isInteger(value)) throw ERR_OUT_OF_RANGE(name, 'an integer', value);
    if (value < min || value > max) throw ERR_OUT_OF_RANGE(name, `>= ${min} && <= ${max}`, value);
}

export function validateAbortSignal(value, name) {
    if (value !== undefined && (value === null || typeof value !== 'object' || !('aborted' in value))) {
        throw ERR_INVALID_ARG_TYPE(name, 'AbortSignal', value);
    }
}

export function validateOneOf(value, name, list) {
    if (!list.includes(value)) {
        const allowed = list.map((v) => (typeof v === 'string' ? `'${v}'` : String(v))).join(', ');
        throw ERR_INVALID_ARG_VALUE(name, value, `must be one of: ${allowed}`);
    }
}
