/** `http.IncomingMessage`: an answer. */

import { Buffer } from '../node/buffer/index.js';
import Stream from '../node/stream.js';
import { nodeError } from './errors.js';
import { distinctHeadersOf, headersOf } from './http_headers.js';

/** An answer, as a stream of its body. */
export class IncomingMessage extends Stream.Readable {
    httpVersion = '1.1';
    httpVersionMajor = 1;
    httpVersionMinor = 1;
    complete = false;
    aborted = false;
    url = '';
    method = null;
    statusCode = null;
    statusMessage = null;
    rawHeaders = [];
    rawTrailers = [];
    trailers = {};
    trailersDistinct = {};
    #list = [];
    #headers;
    #body;

    constructor(socket) {
        super();
        this.socket = socket;
        this.client = socket;
    }

    get connection() {
        return this.socket;
    }

    get headers() {
        this.#headers ??= headersOf(this.#list);
        return this.#headers;
    }

    set headers(headers) {
        this.#headers = headers;
    }

    get headersDistinct() {
        return distinctHeadersOf(this.#list);
    }

    setTimeout(delay, callback) {
        if (callback) this.once('timeout', callback);
        return this;
    }

    _read() {
        const body = this.#body;
        this.#body = undefined;
        this.complete = true;
        if (body?.length > 0) this.push(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
        this.push(null);
    }

    _destroy(error, done) {
        let given = error;
        if (!this.readableEnded && !this.complete) {
            this.aborted = true;
            this.emit('aborted');
            if (!given && this.listenerCount('error') > 0) given = nodeError(Error, 'ECONNRESET', 'aborted');
        }
        queueMicrotask(() => done(given));
    }

    /** Makes the message of an answer of the host's. For this folder only. */
    static answered(socket, request, answer, bytes) {
        const message = new IncomingMessage(socket);
        message.req = request;
        message.statusCode = answer.status;
        message.statusMessage = answer.status_text ?? '';
        message.#list = answer.headers ?? [];
        message.rawHeaders = message.#list.flat();
        message.#body = bytes;
        return message;
    }
}

/** For this folder only. */
export const messageOf = IncomingMessage.answered;
delete IncomingMessage.answered;
