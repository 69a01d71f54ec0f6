/** createCipheriv and createDecipheriv: AES in the modes that are in use. */
import { Buffer } from '../node/buffer/index.js';
import { bytesOf, dataOf, encoded, joined, natives } from './backend.js';
import { badFinalBlock, checkString, coded, unsupported } from './errors.js';
import { isKey, secretBytes } from './key_object.js';
import { unpadded } from './key_encryption.js';
import { lazyTransform } from './lazy_stream.js';

const BLOCK = 16;

/** Every cipher: mode, length of key and of the initialization vector, bytes. */
const CIPHERS = {};
for (const bits of [128, 192, 256]) {
    const key = bits / 8;
    CIPHERS[`aes-${bits}-cbc`] = CIPHERS[`aes${bits}`] = { mode: 'cbc', name: `aes-${bits}-cbc`, key, iv: BLOCK, nid: { 128: 419, 192: 423, 256: 427 }[bits] };
    CIPHERS[`aes-${bits}-ecb`] = { mode: 'ecb', name: `aes-${bits}-ecb`, key, iv: 0, nid: { 128: 418, 192: 422, 256: 426 }[bits] };
    CIPHERS[`aes-${bits}-ctr`] = { mode: 'ctr', name: `aes-${bits}-ctr`, key, iv: BLOCK, nid: { 128: 904, 192: 905, 256: 906 }[bits] };
    CIPHERS[`aes-${bits}-gcm`] = CIPHERS[`id-aes${bits}-gcm`] = { mode: 'gcm', name: `id-aes${bits}-gcm`, key, iv: 12, nid: { 128: 895, 192: 898, 256: 901 }[bits] };
    CIPHERS[`aes${bits}-wrap`] = CIPHERS[`id-aes${bits}-wrap`] = { mode: 'wrap', name: `id-aes${bits}-wrap`, key, iv: 8, nid: { 128: 788, 192: 789, 256: 790 }[bits] };
}

export const getCiphers = () => Object.keys(CIPHERS).map((name) => name.replace('-gcm', name.startsWith('id') ? '-GCM' : '-gcm'));

export function getCipherInfo(nameOrNid, options = {}) {
    const found = typeof nameOrNid === 'number' ? Object.values(CIPHERS).find(({ nid }) => nid === nameOrNid) : CIPHERS[String(nameOrNid).toLowerCase()];
    if (!found || (options.keyLength !== undefined && options.keyLength !== found.key)) return undefined;
    const { mode, name, key, iv, nid } = found;
    if (options.ivLength !== undefined && mode !== 'gcm' && options.ivLength !== iv) return undefined;
    const info = { mode, name, nid };
    info.blockSize = { ctr: 1, gcm: 1, wrap: 8 }[mode] ?? BLOCK;
    if (iv) info.ivLength = options.ivLength ?? iv;
    info.keyLength = key;
    return info;
}

const invalidState = (operation) =>
    coded(Error, 'ERR_CRYPTO_INVALID_STATE', operation ? `Invalid state for operation ${operation}` : 'Invalid state');

/** The arguments of both, checked in Node's order. */
function checkedCipher(name, key, iv, options) {
    checkString(name, 'cipher');
    const kinds = 'ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey';
    const keyBytes = isKey(key) ? secretBytes(key) : bytesOf(key, 'key', undefined, kinds);
    const ivBytes = iv === null ? null : bytesOf(iv, 'iv');
    const cipher = CIPHERS[name.toLowerCase()];
    if (!cipher) throw coded(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    if (keyBytes.length !== cipher.key) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    const length = ivBytes?.length ?? 0;
    const fits = cipher.mode === 'gcm' ? length > 0 : length === cipher.iv || (cipher.mode === 'ecb' && length === 0);
    if (!fits) throw coded(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
    const tagLength = options?.authTagLength;
    if (cipher.mode === 'gcm' && tagLength !== undefined) checkTagLength(tagLength);
    return { cipher, key: keyBytes.slice(), iv: ivBytes ? ivBytes.slice() : new Uint8Array(0), tagLength };
}

function checkTagLength(length) {
    if (![4, 8, 12, 13, 14, 15, 16].includes(length)) {
        throw coded(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${length}`);
    }
}

class CipherBase {
    #encrypts;
    #mode;
    #key;
    #iv;
    #padding = true;
    #done = false;
    /** What does not make up a block yet. */
    #rest = new Uint8Array(0);
    /** Bytes made so far by a mode that counts. */
    #made = 0;
    #aad = [];
    /** What the tag of GCM is over. */
    #sealed = [];
    #tag;
    #tagLength;

    constructor(encrypts, name, key, iv, options) {
        const checked = checkedCipher(name, key, iv, options);
        this.#encrypts = encrypts;
        this.#mode = checked.cipher.mode;
        this.#key = checked.key;
        this.#iv = checked.iv;
        this.#tagLength = checked.tagLength ?? BLOCK;
    }

    update(data, inputEncoding, outputEncoding) {
        const bytes = dataOf(data, 'data', inputEncoding);
        if (this.#done) throw coded(Error, undefined, 'Trying to add data in unsupported state');
        return encoded(this.#step(bytes), outputEncoding);
    }

    #step(bytes) {
        if (this.#mode === 'wrap') return this.#wrapped(bytes);
        if (this.#mode === 'ctr') return this.#counted(natives('cipher').ctr(this.#key, this.#iv, this.#made, bytes));
        if (this.#mode === 'gcm') {
            const out = this.#counted(natives('cipher').gcm(this.#key, this.#iv, this.#made, bytes));
            this.#sealed.push(this.#encrypts ? out : bytes.slice());
            return out;
        }
        const all = joined([this.#rest, bytes]);
        let whole = all.length - (all.length % BLOCK);
        // The last block is kept back: its padding is looked at in `final`.
        if (!this.#encrypts && this.#padding && whole === all.length && whole > 0) whole -= BLOCK;
        this.#rest = all.slice(whole);
        return this.#blocks(all.subarray(0, whole));
    }

    /** Key wrap takes a key in one piece. */
    #wrapped(bytes) {
        if (this.#iv.some((byte) => byte !== 0xa6)) throw unsupported('key wrap with another initialization vector');
        const { wrap, unwrap } = natives('cipher');
        try {
            return (this.#encrypts ? wrap : unwrap)(this.#key, bytes);
        } catch {
            throw coded(Error, undefined, 'Trying to add data in unsupported state');
        }
    }

    #counted(out) {
        this.#made += out.length;
        return out;
    }

    #blocks(bytes) {
        if (bytes.length === 0) return new Uint8Array(0);
        if (this.#mode === 'ecb') return natives('cipher').ecb(this.#encrypts, this.#key, bytes);
        const out = natives('cipher').cbc(this.#encrypts, this.#key, this.#iv, bytes);
        this.#iv = (this.#encrypts ? out : bytes).slice(-BLOCK);
        return out;
    }

    final(outputEncoding) {
        if (this.#done) throw invalidState();
        this.#done = true;
        return encoded(this.#last(), outputEncoding);
    }

    #last() {
        if (this.#mode === 'ctr' || this.#mode === 'wrap') return new Uint8Array(0);
        if (this.#mode === 'gcm') return this.#checkTag();
        const rest = this.#rest;
        if (!this.#padding) {
            if (rest.length) throw badFinalBlock();
            return rest;
        }
        if (this.#encrypts) {
            const count = BLOCK - rest.length;
            return this.#blocks(joined([rest, new Uint8Array(count).fill(count)]));
        }
        if (rest.length !== BLOCK) throw badFinalBlock();
        return unpadded(this.#blocks(rest));
    }

    #checkTag() {
        const none = [new Uint8Array(0)];
        const parts = [this.#aad, this.#sealed].map((chunks) => joined(chunks.length ? chunks : none));
        const tag = natives('cipher').gcmTag(this.#key, this.#iv, ...parts);
        if (this.#encrypts) {
            this.#tag = tag.slice(0, this.#tagLength);
        } else if (!this.#tag || this.#tag.some((byte, at) => byte !== tag[at])) {
            throw coded(Error, undefined, 'Unsupported state or unable to authenticate data');
        }
        return new Uint8Array(0);
    }

    setAutoPadding(on) {
        if (this.#done) throw invalidState('setAutoPadding');
        this.#padding = on === undefined || !!on;
        return this;
    }

    setAAD(data, options) {
        const bytes = bytesOf(data, 'aadbuf', options?.encoding);
        if (this.#mode !== 'gcm' || this.#done) throw invalidState('setAAD');
        this.#aad.push(bytes.slice());
        return this;
    }

    getAuthTag() {
        if (!this.#encrypts || !this.#tag) throw invalidState('getAuthTag');
        return Buffer.from(this.#tag);
    }

    setAuthTag(tag, encoding) {
        const bytes = bytesOf(tag, 'buffer', encoding);
        if (this.#mode !== 'gcm' || this.#encrypts || this.#tag || this.#done) throw invalidState('setAuthTag');
        checkTagLength(bytes.length);
        this.#tag = bytes.slice();
        return this;
    }

    _transform(chunk, encoding, callback) {
        this.push(this.update(chunk, encoding));
        callback();
    }

    _flush(callback) {
        try {
            this.push(this.final());
        } catch (error) {
            callback(error);
            return;
        }
        callback();
    }
}
lazyTransform(CipherBase);

export class Cipheriv extends CipherBase {
    constructor(name, key, iv, options) {
        super(true, name, key, iv, options);
    }
}

export class Decipheriv extends CipherBase {
    constructor(name, key, iv, options) {
        super(false, name, key, iv, options);
    }
}

export const createCipheriv = (name, key, iv, options) => new Cipheriv(name, key, iv, options);
export const createDecipheriv = (name, key, iv, options) => new Decipheriv(name, key, iv, options);

export function createCipher() {
    throw unsupported('createCipher, whose keys are not safe,');
}

