/** The host call `http.fetch`, for `fetch` and for `http`. */

import { start } from '../host_calls.js';
import { host, loading } from './host.js';
import { fromUtf8 } from './text.js';

/** What the host alone sets: it steers the connection. Who sets it means what the host does anyway. */
const OURS = new Set([
    'connection',
    'content-length',
    'expect',
    'host',
    'http2-settings',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
]);
const isOurs = (name) => OURS.has(name) || name.startsWith('proxy-');
/** As long as Node waits for the headers of an answer; the run's own limit is shorter. */
const TIMEOUT_MS = 300_000;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function bodyOf(bytes, text) {
    if (text !== undefined) return { text: text.toWellFormed() };
    return host.text.isUtf8(bytes) ? { text: fromUtf8(bytes) } : { base64: host.text.toBase64(bytes) };
}

/**
 * Sends a request.
 * @param {object} request
 * @param {string} request.method
 * @param {string} request.url
 * @param {[string, string][]} request.headers - the host's own are left out
 * @param {string} [request.text] - its body
 * @param {Uint8Array} [request.bytes] - its body
 * @param {"follow" | "manual" | "error"} request.redirect
 * @returns {Promise<object>} the host's answer, `error` in it when there is none
 */
export async function send({ method, url, headers, text, bytes, redirect }) {
    if (loading()) {
        const message = 'Requests cannot be sent while the action is being loaded: send them in the handler';
        return { error: { code: 'bad_call', message } };
    }
    const upper = method.toUpperCase();
    if (!METHODS.has(upper)) {
        return { error: { code: 'bad_call', message: `The method ${method} is not supported` } };
    }
    const call = {
        type: 'http.fetch',
        method: upper,
        url,
        headers: headers.filter(([name]) => !isOurs(name.toLowerCase())),
        redirect,
        timeout_ms: TIMEOUT_MS,
    };
    if (text !== undefined || bytes !== undefined) call.body = bodyOf(bytes, text);
    try {
        return await start(call);
    } catch (error) {
        return { error: { code: 'bad_call', message: `${error?.message ?? error}` } };
    }
}

/**
 * The bytes of the body of an answer.
 * @param {{text: string} | {base64: string}} body
 * @returns {Uint8Array}
 */
export function answerBytes(body) {
    return body?.base64 === undefined ? host.text.encode(body?.text ?? '') : host.text.fromBase64(body.base64);
}
