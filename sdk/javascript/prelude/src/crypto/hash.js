/** createHash, createHmac and what belongs to them. */
import { badType, checkString, coded } from './errors.js';
import { bytesOf, dataOf, encoded, joined, natives, viewOf } from './backend.js';
import { isKey, secretBytes } from './key_object.js';
import { lazyTransform } from './lazy_stream.js';

/** Names of OpenSSL to those of the natives. */
const ALIASES = {
    'rsa-md5': 'md5',
    md5withrsaencryption: 'md5',
    ripemd: 'ripemd160',
    rmd160: 'ripemd160',
    'rsa-ripemd160': 'ripemd160',
    ripemd160withrsa: 'ripemd160',
    'rsa-sha1': 'sha1',
    'rsa-sha1-2': 'sha1',
    sha1withrsaencryption: 'sha1',
    sha: 'sha1',
};
for (const bits of ['224', '256', '384', '512']) {
    ALIASES[`rsa-sha${bits}`] = `sha${bits}`;
    ALIASES[`sha${bits}withrsaencryption`] = `sha${bits}`;
    ALIASES[`sha-${bits}`] = `sha${bits}`;
    ALIASES[`sha2-${bits}`] = `sha${bits}`;
    ALIASES[`rsa-sha3-${bits}`] = `sha3-${bits}`;
    ALIASES[`id-rsassa-pkcs1-v1_5-with-sha3-${bits}`] = `sha3-${bits}`;
}
for (const bits of ['224', '256']) {
    ALIASES[`rsa-sha512/${bits}`] = `sha512-${bits}`;
    ALIASES[`sha512-${bits}withrsaencryption`] = `sha512-${bits}`;
    ALIASES[`sha512/${bits}`] = `sha512-${bits}`;
}
ALIASES['sha-1'] = 'sha1';

/** Length of the result and of a block, bytes. */
export const SIZES = {
    md5: [16, 64],
    ripemd160: [20, 64],
    sha1: [20, 64],
    sha224: [28, 64],
    sha256: [32, 64],
    sha384: [48, 128],
    sha512: [64, 128],
    'sha512-224': [28, 128],
    'sha512-256': [32, 128],
    'sha3-224': [28, 144],
    'sha3-256': [32, 136],
    'sha3-384': [48, 104],
    'sha3-512': [64, 72],
};

/** Our name of a hash, or undefined. */
export function hashName(name) {
    const lower = String(name).toLowerCase();
    const ours = ALIASES[lower] ?? lower;
    return Object.hasOwn(SIZES, ours) ? ours : undefined;
}

/** What Node lists and we have. */
export const getHashes = () => [
    'RSA-MD5', 'RSA-RIPEMD160', 'RSA-SHA1', 'RSA-SHA1-2', 'RSA-SHA224', 'RSA-SHA256', 'RSA-SHA3-224', 'RSA-SHA3-256',
    'RSA-SHA3-384', 'RSA-SHA3-512', 'RSA-SHA384', 'RSA-SHA512', 'RSA-SHA512/224', 'RSA-SHA512/256',
    'id-rsassa-pkcs1-v1_5-with-sha3-224', 'id-rsassa-pkcs1-v1_5-with-sha3-256', 'id-rsassa-pkcs1-v1_5-with-sha3-384',
    'id-rsassa-pkcs1-v1_5-with-sha3-512', 'md5', 'md5WithRSAEncryption', 'ripemd', 'ripemd160', 'ripemd160WithRSA',
    'rmd160', 'sha1', 'sha1WithRSAEncryption', 'sha224', 'sha224WithRSAEncryption', 'sha256', 'sha256WithRSAEncryption',
    'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512', 'sha384', 'sha384WithRSAEncryption', 'sha512', 'sha512-224',
    'sha512-224WithRSAEncryption', 'sha512-256', 'sha512-256WithRSAEncryption', 'sha512WithRSAEncryption',
];

/** The hash of bytes. */
export const digest = (algorithm, bytes) => natives('hash').digest(algorithm, bytes);
/** HMAC of bytes. */
export const hmac = (algorithm, key, bytes) => natives('hash').hmac(algorithm, key, bytes);

export class Hash {
    #algorithm;
    #chunks;
    #result;

    constructor(algorithm, chunks = []) {
        checkString(algorithm, 'algorithm');
        this.#algorithm = hashName(algorithm);
        if (!this.#algorithm) throw coded(Error, undefined, 'Digest method not supported');
        this.#chunks = chunks;
    }

    #open() {
        if (this.#result) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    }

    update(data, encoding) {
        const bytes = dataOf(data, 'data', encoding);
        this.#open();
        // The caller may change its buffer afterwards; a string's bytes are ours already.
        this.#chunks.push(typeof data === 'string' ? bytes : bytes.slice());
        return this;
    }

    digest(encoding) {
        this.#open();
        this.#result = digest(this.#algorithm, joined(this.#chunks));
        this.#chunks = [];
        return encoded(this.#result, encoding);
    }

    copy() {
        this.#open();
        return new Hash(this.#algorithm, this.#chunks.slice());
    }

    _transform(chunk, encoding, callback) {
        this.update(chunk, encoding);
        callback();
    }

    _flush(callback) {
        this.push(this.digest());
        callback();
    }
}

export class Hmac {
    #algorithm;
    #key;
    #chunks = [];
    #done = false;

    constructor(algorithm, key) {
        checkString(algorithm, 'hmac');
        const bytes = isKey(key)
            ? secretBytes(key)
            : bytesOf(key, 'key', undefined, 'ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey');
        this.#algorithm = hashName(algorithm);
        if (!this.#algorithm) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${algorithm}`);
        this.#key = bytes.slice();
    }

    update(data, encoding) {
        const bytes = dataOf(data, 'data', encoding);
        if (this.#done) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
        this.#chunks.push(typeof data === 'string' ? bytes : bytes.slice());
        return this;
    }

    digest(encoding) {
        // Node gives nothing the second time.
        if (this.#done) return encoded(new Uint8Array(0), encoding);
        this.#done = true;
        return encoded(hmac(this.#algorithm, this.#key, joined(this.#chunks)), encoding);
    }

    _transform(chunk, encoding, callback) {
        this.update(chunk, encoding);
        callback();
    }

    _flush(callback) {
        this.push(this.digest());
        callback();
    }
}
lazyTransform(Hash);
lazyTransform(Hmac);

export const createHash = (algorithm) => new Hash(algorithm);
export const createHmac = (algorithm, key) => new Hmac(algorithm, key);

/** `crypto.hash`, in one step. */
export function hash(algorithm, data, encoding = 'hex') {
    checkString(algorithm, 'algorithm');
    const name = hashName(algorithm);
    const bytes = dataOf(data, 'input');
    if (!name) throw coded(Error, undefined, 'Digest method not supported');
    return encoded(digest(name, bytes), encoding);
}

/** Compares buffers of one length. */
export function timingSafeEqual(buf1, buf2) {
    const [a, b] = [viewOf(buf1), viewOf(buf2)];
    const wanted = 'must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.';
    if (!a) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The "buf1" argument ${wanted}`);
    if (!b) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The "buf2" argument ${wanted}`);
    if (a.length !== b.length) {
        throw coded(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
    }
    let different = 0;
    for (let at = 0; at < a.length; at += 1) different |= a[at] ^ b[at];
    return different === 0;
}

/** A hash by the name an option gives, or Node's error. */
export function checkedHash(name) {
    checkString(name, 'digest');
    const ours = hashName(name);
    if (!ours) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`);
    return ours;
}

export { badType };
