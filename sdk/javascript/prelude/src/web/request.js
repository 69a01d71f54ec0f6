/** `Request`. */

import { AbortController, AbortSignal } from './abort.js';
import { Content, contentOf, withBody } from './body.js';
import { INSPECT, showWhole } from './errors.js';
import { Headers } from './headers.js';
import { URL } from './url.js';

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN = new Set(['CONNECT', 'TRACE', 'TRACK']);
const NORMALIZED = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
const CHOICES = {
    mode: ['navigate', 'same-origin', 'no-cors', 'cors'],
    credentials: ['omit', 'same-origin', 'include'],
    cache: ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'],
    redirect: ['follow', 'manual', 'error'],
    referrerPolicy: [
        '',
        'no-referrer',
        'no-referrer-when-downgrade',
        'origin',
        'origin-when-cross-origin',
        'unsafe-url',
        'same-origin',
        'strict-origin',
        'strict-origin-when-cross-origin',
    ],
    duplex: ['half'],
};
const DEFAULTS = {
    mode: 'cors',
    credentials: 'same-origin',
    cache: 'default',
    redirect: 'follow',
    referrerPolicy: '',
    integrity: '',
    keepalive: false,
};

function checkInit(init) {
    if (init === undefined || init === null) return {};
    if (typeof init !== 'object' && typeof init !== 'function') {
        throw new TypeError(`Request constructor: Expected ${init} to be one of: Null, Undefined, Object.`);
    }
    return init;
}

function checkMethod(given) {
    const method = `${given}`;
    const upper = method.toUpperCase();
    if (!METHOD.test(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`);
    if (FORBIDDEN.has(upper)) throw new TypeError(`'${method}' HTTP method is unsupported.`);
    return NORMALIZED.has(upper) ? upper : method;
}

function parseUrl(input) {
    let url;
    try {
        url = new URL(input);
    } catch (cause) {
        throw new TypeError(`Failed to parse URL from ${input}`, { cause });
    }
    if (url.username || url.password) {
        throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${input}`);
    }
    return url;
}

function choose(init, from) {
    const chosen = {};
    for (const name of Object.keys(DEFAULTS)) {
        let value = init[name];
        if (value === undefined) {
            chosen[name] = from?.[name] ?? DEFAULTS[name];
            continue;
        }
        if (typeof DEFAULTS[name] === 'boolean') value = Boolean(value);
        else value = `${value}`;
        const choices = CHOICES[name];
        if (choices && !choices.includes(value)) {
            const list = choices.join(', ');
            throw new TypeError(`Request constructor: ${value} is not an accepted type. Expected one of ${list}.`);
        }
        chosen[name] = value;
    }
    return chosen;
}

/** What `fetch` sends. */
export class Request {
    #url;
    #method;
    #headers;
    #content = null;
    /** What the signal follows; it is made when somebody asks for it. */
    #source;
    #signal;
    #chosen;

    constructor(input, init = {}) {
        if (arguments.length === 0) {
            throw new TypeError('Request constructor: 1 argument required, but 0 found.');
        }
        const given = checkInit(init);
        const from = input instanceof Request ? input : undefined;
        this.#chosen = choose(given, from?.#chosen);
        this.#url = from ? from.#url : parseUrl(`${input}`);
        this.#method = given.method === undefined ? (from?.#method ?? 'GET') : checkMethod(given.method);
        this.#source = Request.#check(given.signal === undefined ? (from?.#signal ?? from?.#source) : given.signal);
        this.#headers = new Headers(given.headers ?? from?.#headers);
        this.#content = this.#body(given, from);
    }

    /** The signal as it was given, or one that follows a signal of a package's own. */
    static #check(signal) {
        if (signal === undefined || signal === null) return undefined;
        if (signal instanceof AbortSignal) return signal;
        if (typeof signal.addEventListener !== 'function') {
            throw new TypeError("Failed to construct 'Request': member signal is not of type AbortSignal.");
        }
        const controller = new AbortController();
        if (signal.aborted) controller.abort(signal.reason);
        else signal.addEventListener('abort', () => controller.abort(signal.reason));
        return controller.signal;
    }

    #body(given, from) {
        const gives = given.body !== undefined && given.body !== null;
        if ((gives || from?.#content) && (this.#method === 'GET' || this.#method === 'HEAD')) {
            throw new TypeError('Request with GET/HEAD method cannot have body.');
        }
        if (!gives) {
            if (!from?.#content) return null;
            if (from.#content.spent) {
                throw new TypeError('Cannot construct a Request with a Request object that has already been used.');
            }
            const moved = new Content(from.#content);
            from.#content.used = true;
            return moved;
        }
        const { content, type, streams } = contentOf(given.body);
        if (streams && given.duplex === undefined) {
            throw new TypeError('RequestInit: duplex option is required when sending a body.');
        }
        if (type && !this.#headers.has('content-type')) this.#headers.append('content-type', type);
        return content;
    }

    get method() {
        return this.#method;
    }

    get url() {
        return this.#url.href;
    }

    get headers() {
        return this.#headers;
    }

    get destination() {
        return '';
    }

    get referrer() {
        return 'about:client';
    }

    get referrerPolicy() {
        return this.#chosen.referrerPolicy;
    }

    get mode() {
        return this.#chosen.mode;
    }

    get credentials() {
        return this.#chosen.credentials;
    }

    get cache() {
        return this.#chosen.cache;
    }

    get redirect() {
        return this.#chosen.redirect;
    }

    get integrity() {
        return this.#chosen.integrity;
    }

    get keepalive() {
        return this.#chosen.keepalive;
    }

    get isReloadNavigation() {
        return false;
    }

    get isHistoryNavigation() {
        return false;
    }

    get signal() {
        this.#signal ??= this.#source ? AbortSignal.any([this.#source]) : new AbortController().signal;
        return this.#signal;
    }

    get duplex() {
        return 'half';
    }

    clone() {
        if (this.#content?.spent) throw new TypeError('unusable');
        const copy = new Request(this.#url.href, { ...this.#chosen, method: this.#method, headers: this.#headers });
        copy.#content = this.#content?.fork() ?? null;
        copy.#source = this.#source;
        if (this.#signal) copy.#source = this.#signal;
        return copy;
    }

    [INSPECT](depth, options, inspect) {
        const { method, url, headers, redirect, signal } = this;
        return showWhole('Request', { method, url, headers, redirect, signal }, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'Request';
    }

    /** For this folder only. */
    static content(request) {
        return request.#content;
    }

    /** For this folder only. */
    static source(request) {
        return request.#signal ?? request.#source;
    }
}

/** What a request's body is; for this folder only. */
export const requestContent = Request.content;
delete Request.content;
/** The signal that a request follows, if there is one; for this folder only. */
export const requestSignal = Request.source;
delete Request.source;
withBody(Request, requestContent);
