/** What is around a deflated text: the headers and checksums of gzip (RFC 1952) and zlib (RFC 1950). */
import { joined, natives } from '../crypto/backend.js';

/** An error as Node's zlib has them. */
export function zlibError(message, errno, code) {
    return Object.assign(new Error(message), { errno, code });
}

const bad = (message) => zlibError(message, -3, 'Z_DATA_ERROR');
const short = () => zlibError('unexpected end of file', -5, 'Z_BUF_ERROR');

const bytes32 = (number, littleEndian) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, number, littleEndian);
    return bytes;
};

/** `deflate`, `deflateRaw` or `gzip`. */
export function packed(kind, bytes, { level = -1, strategy = 0 }) {
    const used = level === -1 ? 6 : level;
    const raw = natives('zlib').deflate(bytes, used, strategy);
    if (kind === 'deflateRaw') return raw;
    if (kind === 'gzip') {
        const extra = { 9: 2, 1: 4, 0: 4 }[used] ?? 0;
        const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extra, 3);
        return joined([header, raw, bytes32(natives('zlib').crc32(bytes, 0), true), bytes32(bytes.length, true)]);
    }
    const flags = used < 2 ? 0x01 : used < 6 ? 0x5e : used === 6 ? 0x9c : 0xda;
    return joined([Uint8Array.of(0x78, flags), raw, bytes32(natives('zlib').adler32(bytes), false)]);
}

/** Reads raw deflate; `lenient` takes what there is of a text that ends too early. */
function inflated(bytes, { most, lenient }) {
    const { status, read, bytes: out } = natives('zlib').inflate(bytes, most);
    if (status === 'large') throw tooLarge(most);
    if (status === 'bad') throw bad(reason(bytes));
    if (status === 'short' && !lenient) throw short();
    return { out, read, whole: status === 'done' };
}

const tooLarge = (most) =>
    Object.assign(new RangeError(`Cannot create a Buffer larger than ${most} bytes`), { code: 'ERR_BUFFER_TOO_LARGE' });

/** What zlib would say; told from the first block, where most mistakes are. */
function reason(bytes) {
    const type = (bytes[0] >> 1) & 3;
    if (type === 3) return 'invalid block type';
    if (type === 0) return 'invalid stored block lengths';
    return type === 1 ? 'invalid distance too far back' : 'invalid code lengths set';
}

/** The length of a gzip header; undefined when it is not whole. */
function gzipHeader(bytes) {
    if (bytes[0] !== 0x1f || (bytes.length > 1 && bytes[1] !== 0x8b)) throw bad('incorrect header check');
    if (bytes.length > 2 && bytes[2] !== 8) throw bad('unknown compression method');
    if (bytes.length < 10) return undefined;
    const flags = bytes[3];
    if (flags & 0xe0) throw bad('unknown header flags set');
    let at = 10;
    if (flags & 4) at += 2 + (bytes[at] | (bytes[at + 1] << 8));
    for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1 || Infinity;
    if (flags & 2) at += 2;
    return at <= bytes.length ? at : undefined;
}

function gunzipped(bytes, options) {
    const parts = [];
    let rest = bytes;
    let { most } = options;
    do {
        const start = rest.length === 0 ? undefined : gzipHeader(rest);
        if (start === undefined) {
            if (options.lenient) break;
            throw short();
        }
        const { out, read, whole } = inflated(rest.subarray(start), { ...options, most });
        parts.push(out);
        most -= out.length;
        if (!whole) break;
        const end = start + read;
        rest = rest.subarray(checkGzip(rest, end, out, options));
    } while (rest.length > 0 && rest[0] !== 0);
    return parts.length ? joined(parts) : new Uint8Array(0);
}

function checkGzip(bytes, at, out, { lenient }) {
    if (bytes.length < at + 8) {
        if (lenient) return bytes.length;
        throw short();
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
    if (view.getUint32(0, true) !== natives('zlib').crc32(out, 0)) throw bad('incorrect data check');
    if (view.getUint32(4, true) !== out.length) throw bad('incorrect length check');
    return at + 8;
}

function unzlibbed(bytes, options) {
    if (bytes.length < 2) {
        if (options.lenient) return new Uint8Array(0);
        throw short();
    }
    if (((bytes[0] << 8) | bytes[1]) % 31) throw bad('incorrect header check');
    if ((bytes[0] & 15) !== 8) throw bad('unknown compression method');
    if (bytes[0] >> 4 > 7) throw bad('invalid window size');
    if (bytes[1] & 0x20) throw zlibError('Missing dictionary', 2, 'Z_NEED_DICT');
    const { out, read, whole } = inflated(bytes.subarray(2), options);
    if (!whole) return out;
    const rest = bytes.subarray(2 + read);
    if (rest.length < 4) {
        if (options.lenient) return out;
        throw short();
    }
    const sum = new DataView(rest.buffer, rest.byteOffset, 4).getUint32(0);
    if (sum !== natives('zlib').adler32(out)) throw bad('incorrect data check');
    return out;
}

function unbrotlied(bytes, { most, lenient }) {
    const { status, bytes: out } = natives('zlib').brotli(bytes, most);
    if (status === 'large') throw tooLarge(most);
    if (status === 'bad') throw zlibError('Decompression failed', -2, 'ERR__ERROR_FORMAT_PADDING_1');
    if (status === 'short' && !lenient) throw short();
    return out;
}

/** `inflate`, `inflateRaw`, `gunzip`, `unzip` or `brotliDecompress`. */
export function unpacked(kind, bytes, options) {
    switch (kind) {
        case 'gunzip':
            return gunzipped(bytes, options);
        case 'inflate':
            return unzlibbed(bytes, options);
        case 'inflateRaw': {
            if (bytes.length === 0 && !options.lenient) throw short();
            return inflated(bytes, options).out;
        }
        case 'unzip':
            return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipped(bytes, options) : unzlibbed(bytes, options);
        default:
            return unbrotlied(bytes, options);
    }
}
