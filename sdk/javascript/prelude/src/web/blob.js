/** `Blob` and `File`. */

import { badArgument, INSPECT, missingArguments, nodeError, received, show } from './errors.js';
import { host } from './host.js';
import { ReadableStream } from './streams.js';
import { bytesOf, concatenate, fromUtf8, utf8 } from './text.js';

/** Bytes with a type. */
export class Blob {
    #bytes;
    #type;

    constructor(sources = [], options = {}) {
        if (sources === null || typeof sources !== 'object' || typeof sources[Symbol.iterator] !== 'function') {
            const text = `The "sources" argument must be a sequence. ${received(sources)}`;
            throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', text);
        }
        if (options != null && typeof options !== 'object' && typeof options !== 'function') {
            throw badArgument('options', 'of type object', options);
        }
        const native = options?.endings === 'native';
        const pieces = Array.from(sources, (source) => {
            if (source instanceof Blob) return source.#bytes;
            const bytes = bytesOf(source);
            if (bytes) return bytes.slice();
            return utf8(native ? `${source}`.replace(/\r\n?/g, '\n') : `${source}`);
        });
        this.#bytes = concatenate(pieces.length === 0 ? [new Uint8Array()] : pieces);
        const type = `${options?.type ?? ''}`;
        this.#type = /[^\u0020-\u007e]/.test(type) ? '' : type.toLowerCase();
    }

    get size() {
        return this.#bytes.length;
    }

    get type() {
        return this.#type;
    }

    slice(start = 0, end = this.size, type = '') {
        const part = new Blob([], { type });
        const [from, to] = [start, end].map((place) => (place < 0 ? Math.max(this.size + place, 0) : place));
        part.#bytes = this.#bytes.slice(from, Math.max(from, to));
        return part;
    }

    async arrayBuffer() {
        return this.#bytes.slice().buffer;
    }

    async bytes() {
        return this.#bytes.slice();
    }

    async text() {
        return fromUtf8(this.#bytes).replace(/^\ufeff/, '');
    }

    stream() {
        const bytes = this.#bytes;
        return new ReadableStream({
            type: 'bytes',
            start(controller) {
                if (bytes.length > 0) controller.enqueue(bytes.slice());
                controller.close();
            },
        });
    }

    [INSPECT](depth, options, inspect) {
        return show('Blob', { size: this.size, type: this.type }, depth, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'Blob';
    }

    /** The bytes, not to be changed. For this folder only. */
    static bytes(blob) {
        return blob.#bytes;
    }
}

/** For this folder only. */
export const { bytes: blobBytes } = Blob;
delete Blob.bytes;

/** A blob with a name. */
export class File extends Blob {
    #name;
    #lastModified;

    constructor(fileBits, fileName, options = {}) {
        if (arguments.length < 2) throw missingArguments('fileBits', 'fileName');
        super(fileBits, options);
        this.#name = `${fileName}`.toWellFormed();
        this.#lastModified =
            options?.lastModified === undefined ? host.now() : Math.trunc(Number(options.lastModified));
    }

    get name() {
        return this.#name;
    }

    get lastModified() {
        return this.#lastModified;
    }

    get webkitRelativePath() {
        return '';
    }

    [INSPECT](depth, options, inspect) {
        const { size, type, name, lastModified } = this;
        return show('File', { size, type, name, lastModified }, depth, options, inspect);
    }

    get [Symbol.toStringTag]() {
        return 'File';
    }
}
