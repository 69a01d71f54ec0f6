/** Node's `querystring`: Node's own code, taken over by unenv. */
import querystring from 'unenv/node/querystring';
import { withCode } from './errors.js';

/** unenv leaves the code out of the error's text. */
function stringify(...args) {
    return guarded(querystring.stringify, args);
}

function escape(...args) {
    return guarded(querystring.escape, args);
}

function guarded(fn, args) {
    try {
        return Reflect.apply(fn, querystring, args);
    } catch (error) {
        throw error.code === 'ERR_INVALID_URI' ? withCode(new URIError('URI malformed'), error.code) : error;
    }
}

const { unescapeBuffer, unescape, parse } = querystring;
const module = { unescapeBuffer, unescape, escape, stringify, encode: stringify, parse, decode: parse };
export default module;
