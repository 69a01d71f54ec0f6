/** Headers as `http` keeps them: checked, under the names given. */

import { nodeError } from './errors.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const BAD_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** Of which an answer keeps the first only. */
const SINGLE = new Set(
    (
        'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since ' +
        'last-modified location max-forwards proxy-authorization referer retry-after server user-agent'
    ).split(' '),
);

/** `http.validateHeaderName` */
export function validateHeaderName(name, label = 'Header name') {
    if (typeof name !== 'string' || !TOKEN.test(name)) {
        throw nodeError(TypeError, 'ERR_INVALID_HTTP_TOKEN', `${label} must be a valid HTTP token ["${name}"]`);
    }
}

/** `http.validateHeaderValue` */
export function validateHeaderValue(name, value) {
    if (value === undefined) {
        throw nodeError(TypeError, 'ERR_HTTP_INVALID_HEADER_VALUE', `Invalid value "${value}" for header "${name}"`);
    }
    if (BAD_VALUE.test(`${value}`)) {
        throw nodeError(TypeError, 'ERR_INVALID_CHAR', `Invalid character in header content ["${name}"]`);
    }
}

/**
 * Headers of an answer, as `message.headers` has them.
 * @param {[string, string][]} list
 * @returns {Record<string, string | string[]>}
 */
export function headersOf(list) {
    const headers = {};
    for (const [given, value] of list) {
        const name = given.toLowerCase();
        if (name === 'set-cookie') (headers[name] ??= []).push(value);
        else if (headers[name] === undefined) headers[name] = value;
        else if (!SINGLE.has(name)) headers[name] += (name === 'cookie' ? '; ' : ', ') + value;
    }
    return headers;
}

/**
 * Headers of an answer, as `message.headersDistinct` has them.
 * @param {[string, string][]} list
 * @returns {Record<string, string[]>}
 */
export function distinctHeadersOf(list) {
    const headers = Object.create(null);
    for (const [name, value] of list) (headers[name.toLowerCase()] ??= []).push(value);
    return headers;
}

/**
 * What `headers` of a request's options holds, as pairs.
 * @param {object | string[] | undefined} headers
 * @returns {[string, unknown][]}
 */
export function headerPairs(headers) {
    if (!headers) return [];
    if (!Array.isArray(headers)) return Object.entries(headers);
    if (Array.isArray(headers[0])) return headers;
    const pairs = [];
    for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at], headers[at + 1]]);
    return pairs;
}
