/** `http.ClientRequest`: a request, sent by the host once it is written to its end. */

import { Buffer } from '../node/buffer/index.js';
import Stream from '../node/stream.js';
import { AbortSignal } from './abort.js';
import { badArgument, nodeError } from './errors.js';
import { headerPairs, validateHeaderName, validateHeaderValue } from './http_headers.js';
import { messageOf } from './http_message.js';
import { Agent, SecureAgent, Socket } from './http_socket.js';
import { requestError } from './network_errors.js';
import { answerBytes, send } from './send.js';
import { btoa, bytesOf, concatenate, utf8 } from './text.js';
import { clearTimeout, setTimeout } from './timers.js';
import { URL } from './url.js';

const soon = (work) => queueMicrotask(work);

/** What `http.globalAgent` and `https.globalAgent` are. */
export const agents = { 'http:': new Agent({ keepAlive: true }), 'https:': new SecureAgent({ keepAlive: true }) };

/** The options that a URL stands for. */
function fromUrl(url) {
    const options = {
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        hash: url.hash,
        search: url.search,
        pathname: url.pathname,
        path: `${url.pathname}${url.search}`,
        href: url.href,
    };
    if (url.port !== '') options.port = Number(url.port);
    if (url.username || url.password) {
        options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    }
    return options;
}

/** The arguments of `request`: `(url, options?, callback?)` or `(options, callback?)`. */
function argumentsOf(input, options, callback) {
    let given = input;
    if (typeof given === 'string') given = fromUrl(new URL(given));
    else if (given instanceof URL || (given?.href !== undefined && given?.searchParams !== undefined)) {
        given = fromUrl(given);
    } else return typeof options === 'function' ? [{ ...given }, options] : [{ ...given }, callback];
    if (typeof options === 'function') return [given, options];
    return [{ ...given, ...options }, callback];
}

function check(options, protocol, expected) {
    if (options.path !== undefined && /[^\u0021-\u00ff]/.test(`${options.path}`)) {
        throw nodeError(TypeError, 'ERR_UNESCAPED_CHARACTERS', 'Request path contains unescaped characters');
    }
    if (protocol !== expected) {
        const text = `Protocol "${protocol}" not supported. Expected "${expected}"`;
        throw nodeError(TypeError, 'ERR_INVALID_PROTOCOL', text);
    }
    const { method } = options;
    if (method !== undefined && method !== null && typeof method !== 'string') {
        throw badArgument('options.method', 'of type string', method);
    }
    if (method) validateHeaderName(method, 'Method');
    for (const name of ['hostname', 'host']) {
        const value = options[name];
        if (value !== undefined && value !== null && typeof value !== 'string') {
            throw badArgument(`options.${name}`, 'of type string or one of undefined or null', value);
        }
    }
}

function addressOf(options, protocol) {
    const named = options.hostname || options.host || 'localhost';
    const host = named.includes(':') && !named.startsWith('[') ? `[${named}]` : named;
    const standard = protocol === 'https:' ? 443 : 80;
    const port = options.port || options.defaultPort || standard;
    const path = options.path || '/';
    return `${protocol}//${host}${Number(port) === standard ? '' : `:${port}`}${path}`;
}

/** A request. */
export class ClientRequest extends Stream.Writable {
    aborted = false;
    reusedSocket = false;
    maxHeadersCount = null;
    shouldKeepAlive = true;
    timeoutCb = null;
    res = null;
    #headers = new Map();
    #url;
    #pieces = [];
    #timer;
    #sent = false;
    #over = false;

    constructor(input, options, callback, scheme = 'http:') {
        super({ autoDestroy: false, decodeStrings: false });
        const [given, then] = argumentsOf(input, options, callback);
        const agent = given.agent || given._defaultAgent || agents[scheme];
        const protocol = given.protocol || agent.protocol || scheme;
        check(given, protocol, agent.protocol || scheme);
        this.agent = given.agent === false ? new Agent() : agent;
        this.method = (given.method || 'GET').toUpperCase();
        this.protocol = protocol;
        this.host = given.hostname || given.host || 'localhost';
        this.path = given.path || '/';
        this.#url = addressOf(given, protocol);
        for (const [name, value] of headerPairs(given.headers)) this.appendHeader(name, value);
        if (given.setHost !== false && !this.hasHeader('host')) this.setHeader('Host', new URL(this.#url).host);
        if (given.auth && !this.hasHeader('authorization')) {
            this.setHeader('Authorization', `Basic ${btoa(String.fromCharCode(...utf8(given.auth)))}`);
        }
        this.socket = new Socket(this, protocol === 'https:');
        if (then) this.once('response', then);
        if (given.timeout !== undefined) this.setTimeout(given.timeout);
        this.#follow(given.signal);
        soon(() => {
            if (!this.destroyed) this.emit('socket', this.socket);
            // The request is sent whole; who waits for leave to send its body has it.
            const expect = `${this.getHeader('expect') ?? ''}`.toLowerCase();
            if (!this.destroyed && expect === '100-continue') this.emit('continue');
        });
    }

    #follow(signal) {
        if (signal === undefined || signal === null) return;
        if (!(signal instanceof AbortSignal) && typeof signal.addEventListener !== 'function') {
            throw badArgument('options.signal', 'an instance of AbortSignal', signal);
        }
        const abort = () => {
            const error = nodeError(Error, 'ABORT_ERR', 'The operation was aborted');
            error.name = 'AbortError';
            error.cause = signal.reason;
            this.destroy(error);
        };
        if (signal.aborted) soon(abort);
        else signal.addEventListener('abort', abort, { once: true });
    }

    get connection() {
        return this.socket;
    }

    get headersSent() {
        return this.#sent;
    }

    get finished() {
        return this.writableEnded;
    }

    get _header() {
        return this.#sent ? `${this.method} ${this.path} HTTP/1.1\r\n` : null;
    }

    setHeader(name, value) {
        if (this.#sent)
            throw nodeError(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client');
        validateHeaderName(name);
        validateHeaderValue(name, value);
        this.#headers.set(name.toLowerCase(), [name, value]);
        return this;
    }

    appendHeader(name, value) {
        const old = this.getHeader(`${name}`);
        return this.setHeader(name, old === undefined ? value : [old, value].flat());
    }

    setHeaders(headers) {
        for (const [name, value] of headers) this.setHeader(name, value);
        return this;
    }

    getHeader(name) {
        return this.#headers.get(name.toLowerCase())?.[1];
    }

    getHeaders() {
        const headers = Object.create(null);
        for (const [name, [, value]] of this.#headers) headers[name] = value;
        return headers;
    }

    getHeaderNames() {
        return [...this.#headers.keys()];
    }

    getRawHeaderNames() {
        return [...this.#headers.values()].map(([name]) => name);
    }

    hasHeader(name) {
        return this.#headers.has(name.toLowerCase());
    }

    removeHeader(name) {
        this.#headers.delete(name.toLowerCase());
    }

    flushHeaders() {}

    setNoDelay() {}

    setSocketKeepAlive() {}

    addTrailers() {}

    onSocket() {}

    setTimeout(delay, callback) {
        this.timeout = Number(delay);
        if (callback) this.once('timeout', callback);
        this.waitAtMost(this.timeout, () => this.emit('timeout'));
        return this;
    }

    /** Calls back when there is no answer after so many milliseconds; 0 is for ever. */
    waitAtMost(delay, callback) {
        if (this.#timer) clearTimeout(this.#timer);
        this.#timer = undefined;
        if (!(delay > 0) || this.#over) return;
        this.#timer = setTimeout(callback, delay).unref();
    }

    abort() {
        if (this.aborted) return;
        this.aborted = true;
        soon(() => this.emit('abort'));
        this.destroy();
    }

    _write(chunk, encoding, done) {
        this.#pieces.push(
            typeof chunk === 'string' && !/^utf-?8$/i.test(encoding) ? Buffer.from(chunk, encoding) : chunk,
        );
        done();
    }

    _final(done) {
        done();
        soon(() => this.#send());
    }

    _destroy(error, done) {
        this.waitAtMost(0);
        this.socket.destroyed = true;
        let given = error;
        if (!this.#over && !given) given = nodeError(Error, 'ECONNRESET', 'socket hang up');
        if (given && !error) delete given.toString;
        if (this.res && !this.res.complete) this.res.destroy(error);
        if (this.#over) given = null;
        this.#over = true;
        soon(() => done(given));
    }

    #body() {
        if (this.#pieces.length === 0) return {};
        if (this.#pieces.every((piece) => typeof piece === 'string')) return { text: this.#pieces.join('') };
        return {
            bytes: concatenate(this.#pieces.map((piece) => (typeof piece === 'string' ? utf8(piece) : bytesOf(piece)))),
        };
    }

    #pairs() {
        return [...this.#headers.values()].flatMap(([name, value]) =>
            (Array.isArray(value) ? value : [value]).map((one) => [name, `${one}`]),
        );
    }

    async #send() {
        if (this.destroyed) return;
        this.#sent = true;
        const url = new URL(this.#url);
        const request = {
            method: this.method,
            url: url.href,
            headers: this.#pairs(),
            redirect: 'manual',
            ...this.#body(),
        };
        const answer = await send(request);
        if (this.destroyed) return;
        this.waitAtMost(0);
        if (!answer || answer.error) {
            this.destroy(requestError(answer?.error ?? { code: 'protocol', message: '' }, url));
            return;
        }
        this.#over = true;
        const message = messageOf(this.socket, this, answer, answerBytes(answer.body));
        this.res = message;
        message.once('close', () => {
            this.socket.destroyed = true;
            this.destroy();
            this.socket.emit('close', false);
        });
        if (!this.emit('response', message)) message.resume();
    }
}
