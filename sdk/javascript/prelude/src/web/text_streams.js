/** `TextEncoderStream` and `TextDecoderStream`. */

import { TransformStream } from './streams.js';
import { TextDecoder, utf8 } from './text.js';

/** Texts in, UTF-8 out. */
export class TextEncoderStream {
    #transform = new TransformStream({
        transform(chunk, controller) {
            const bytes = utf8(`${chunk}`);
            if (bytes.length > 0) controller.enqueue(bytes);
        },
    });

    get encoding() {
        return 'utf-8';
    }

    get readable() {
        return this.#transform.readable;
    }

    get writable() {
        return this.#transform.writable;
    }
}

/** Bytes in, texts out. */
export class TextDecoderStream {
    #decoder;
    #transform;

    constructor(label = 'utf-8', options = {}) {
        const decoder = new TextDecoder(label, options);
        this.#decoder = decoder;
        this.#transform = new TransformStream({
            transform(chunk, controller) {
                const text = decoder.decode(chunk, { stream: true });
                if (text !== '') controller.enqueue(text);
            },
            flush(controller) {
                const text = decoder.decode();
                if (text !== '') controller.enqueue(text);
            },
        });
    }

    get encoding() {
        return this.#decoder.encoding;
    }

    get fatal() {
        return this.#decoder.fatal;
    }

    get ignoreBOM() {
        return this.#decoder.ignoreBOM;
    }

    get readable() {
        return this.#transform.readable;
    }

    get writable() {
        return this.#transform.writable;
    }
}
