/** Node's `stream`: Node's own code, as readable-stream gives it out. */
import { Buffer } from './buffer/index.js';
import Stream from 'readable-stream/lib/stream.js';

const { Readable, Writable } = Stream;

/** Web streams and back come from the web's part, where that has streams. */
function fromWeb(Class, take) {
    return function convert(source, options) {
        const node = new Class({ ...options, ...take(source) });
        return node;
    };
}

Readable.fromWeb = fromWeb(Readable, (source) => {
    const reader = source.getReader();
    return {
        read() {
            reader.read().then(
                ({ value, done }) => this.push(done ? null : value),
                (error) => this.destroy(error),
            );
        },
        destroy(error, done) {
            Promise.resolve(reader.cancel(error)).then(() => done(error), () => done(error));
        },
    };
});

Readable.toWeb = function toWeb(source) {
    return new globalThis.ReadableStream({
        start(controller) {
            source.on('data', (chunk) => controller.enqueue(typeof chunk === 'string' ? chunk : new Uint8Array(chunk)));
            source.on('end', () => controller.close());
            source.on('error', (error) => controller.error(error));
        },
        cancel(reason) { source.destroy(reason); },
    });
};

Writable.fromWeb = fromWeb(Writable, (target) => {
    const writer = target.getWriter();
    return {
        write(chunk, encoding, done) { writer.write(chunk).then(() => done(), done); },
        final(done) { writer.close().then(() => done(), done); },
    };
});

let defaultHighWaterMark = 16 * 1024;
let defaultObjectHighWaterMark = 16;
Stream.getDefaultHighWaterMark ??= (objectMode) => (objectMode ? defaultObjectHighWaterMark : defaultHighWaterMark);
Stream.setDefaultHighWaterMark ??= (objectMode, value) => {
    if (objectMode) defaultObjectHighWaterMark = value;
    else defaultHighWaterMark = value;
};

/** `stream/consumers`: a whole stream at once. */
async function chunksOf(stream) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
    return Buffer.concat(chunks);
}

export const consumers = {
    arrayBuffer: async (stream) => {
        const bytes = await chunksOf(stream);
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    },
    blob: async (stream) => new globalThis.Blob([await chunksOf(stream)]),
    buffer: chunksOf,
    json: async (stream) => JSON.parse((await chunksOf(stream)).toString()),
    text: async (stream) => (await chunksOf(stream)).toString(),
};

/** `stream/web`: whatever the web's part has. */
export const web = {};
for (const name of [
    'ReadableStream', 'ReadableStreamDefaultReader', 'ReadableStreamBYOBReader', 'WritableStream',
    'WritableStreamDefaultWriter', 'TransformStream', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy',
    'TextEncoderStream', 'TextDecoderStream', 'CompressionStream', 'DecompressionStream',
]) {
    Object.defineProperty(web, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}

export default Stream;
