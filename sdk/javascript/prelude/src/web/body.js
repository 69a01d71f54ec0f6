/**
 * Bodies of requests and answers. A text stays a text until somebody wants bytes, so that `json()` of an answer costs
 * no more than the parsing.
 */

import { Blob, blobBytes } from './blob.js';
import { DOMException } from './errors.js';
import { decodeForm, encodeForm, FormData } from './form_data.js';
import { ReadableStream } from './streams.js';
import { bytesOf, concatenate, fromUtf8, utf8 } from './text.js';
import { URLSearchParams } from './url_search_params.js';

/** A body: what it is made of, and whether it was read. */
export class Content {
    /** @type {string | undefined} */
    text;
    /** @type {Uint8Array | undefined} */
    bytes;
    /** @type {ReadableStream | undefined} A stream of the caller's, or ours once somebody asked for it. */
    stream;
    used = false;
    /** @type {AbortSignal | undefined} */
    signal;

    constructor(parts) {
        Object.assign(this, parts);
    }

    /** Whether it cannot be read any more. */
    get spent() {
        return this.used || Boolean(this.stream?.locked);
    }

    /** All of it. */
    async read() {
        this.used = true;
        if (this.bytes !== undefined) return this.bytes;
        if (this.text !== undefined) return utf8(this.text);
        return collect(this.stream);
    }

    /** All of it, as text. */
    async readText() {
        if (this.text === undefined) return fromUtf8(await this.read()).replace(/^\ufeff/, '');
        this.used = true;
        return this.text.replace(/^\ufeff/, '');
    }

    /** A stream of it. */
    open() {
        this.stream ??= new ReadableStream({
            type: 'bytes',
            pull: async (controller) => {
                const bytes = await this.read();
                if (bytes.length > 0) controller.enqueue(bytes.slice());
                controller.close();
                controller.byobRequest?.respond(0);
            },
            cancel: () => {
                this.used = true;
            },
        });
        return this.stream;
    }

    /** Another body like it. */
    fork() {
        if (this.bytes !== undefined || this.text !== undefined) {
            return new Content({ text: this.text, bytes: this.bytes, signal: this.signal });
        }
        const [mine, other] = this.stream.tee();
        this.stream = mine;
        return new Content({ stream: other, signal: this.signal });
    }
}

async function collect(stream) {
    const reader = stream.getReader();
    const pieces = [];
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return concatenate(pieces.length === 0 ? [new Uint8Array()] : pieces);
        const bytes = bytesOf(value);
        if (!bytes) throw new TypeError('Received non-Uint8Array chunk');
        pieces.push(bytes);
    }
}

function fromIterable(iterable) {
    const iterator = iterable[Symbol.asyncIterator]();
    return new ReadableStream({
        async pull(controller) {
            const { done, value } = await iterator.next();
            if (done) controller.close();
            else controller.enqueue(typeof value === 'string' ? utf8(value) : value);
        },
        cancel: () => iterator.return?.(),
    });
}

/**
 * What a caller gave as a body.
 * @param {unknown} source
 * @returns {{content: Content, type: string | undefined, streams: boolean}}
 */
export function contentOf(source) {
    const done = (parts, type, streams = false) => ({ content: new Content(parts), type, streams });
    if (typeof source === 'object' || typeof source === 'function') {
        if (source instanceof ReadableStream) {
            if (source.locked) throw new TypeError('Response body object should not be disturbed or locked');
            return done({ stream: source }, undefined, true);
        }
        if (source instanceof URLSearchParams) {
            return done({ text: source.toString() }, 'application/x-www-form-urlencoded;charset=UTF-8');
        }
        if (source instanceof FormData) {
            const { bytes, type } = encodeForm(source);
            return done({ bytes }, type);
        }
        if (source instanceof Blob) return done({ bytes: blobBytes(source) }, source.type || undefined);
        const bytes = bytesOf(source);
        if (bytes) return done({ bytes: bytes.slice() }, undefined);
        if (typeof source[Symbol.asyncIterator] === 'function')
            return done({ stream: fromIterable(source) }, undefined, true);
    }
    return done({ text: `${source}`.toWellFormed() }, 'text/plain;charset=UTF-8');
}

function parseForm(type, bytes) {
    const essence = type?.split(';')[0].trim().toLowerCase();
    if (essence === 'application/x-www-form-urlencoded') {
        const form = new FormData();
        for (const [name, value] of new URLSearchParams(fromUtf8(bytes))) form.append(name, value);
        return form;
    }
    if (essence === 'multipart/form-data') {
        const boundary = /;\s*boundary=(?:"([^"]*)"|([^;]*))/i.exec(type);
        const form = boundary && decodeForm(bytes, boundary[1] ?? boundary[2].trim());
        if (!form) throw new TypeError('Failed to parse body as FormData.');
        return form;
    }
    throw new TypeError('Content-Type was not one of "multipart/form-data" or "application/x-www-form-urlencoded".');
}

/** The content of an object with a body, about to be read. */
function take(content) {
    if (content?.spent) throw new TypeError('Body is unusable: Body has already been read');
    if (content?.signal?.aborted) throw new DOMException('The operation was aborted.', 'AbortError');
    return content;
}

/**
 * Gives a class the properties of what has a body.
 * @param {Function} Class
 * @param {(object: object) => Content | null} contentIn - where an object of the class keeps it
 */
export function withBody(Class, contentIn) {
    const methods = {
        async arrayBuffer() {
            const bytes = (await take(contentIn(this))?.read()) ?? new Uint8Array();
            return bytes.slice().buffer;
        },
        async bytes() {
            return ((await take(contentIn(this))?.read()) ?? new Uint8Array()).slice();
        },
        async blob() {
            const bytes = (await take(contentIn(this))?.read()) ?? new Uint8Array();
            return new Blob([bytes], { type: this.headers.get('content-type') ?? '' });
        },
        async formData() {
            const content = take(contentIn(this));
            return parseForm(this.headers.get('content-type'), (await content?.read()) ?? new Uint8Array());
        },
        async json() {
            return JSON.parse((await take(contentIn(this))?.readText()) ?? '');
        },
        async text() {
            return (await take(contentIn(this))?.readText()) ?? '';
        },
    };
    for (const [name, value] of Object.entries(methods)) {
        Object.defineProperty(Class.prototype, name, { value, writable: true, configurable: true, enumerable: true });
    }
    const getter = (name, get) =>
        Object.defineProperty(Class.prototype, name, { get, configurable: true, enumerable: true });
    getter('body', function body() {
        return contentIn(this)?.open() ?? null;
    });
    getter('bodyUsed', function bodyUsed() {
        return Boolean(contentIn(this)?.used);
    });
}
