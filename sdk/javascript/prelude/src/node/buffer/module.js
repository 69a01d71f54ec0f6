/** The module `buffer`. */
import { ERR_INVALID_ARG_TYPE, ERR_UNKNOWN_ENCODING } from '../errors.js';
import { encode, encodingOf, utf8Decode } from './encoding.js';
import { Buffer, asBuffer, kMaxLength, kStringMaxLength, shown } from './index.js';

/** The class of old; a Buffer whose memory is not of the pool. */
function SlowBuffer(length) {
    return Buffer.alloc(length);
}
Object.setPrototypeOf(SlowBuffer.prototype, Uint8Array.prototype);
Object.setPrototypeOf(SlowBuffer, Uint8Array);

function transcode(source, from, to) {
    if (!(source instanceof Uint8Array)) throw ERR_INVALID_ARG_TYPE('source', ['Buffer', 'Uint8Array'], source);
    if (source.length === 0) return Buffer.alloc(0);
    const [reader, writer] = [encodingOf(from), encodingOf(to)];
    if (reader === undefined || writer === undefined) throw ERR_UNKNOWN_ENCODING(reader ? to : from);
    const text = reader.read(source);
    // What the narrower encoding has no sign for is a question mark.
    const most = { ascii: 0x7f, latin1: 0xff }[writer.name];
    const fitting = most === undefined ? text : Array.from(text, (c) => (c.codePointAt(0) > most ? '?' : c)).join('');
    return asBuffer(encode(fitting, writer));
}

function bytesOf(input) {
    if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    if (input instanceof ArrayBuffer) return new Uint8Array(input);
    throw ERR_INVALID_ARG_TYPE('input', ['ArrayBuffer', 'Buffer', 'TypedArray'], input);
}

const module = {
    Buffer,
    SlowBuffer,
    transcode,
    isUtf8: (input) => {
        const bytes = bytesOf(input);
        return Buffer.compare(encode(utf8Decode(bytes), encodingOf('utf8')), bytes) === 0;
    },
    isAscii: (input) => bytesOf(input).every((byte) => byte < 0x80),
    kMaxLength,
    kStringMaxLength,
    constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength },
    resolveObjectURL: () => undefined,
};
Object.defineProperty(module, 'INSPECT_MAX_BYTES', {
    enumerable: true, configurable: true, get: () => shown.bytes, set(value) { shown.bytes = value; },
});
for (const name of ['btoa', 'atob', 'Blob', 'File']) {
    Object.defineProperty(module, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}

export default module;
