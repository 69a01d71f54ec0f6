/** `Response`. */

import { contentOf, withBody } from './body.js';
import { INSPECT, showWhole } from './errors.js';
import { copy as copyHeaders, fix, Headers } from './headers.js';
import { URL } from './url.js';

const BODILESS = new Set([101, 103, 204, 205, 304]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What `fetch` gives. */
export class Response {
    #type = 'default';
    #url = '';
    #redirected = false;
    #status = 200;
    #statusText = '';
    #headers;
    #content = null;

    constructor(body = null, init = {}) {
        const given = init ?? {};
        if (given.status !== undefined) {
            const status = Math.trunc(Number(given.status)) || 0;
            if (status < 200 || status > 599) {
                throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
            }
            this.#status = status;
        }
        if (given.statusText !== undefined) {
            const text = `${given.statusText}`;
            if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(text)) throw new TypeError('Invalid statusText');
            this.#statusText = text;
        }
        this.#headers = new Headers(given.headers ?? undefined);
        if (body === null || body === undefined) return;
        const { content, type } = contentOf(body);
        if (BODILESS.has(this.#status)) {
            throw new TypeError(`Response constructor: Invalid response status code ${this.#status}`);
        }
        this.#content = content;
        if (type && !this.#headers.has('content-type')) this.#headers.append('content-type', type);
    }

    static error() {
        const response = new Response();
        response.#type = 'error';
        response.#status = 0;
        fix(response.#headers);
        return response;
    }

    static json(data, init = {}) {
        if (arguments.length === 0) throw new TypeError('Response.json: 1 argument required, but 0 found.');
        const text = JSON.stringify(data);
        if (text === undefined) throw new TypeError('Value is not JSON serializable');
        const headers = new Headers(init?.headers ?? undefined);
        if (!headers.has('content-type')) headers.append('content-type', 'application/json');
        return new Response(text, { ...init, headers });
    }

    static redirect(url, status = 302) {
        if (arguments.length === 0) throw new TypeError('Response.redirect: 1 argument required, but 0 found.');
        let href;
        try {
            ({ href } = new URL(`${url}`));
        } catch (cause) {
            throw new TypeError(`Failed to parse URL from ${url}`, { cause });
        }
        if (!REDIRECTS.has(status)) throw new RangeError(`Invalid status code ${status}`);
        const response = new Response(null, { status, headers: { location: href } });
        fix(response.#headers);
        return response;
    }

    get type() {
        return this.#type;
    }

    get url() {
        return this.#url;
    }

    get redirected() {
        return this.#redirected;
    }

    get status() {
        return this.#status;
    }

    get ok() {
        return this.#status >= 200 && this.#status <= 299;
    }

    get statusText() {
        return this.#statusText;
    }

    get headers() {
        return this.#headers;
    }

    clone() {
        if (this.#content?.spent) throw new TypeError('Response.clone: Body has already been consumed.');
        const copy = new Response();
        copy.#type = this.#type;
        copy.#url = this.#url;
        copy.#redirected = this.#redirected;
        copy.#status = this.#status;
        copy.#statusText = this.#statusText;
        copy.#headers = copyHeaders(this.#headers);
        copy.#content = this.#content?.fork() ?? null;
        return copy;
    }

    [INSPECT](depth, options, inspect) {
        const { status, statusText, headers, bodyUsed, ok, redirected, type, url } = this;
        const stream = { locked: Boolean(this.#content?.stream?.locked), state: 'readable', supportsBYOB: true };
        const body = this.#content && {
            [INSPECT]: (_, inner, show) => showWhole('ReadableStream', stream, inner, show),
        };
        const fields = { status, statusText, headers, body, bodyUsed, ok, redirected, type, url };
        return showWhole('Response', fields, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'Response';
    }

    /** For this folder only. */
    static content(response) {
        return response.#content;
    }

    /** An answer of the host's. For this folder only. */
    static answered({ status, statusText, url, redirected, headers, content }) {
        const response = new Response();
        response.#type = 'basic';
        response.#status = status;
        response.#statusText = statusText;
        response.#url = url;
        response.#redirected = redirected;
        response.#headers = headers;
        response.#content = BODILESS.has(status) ? null : content;
        return response;
    }
}

/** Makes the response of an answer of the host's; for this folder only. */
export const respond = Response.answered;
delete Response.answered;
const { content } = Response;
delete Response.content;
withBody(Response, content);
