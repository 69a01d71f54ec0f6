/** Node's `string_decoder`: bytes to text in pieces, no character torn. */
import { Buffer } from './buffer/index.js';
import { encodingOf } from './buffer/encoding.js';
import { ERR_INVALID_ARG_TYPE, ERR_UNKNOWN_ENCODING } from './errors.js';

const NAMES = { utf8: 'utf8', utf16le: 'utf16le', latin1: 'latin1', ascii: 'ascii', base64: 'base64', base64url: 'base64url', hex: 'hex' };

/** How many bytes a UTF-8 sequence that begins with `byte` has; 0 where none begins. */
function sequence(byte) {
    if (byte >= 0xc2 && byte <= 0xdf) return 2;
    if (byte >= 0xe0 && byte <= 0xef) return 3;
    if (byte >= 0xf0 && byte <= 0xf4) return 4;
    return 0;
}

/** How many bytes at the end belong to a UTF-8 character that is not yet whole. */
function openUtf8(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
        const byte = bytes[bytes.length - back];
        if ((byte & 0xc0) === 0x80) continue;
        return sequence(byte) > back && !broken(bytes, bytes.length - back) ? back : 0;
    }
    return 0;
}

/** Whether what follows a lead byte can no longer become a character. */
function broken(bytes, at) {
    if (at + 1 >= bytes.length) return false;
    const [lead, next] = [bytes[at], bytes[at + 1]];
    return (lead === 0xe0 && next < 0xa0) || (lead === 0xed && next > 0x9f)
        || (lead === 0xf0 && next < 0x90) || (lead === 0xf4 && next > 0x8f);
}

function openUtf16(bytes) {
    // As in Node a high surrogate is held back only where the bytes end with it.
    if (bytes.length % 2 === 1) return 1;
    return bytes.length > 0 && (bytes[bytes.length - 1] & 0xfc) === 0xd8 ? 2 : 0;
}

const OPEN = {
    utf8: openUtf8,
    utf16le: openUtf16,
    base64: (bytes) => bytes.length % 3,
    base64url: (bytes) => bytes.length % 3,
};

/** See Node's documentation. */
export function StringDecoder(encoding) {
    const known = encodingOf(encoding || 'utf8');
    if (known === undefined || (encoding && typeof encoding !== 'string')) throw ERR_UNKNOWN_ENCODING(encoding);
    this.encoding = NAMES[known.name];
    Object.defineProperty(this, 'held', { value: Buffer.alloc(0), writable: true, enumerable: false });
}

StringDecoder.prototype.write = function write(chunk) {
    if (typeof chunk === 'string') return chunk;
    if (!ArrayBuffer.isView(chunk)) throw ERR_INVALID_ARG_TYPE('buf', ['Buffer', 'TypedArray', 'DataView'], chunk);
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.held.length > 0) bytes = Buffer.concat([this.held, bytes]);
    const open = OPEN[this.encoding]?.(bytes) ?? 0;
    this.held = Buffer.from(bytes.subarray(bytes.length - open));
    return bytes.toString(this.encoding, 0, bytes.length - open);
};

StringDecoder.prototype.end = function end(chunk) {
    const text = chunk === undefined ? '' : this.write(chunk);
    const rest = this.held.toString(this.encoding);
    this.held = Buffer.alloc(0);
    return text + rest;
};

StringDecoder.prototype.text = function text(chunk, offset) {
    this.held = Buffer.alloc(0);
    return this.write(chunk.subarray(offset));
};

for (const [name, read] of [
    ['lastNeed', (decoder) => Math.max(0, (sequence(decoder.held[0]) || 0) - decoder.held.length)],
    ['lastTotal', (decoder) => sequence(decoder.held[0])],
    ['lastChar', (decoder) => decoder.held],
]) {
    Object.defineProperty(StringDecoder.prototype, name, {
        configurable: true, enumerable: true, get() { return read(this); },
    });
}

export default { StringDecoder };
