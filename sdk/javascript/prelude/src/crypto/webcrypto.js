/** `crypto.subtle` and CryptoKey: checks, errors and results as in Node 20. */
import { Buffer } from '../node/buffer/index.js';
import { base64, call, fromBase64, joined, natives, random, viewOf } from './backend.js';
import { agreed, newKey } from './asymmetric.js';
import { coded } from './errors.js';
import { digest, hmac, SIZES } from './hash.js';
import { bitLength, materialOf, setMaterial } from './key_object.js';
import { unpadded } from './key_encryption.js';
import { hkdfBytes } from './kdf.js';
import * as keys from './keys.js';
import { fromP1363, toP1363 } from './sign.js';
import { domError, normalized, required } from './webcrypto_algorithms.js';
import { exportKeyData, importKeyData } from './webcrypto_keys.js';

const INTERNAL = Symbol('internal');

/** A key of Web Crypto. */
export class CryptoKey {
    #type;
    #extractable;
    #algorithm;
    #usages;

    constructor(secret, parts) {
        if (secret !== INTERNAL) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
        const { type, extractable, algorithm, usages, material } = parts;
        this.#type = type;
        this.#extractable = extractable;
        this.#algorithm = algorithm;
        this.#usages = usages;
        setMaterial(this, material);
    }

    get type() {
        return this.#type;
    }

    get extractable() {
        return this.#extractable;
    }

    get algorithm() {
        return this.#algorithm;
    }

    get usages() {
        return this.#usages;
    }

    [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
        const { type, extractable, algorithm, usages } = this;
        return `CryptoKey ${(inspect ?? JSON.stringify)({ type, extractable, algorithm, usages }, options)}`;
    }
}
Object.defineProperty(CryptoKey.prototype, Symbol.toStringTag, { configurable: true, value: 'CryptoKey' });

function newCryptoKey(material, algorithm, extractable, usages) {
    const type = material instanceof Uint8Array ? 'secret' : material.type;
    return new CryptoKey(INTERNAL, { type, extractable: !!extractable, algorithm, usages: [...new Set(usages)], material });
}

const operationError = (cause) => {
    const error = domError('The operation failed for an operation-specific reason', 'OperationError');
    if (cause) Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
    return error;
};

/** Bytes of an argument. */
function source(value, method, position) {
    const bytes = viewOf(value);
    if (!bytes) {
        const place = ['1st', '2nd', '3rd', '4th', '5th'][position];
        const message = `Failed to execute '${method}' on 'SubtleCrypto': ${place} argument is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.`;
        throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', message);
    }
    return bytes.slice();
}

function checkArguments(method, args, count) {
    if (args.length >= count) return;
    const plural = count === 1 ? 'argument' : 'arguments';
    const message = `Failed to execute '${method}' on 'SubtleCrypto': ${count} ${plural} required, but only ${args.length} present.`;
    throw coded(TypeError, 'ERR_MISSING_ARGS', message);
}

function checkKey(key, method, position) {
    if (key instanceof CryptoKey) return;
    const place = ['1st', '2nd', '3rd'][position];
    throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', `Failed to execute '${method}' on 'SubtleCrypto': ${place} argument is not of type CryptoKey.`);
}

/** The key must be for this algorithm, and for this use. */
function checkUse(key, algorithm, usage) {
    const right = key.algorithm.name === algorithm.name && key.usages.includes(usage);
    if (right) return;
    if (usage === 'sign' || usage === 'verify') {
        if (key.algorithm.name === algorithm.name) throw domError(`Unable to use this key to ${usage}`, 'InvalidAccessError');
        throw domError(`Unable to use this key to ${usage}`, 'InvalidAccessError');
    }
    throw domError('The requested operation is not valid for the provided key', 'InvalidAccessError');
}

const bare = (hash) => hash.name.toLowerCase().replace('-', '');
const buffered = (bytes) => (bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer);

/** What a host call with bytes as its answer gives, failures as Web Crypto puts them. */
async function hostBytes(request) {
    try {
        const answer = await call(request);
        return fromBase64(answer.bytes ?? answer.signature);
    } catch (error) {
        if (error.hostCode) throw operationError(error);
        throw error;
    }
}

function signatureScheme(key, algorithm) {
    const { hash } = key.algorithm;
    if (key.algorithm.name === 'RSASSA-PKCS1-v1_5') return { name: 'rsa_pkcs1', hash: bare(hash) };
    if (key.algorithm.name === 'RSA-PSS') return { name: 'rsa_pss', hash: bare(hash), salt: algorithm.saltLength };
    if (key.algorithm.name === 'ECDSA') return { name: 'ecdsa', hash: bare(algorithm.hash), curve: materialOf(key).curve.name };
    return { name: 'ed25519' };
}

async function signWith(algorithm, key, data) {
    if (algorithm.name === 'HMAC') return hmac(bare(key.algorithm.hash), materialOf(key), data);
    const material = materialOf(key);
    if (material.type !== 'private') throw domError('Key must be a private key', 'InvalidAccessError');
    const scheme = signatureScheme(key, algorithm);
    const signature = await hostBytes({ type: 'crypto.sign', scheme, key: keys.forHost(material), data: base64(data) });
    return algorithm.name === 'ECDSA' ? toP1363(signature, material.curve.size) : signature;
}

async function verifyWith(algorithm, key, signature, data) {
    if (algorithm.name === 'HMAC') {
        const expected = hmac(bare(key.algorithm.hash), materialOf(key), data);
        return expected.length === signature.length && expected.every((byte, at) => byte === signature[at]);
    }
    const material = materialOf(key);
    if (material.type !== 'public') throw domError('Key must be a public key', 'InvalidAccessError');
    const bytes = algorithm.name === 'ECDSA' ? fromP1363(signature, material.curve.size) : signature;
    if (!bytes) return false;
    const scheme = signatureScheme(key, algorithm);
    const request = { type: 'crypto.verify', scheme, key: keys.forHost(material), data: base64(data), signature: base64(bytes) };
    return (await call(request)).valid;
}

/** AES, both ways. */
function cipher(encrypts, algorithm, key, data) {
    const material = materialOf(key);
    const aes = natives('cipher');
    if (algorithm.name === 'AES-CTR') return aes.ctr(material, algorithm.counter, 0, data);
    if (algorithm.name === 'AES-KW') return encrypts ? aes.wrap(material, data) : aes.unwrap(material, data);
    if (algorithm.name === 'AES-CBC') return cbc(encrypts, algorithm.iv, material, data);
    const length = (algorithm.tagLength ?? 128) / 8;
    const aad = algorithm.additionalData ?? new Uint8Array(0);
    if (encrypts) {
        const sealed = aes.gcm(material, algorithm.iv, 0, data);
        return joined([sealed, aes.gcmTag(material, algorithm.iv, aad, sealed).subarray(0, length)]);
    }
    if (data.length < length) throw domError('The provided data is too small.', 'OperationError');
    const [sealed, tag] = [data.subarray(0, data.length - length), data.subarray(data.length - length)];
    const expected = aes.gcmTag(material, algorithm.iv, aad, sealed);
    if (tag.some((byte, at) => byte !== expected[at])) throw operationError(new Error('Cipher job failed'));
    return aes.gcm(material, algorithm.iv, 0, sealed);
}

function cbc(encrypts, iv, key, data) {
    const aes = natives('cipher');
    if (encrypts) {
        const count = 16 - (data.length % 16);
        return aes.cbc(true, key, iv, joined([data, new Uint8Array(count).fill(count)]));
    }
    if (data.length === 0 || data.length % 16) throw operationError();
    return unpadded(aes.cbc(false, key, iv, data), operationError);
}

async function cipherWith(encrypts, algorithm, key, data) {
    if (algorithm.name !== 'RSA-OAEP') return cipher(encrypts, algorithm, key, data);
    const material = materialOf(key);
    const wanted = encrypts ? 'public' : 'private';
    if (material.type !== wanted) throw domError('The requested operation is not valid for the provided key', 'InvalidAccessError');
    const padding = { name: 'oaep', hash: bare(key.algorithm.hash) };
    if (algorithm.label?.length) padding.label = base64(algorithm.label);
    return hostBytes({ type: encrypts ? 'crypto.encrypt' : 'crypto.decrypt', padding, key: keys.forHost(material), data: base64(data) });
}

async function derive(algorithm, key, length) {
    const material = materialOf(key);
    if (algorithm.name === 'ECDH' || algorithm.name === 'X25519') return deriveByAgreement(algorithm, material, length);
    if (length === null || length === undefined) throw domError('length cannot be null', 'OperationError');
    if (length % 8) throw domError('length must be a multiple of 8', 'OperationError');
    const hash = bare(algorithm.hash);
    if (algorithm.name === 'HKDF') {
        if (length / 8 > SIZES[hash][0] * 255) throw operationError();
        return hkdfBytes(hash, material, algorithm.salt, algorithm.info, length / 8);
    }
    if (algorithm.iterations === 0) throw domError('iterations cannot be zero', 'OperationError');
    const { iterations, salt } = algorithm;
    return hostBytes({ type: 'crypto.pbkdf2', hash, password: base64(material), salt: base64(salt), iterations, length: length / 8 });
}

async function deriveByAgreement({ name, public: peer }, material, length) {
    if (peer.algorithm.name !== name) throw domError(`Keys must be ${name} keys`, 'InvalidAccessError');
    if (material.type !== 'private') throw domError('baseKey must be a private key', 'InvalidAccessError');
    const theirs = materialOf(peer);
    if (theirs.type !== 'public') throw domError('algorithm.public must be a public key', 'InvalidAccessError');
    if (theirs.curve !== material.curve) throw domError('Named curve mismatch', 'InvalidAccessError');
    const bits = await agreed(material, theirs).catch((error) => {
        throw operationError(error);
    });
    if (length === null || length === undefined) return bits;
    const bytes = Math.ceil(length / 8);
    if (bits.length < bytes) throw domError('derived bit length is too small', 'OperationError');
    const out = bits.slice(0, bytes);
    if (length % 8) out[bytes - 1] &= (0xff << (8 - (length % 8))) & 0xff;
    return out;
}

const GENERATED = {
    'RSASSA-PKCS1-v1_5': ['rsa', ['verify'], ['sign']],
    'RSA-PSS': ['rsa', ['verify'], ['sign']],
    'RSA-OAEP': ['rsa', ['encrypt', 'wrapKey'], ['decrypt', 'unwrapKey']],
    ECDSA: ['ec', ['verify'], ['sign']],
    ECDH: ['ec', [], ['deriveKey', 'deriveBits']],
    Ed25519: ['ed25519', ['verify'], ['sign']],
    X25519: ['x25519', [], ['deriveKey', 'deriveBits']],
};

async function generate(algorithm, extractable, usages) {
    const kind = GENERATED[algorithm.name];
    if (!kind) return generateSecret(algorithm, extractable, usages);
    const [type, ofPublic, ofPrivate] = kind;
    const unknown = usages.find((usage) => !ofPublic.includes(usage) && !ofPrivate.includes(usage));
    if (unknown) throw domError(`Unsupported key usage for ${usageSubject(algorithm.name)} key`, 'SyntaxError');
    const used = ofPrivate.filter((usage) => usages.includes(usage));
    if (used.length === 0) throw domError('Usages cannot be empty when creating a key.', 'SyntaxError');
    const options = { modulusLength: algorithm.modulusLength, namedCurve: algorithm.namedCurve };
    const key = newKey(type, options);
    const described = describe(algorithm, key);
    return Object.assign(Object.create(null), {
        publicKey: newCryptoKey(keys.publicOf(key), described, true, ofPublic.filter((usage) => usages.includes(usage))),
        privateKey: newCryptoKey(key, described, extractable, used),
    });
}

const usageSubject = (name) => (name.startsWith('RSA') ? 'a RSA' : `an ${name}`);

/** The algorithm as a key shows it. */
function describe({ name, hash, namedCurve }, key) {
    if (key.rsa) return { name, modulusLength: bitLength(key.rsa.n), publicExponent: key.rsa.e.slice(), hash };
    return namedCurve ? { name, namedCurve } : { name };
}

function generateSecret(algorithm, extractable, usages) {
    if (usages.length === 0) throw domError('Usages cannot be empty when creating a key.', 'SyntaxError');
    if (algorithm.name === 'HMAC') {
        const length = algorithm.length ?? SIZES[bare(algorithm.hash)][1] * 8;
        if (length === 0) throw domError('Zero-length key is not supported', 'OperationError');
        return newCryptoKey(random(Math.ceil(length / 8)), { name: 'HMAC', length, hash: algorithm.hash }, extractable, usages);
    }
    const { name, length } = algorithm;
    if (![128, 192, 256].includes(length)) throw domError('AES key length must be 128, 192, or 256 bits', 'OperationError');
    return newCryptoKey(random(length / 8), { name, length }, extractable, usages);
}

async function importKey(format, data, algorithm, extractable, usages) {
    const { material, described } = importKeyData(format, data, algorithm, extractable, usages);
    const key = newCryptoKey(material, described, extractable, usages);
    if (key.usages.length === 0 && key.type !== 'public') {
        throw domError(`Usages cannot be empty when importing a ${key.type} key.`, 'SyntaxError');
    }
    return key;
}

async function exportKey(format, key) {
    if (!key.extractable) throw domError('key is not extractable', 'InvalidAccessException');
    return exportKeyData(format, key, materialOf(key));
}

const lengthOf = ({ name, length, hash }) => {
    if (name === 'HMAC') return length ?? SIZES[bare(hash)][1] * 8;
    return name === 'HKDF' || name === 'PBKDF2' ? null : length;
};

let constructing = false;

/** `crypto.subtle` */
export class SubtleCrypto {
    constructor() {
        if (!constructing) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    }

    async digest(...args) {
        ours(this);
        checkArguments('digest', args, 2);
        const data = source(args[1], 'digest', 1);
        const algorithm = normalized(args[0], 'digest');
        return buffered(digest(bare(algorithm), data));
    }

    async sign(...args) {
        ours(this);
        checkArguments('sign', args, 3);
        checkKey(args[1], 'sign', 1);
        const data = source(args[2], 'sign', 2);
        const algorithm = normalized(args[0], 'sign');
        checkUse(args[1], algorithm, 'sign');
        return buffered(await signWith(algorithm, args[1], data));
    }

    async verify(...args) {
        ours(this);
        checkArguments('verify', args, 4);
        checkKey(args[1], 'verify', 1);
        const [signature, data] = [source(args[2], 'verify', 2), source(args[3], 'verify', 3)];
        const algorithm = normalized(args[0], 'verify');
        checkUse(args[1], algorithm, 'verify');
        return verifyWith(algorithm, args[1], signature, data);
    }

    async encrypt(...args) {
        ours(this);
        return crypt(true, 'encrypt', args);
    }

    async decrypt(...args) {
        ours(this);
        return crypt(false, 'decrypt', args);
    }

    async deriveBits(...args) {
        ours(this);
        checkArguments('deriveBits', args, 3);
        checkKey(args[1], 'deriveBits', 1);
        const algorithm = normalized(args[0], 'deriveBits');
        if (!args[1].usages.includes('deriveBits')) throw domError('baseKey does not have deriveBits usage', 'InvalidAccessError');
        sameAlgorithm(args[1], algorithm);
        return buffered(await derive(algorithm, args[1], args[2]));
    }

    async deriveKey(...args) {
        ours(this);
        checkArguments('deriveKey', args, 5);
        checkKey(args[1], 'deriveKey', 1);
        const algorithm = normalized(args[0], 'deriveBits');
        const wanted = normalized(args[2], 'importKey');
        const length = lengthOf(normalized(args[2], 'get key length'));
        if (!args[1].usages.includes('deriveKey')) throw domError('baseKey does not have deriveKey usage', 'InvalidAccessError');
        sameAlgorithm(args[1], algorithm);
        const bits = await derive(algorithm, args[1], length);
        return importKey('raw', bits, wanted, args[3], args[4]);
    }

    async generateKey(...args) {
        ours(this);
        checkArguments('generateKey', args, 3);
        return generate(normalized(args[0], 'generateKey'), args[1], [...args[2]]);
    }

    async importKey(...args) {
        ours(this);
        checkArguments('importKey', args, 4);
        required('format', args[0]);
        const data = args[0] === 'jwk' ? args[1] : source(args[1], 'importKey', 1);
        return importKey(args[0], data, normalized(args[2], 'importKey'), args[3], [...(args[4] ?? [])]);
    }

    async exportKey(...args) {
        ours(this);
        checkArguments('exportKey', args, 2);
        required('format', args[0]);
        checkKey(args[1], 'exportKey', 1);
        return exportKey(args[0], args[1]);
    }

    async wrapKey(...args) {
        ours(this);
        checkArguments('wrapKey', args, 4);
        const [format, key, wrapping, algorithm] = args;
        const how = normalized(algorithm, 'wrapKey');
        checkUse(wrapping, how, 'wrapKey');
        const exported = await exportKey(format, key);
        let bytes = format === 'jwk' ? viewOf(Buffer.from(JSON.stringify(exported))) : new Uint8Array(exported);
        // AES-KW takes multiples of 8 bytes, and JSON may be followed by spaces.
        if (format === 'jwk' && how.name === 'AES-KW' && bytes.length % 8) {
            bytes = joined([bytes, new Uint8Array(8 - (bytes.length % 8)).fill(0x20)]);
        }
        return buffered(await cipherWith(true, how, wrapping, bytes));
    }

    async unwrapKey(...args) {
        ours(this);
        checkArguments('unwrapKey', args, 7);
        const [format, wrapped, unwrapping, algorithm, keyAlgorithm, extractable, usages] = args;
        const how = normalized(algorithm, 'wrapKey');
        const what = normalized(keyAlgorithm, 'importKey');
        checkUse(unwrapping, how, 'unwrapKey');
        const bytes = await cipherWith(false, how, unwrapping, source(wrapped, 'unwrapKey', 1));
        const data = format === 'jwk' ? JSON.parse(Buffer.from(bytes).toString()) : bytes;
        return importKey(format, data, what, extractable, [...usages]);
    }
}
Object.defineProperty(SubtleCrypto.prototype, Symbol.toStringTag, { configurable: true, value: 'SubtleCrypto' });

function sameAlgorithm(key, algorithm) {
    if (key.algorithm.name !== algorithm.name) throw domError('Key algorithm mismatch', 'InvalidAccessError');
}

async function crypt(encrypts, method, args) {
    checkArguments(method, args, 3);
    checkKey(args[1], method, 1);
    const data = source(args[2], method, 2);
    const algorithm = normalized(args[0], method);
    checkUse(args[1], algorithm, method);
    return buffered(await cipherWith(encrypts, algorithm, args[1], data));
}

constructing = true;
export const subtle = new SubtleCrypto();
constructing = false;

function ours(value) {
    if (value !== subtle) throw coded(TypeError, 'ERR_INVALID_THIS', 'Value of "this" must be of type SubtleCrypto');
}

