/**
 * Node's `zlib`. A text is packed or unpacked in one piece, streams included: they hand over when their input ends.
 */
import { buffer, joined, natives, viewOf } from '../crypto/backend.js';
import { badType, checkFunction, outOfRange, unsupported } from '../crypto/errors.js';
import { Buffer } from '../node/buffer/index.js';
import stream from '../node/stream.js';
import { constants } from './constants.js';
import { packed, unpacked } from './format.js';

/** What Node calls the most that fits into a buffer. */
const MOST = 4294967296;
const PACKING = ['deflate', 'deflateRaw', 'gzip'];
const KINDS = [...PACKING, 'inflate', 'inflateRaw', 'gunzip', 'unzip', 'brotliDecompress', 'brotliCompress'];

function checkedOptions(options = {}) {
    const within = (name, least, most) => {
        const value = options[name];
        if (value === undefined) return;
        if (typeof value !== 'number') throw badType(`options.${name}`, 'of type number', value);
        if (!(value >= least && value <= most)) throw outOfRange(`options.${name}`, `>= ${least} and <= ${most}`, value);
    };
    within('level', -1, 9);
    within('strategy', 0, 4);
    within('windowBits', 8, 15);
    within('memLevel', 1, 9);
    within('chunkSize', 64, Infinity);
    within('maxOutputLength', 1, MOST);
    if (options.dictionary !== undefined) throw unsupported('a dictionary of zlib');
    const flush = options.finishFlush;
    const lenient = flush === constants.Z_SYNC_FLUSH || flush === constants.Z_PARTIAL_FLUSH || flush === constants.Z_NO_FLUSH;
    return { level: options.level, strategy: options.strategy, most: Math.min(options.maxOutputLength ?? MOST, 2 ** 31), lenient };
}

function transformed(kind, bytes, options) {
    if (kind === 'brotliCompress') throw unsupported('zlib.brotliCompress');
    return buffer(PACKING.includes(kind) ? packed(kind, bytes, options) : unpacked(kind, bytes, options));
}

function input(value) {
    if (typeof value === 'string') return viewOf(Buffer.from(value));
    const bytes = viewOf(value);
    if (bytes) return bytes;
    throw badType('buffer', 'of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer', value);
}

/** A stream of one of the kinds. */
class ZlibBase extends stream.Transform {
    #kind;
    #options;
    #chunks = [];

    constructor(kind, options) {
        const checked = checkedOptions(options);
        super({ autoDestroy: true, ...options });
        this.#kind = kind;
        this.#options = checked;
        this.bytesWritten = 0;
    }

    get bytesRead() {
        return this.bytesWritten;
    }

    _transform(chunk, encoding, callback) {
        const bytes = input(chunk);
        this.bytesWritten += bytes.length;
        this.#chunks.push(bytes.slice());
        callback();
    }

    _flush(callback) {
        const bytes = this.#chunks.length ? joined(this.#chunks) : new Uint8Array(0);
        this.#chunks = [];
        try {
            // Nothing at all is nothing, as it is for Node's streams.
            if (bytes.length || PACKING.includes(this.#kind)) this.push(transformed(this.#kind, bytes, this.#options));
        } catch (error) {
            callback(error);
            return;
        }
        callback();
    }

    flush(kind, callback) {
        const done = typeof kind === 'function' ? kind : callback;
        if (done) queueMicrotask(done);
    }

    params(level, strategy, callback) {
        Object.assign(this.#options, { level, strategy });
        queueMicrotask(() => callback?.());
    }

    reset() {
        this.#chunks = [];
    }

    close(callback) {
        if (callback) this.once('close', callback);
        this.destroy();
    }
}

const zlib = { crc32 };

/** The checksum of gzip, going on from another. */
function crc32(data, value = 0) {
    if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
        throw badType('data', 'of type string or an instance of Buffer, TypedArray, or DataView', data);
    }
    return natives('zlib').crc32(input(data), value);
}

const named = (name, value) => Object.defineProperty(value, 'name', { value: name });

for (const kind of KINDS) {
    const Name = kind[0].toUpperCase() + kind.slice(1);
    const Class = class extends ZlibBase {
        constructor(options) {
            super(kind, options);
        }
    };
    // Old code makes them without `new`.
    zlib[Name] = named(Name, function (options) {
        return Reflect.construct(Class, [options], new.target ?? zlib[Name]);
    });
    zlib[Name].prototype = Class.prototype;
    Object.defineProperty(Class.prototype, 'constructor', { value: zlib[Name], configurable: true, writable: true });
    zlib[`create${Name}`] = named(`create${Name}`, (options) => new zlib[Name](options));
    zlib[`${kind}Sync`] = named(`${kind}Sync`, (data, options) => transformed(kind, input(data), checkedOptions(options)));
    zlib[kind] = named(kind, (data, options, callback) => {
        const done = typeof options === 'function' ? options : callback;
        checkFunction(done, 'callback');
        const bytes = input(data).slice();
        const checked = checkedOptions(typeof options === 'function' ? undefined : options);
        setImmediate(() => {
            let result;
            try {
                result = transformed(kind, bytes, checked);
            } catch (error) {
                done(error);
                return;
            }
            done(null, result);
        });
    });
}
zlib.constants = constants;
zlib.codes = Object.freeze({
    Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4,
    Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6, 0: 'Z_OK', 1: 'Z_STREAM_END', 2: 'Z_NEED_DICT', '-1': 'Z_ERRNO',
    '-2': 'Z_STREAM_ERROR', '-3': 'Z_DATA_ERROR', '-4': 'Z_MEM_ERROR', '-5': 'Z_BUF_ERROR', '-6': 'Z_VERSION_ERROR',
});
for (const [name, value] of Object.entries(constants)) {
    if (name.startsWith('Z_')) Object.defineProperty(zlib, name, { value, enumerable: false, configurable: true });
}

/** Node's module `zlib`. */
export default zlib;
