/** New keys, RSA encryption, and secrets agreed on. */
import { base64, buffer, bytesOf, call, callSync, encoded, fromBase64, joined, random } from './backend.js';
import { constants } from './constants.js';
import { badType, badValue, checkFunction, checkInteger, checkObject, coded, openssl, unsupported } from './errors.js';
import { checkedHash } from './hash.js';
import { isKey, keyObject, materialOf, privateKey, publicKey, wrongType } from './key_object.js';
import * as keys from './keys.js';

const HOST_HASHES = ['sha1', 'sha256', 'sha384', 'sha512'];

/** The host's failures in OpenSSL's words. */
function inWords(error, failed) {
    if (error.hostCode === 'failed') return failed();
    if (error.hostCode === 'bad_key') return openssl('1E08010C', 'DECODER routines', 'unsupported');
    return error;
}

function tryCall(request, failed) {
    try {
        return fromBase64(callSync(request).bytes);
    } catch (error) {
        throw inWords(error, failed);
    }
}

/** How the host is to pad. */
export function paddingOf({ padding = constants.RSA_PKCS1_OAEP_PADDING, oaepHash = 'sha1', oaepLabel }) {
    if (padding === constants.RSA_PKCS1_PADDING) return { name: 'pkcs1' };
    if (padding !== constants.RSA_PKCS1_OAEP_PADDING) throw unsupported('this padding');
    const hash = checkedHash(oaepHash);
    if (!HOST_HASHES.includes(hash)) throw unsupported(`OAEP with ${oaepHash}`);
    const label = oaepLabel === undefined ? '' : base64(bytesOf(oaepLabel, 'key.oaepLabel'));
    return label ? { name: 'oaep', hash, label } : { name: 'oaep', hash };
}

const optionsOf = (key) => (key !== null && typeof key === 'object' && !ArrayBuffer.isView(key) && !isKey(key) ? key : {});

function rsaOnly(key) {
    if (!key.rsa) throw openssl('03000096', 'digital envelope routines', 'operation not supported for this keytype', 'EVP_');
    return key;
}

export const tooLarge = () => openssl('0200006E', 'rsa routines', 'data too large for key size', 'RSA_');
export const badOaep = () => openssl('02000079', 'rsa routines', 'oaep decoding error', 'RSA_');

export function publicEncrypt(input, data) {
    const options = optionsOf(input);
    const key = rsaOnly(publicKey(input));
    const bytes = bytesOf(data, 'buffer', options.encoding);
    const request = { type: 'crypto.encrypt', padding: paddingOf(options), key: keys.forHost(key), data: base64(bytes) };
    return buffer(tryCall(request, tooLarge));
}

export function privateDecrypt(input, data) {
    const options = optionsOf(input);
    const key = rsaOnly(privateKey(input));
    const bytes = bytesOf(data, 'buffer', options.encoding);
    const padding = paddingOf(options);
    if (padding.name === 'pkcs1') {
        const message = 'RSA_PKCS1_PADDING is no longer supported for private decryption, this can be reverted with --security-revert=CVE-2023-46809';
        throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', message);
    }
    const request = { type: 'crypto.decrypt', padding, key: keys.forHost(key), data: base64(bytes) };
    return buffer(tryCall(request, badOaep));
}

/** A new number on a curve from the run's randomness: below the order for nearly every draw, and drawn again if not. */
function newCurveKey(kind, curve) {
    for (;;) {
        const secret = random(curve?.size ?? 32);
        // The order of P-521 has 521 bits in 66 bytes.
        if (curve?.name === 'p521') secret[0] &= 1;
        const key = { type: 'private', kind, curve, secret };
        try {
            keys.pointOf(key);
            return key;
        } catch (error) {
            if (error.hostCode !== 'bad_key') throw error;
        }
    }
}

/** A new private key; only RSA needs the host for more than the public half. */
export function newKey(type, options) {
    if (type === 'rsa' || type === 'rsa-pss') {
        const bits = rsaBits(options);
        return { ...keys.readPkcs8(fromBase64(callSync({ type: 'crypto.generateRsa', bits }).bytes)), kind: type };
    }
    if (type === 'ec') {
        checkObject(options, 'options');
        if (typeof options.namedCurve !== 'string') throw badType('options.namedCurve', 'of type string', options.namedCurve);
        return newCurveKey('ec', checkedCurve(options.namedCurve));
    }
    if (type === 'ed25519' || type === 'x25519') return newCurveKey(type);
    if (typeof type !== 'string') throw badType('type', 'of type string', type);
    if (['dsa', 'dh', 'ed448', 'x448'].includes(type)) throw unsupported(`a key of type ${type}`);
    throw badValue('type', type, 'must be a supported key type');
}

function rsaBits(options) {
    checkObject(options, 'options');
    const { modulusLength, publicExponent = 65537 } = options;
    checkInteger(modulusLength, 'options.modulusLength', 0, 4294967295);
    if (publicExponent !== 65537) throw unsupported('an RSA key with another exponent than 65537');
    return modulusLength;
}

function checkedCurve(name) {
    const curve = keys.curveOf(name);
    if (!curve) throw coded(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
    return curve;
}

function pair(type, options) {
    const key = newKey(type, options);
    const exported = (object, encoding) => (encoding ? object.export(encoding) : object);
    return {
        publicKey: exported(keyObject(keys.publicOf(key)), options?.publicKeyEncoding),
        privateKey: exported(keyObject(key), options?.privateKeyEncoding),
    };
}

export const generateKeyPairSync = (type, options) => pair(type, options);

export function generateKeyPair(type, options, callback) {
    const done = typeof options === 'function' ? options : callback;
    checkFunction(done, 'callback');
    const made = pair(type, typeof options === 'function' ? undefined : options);
    queueMicrotask(() => done(null, made.publicKey, made.privateKey));
}

export function generateKeySync(type, options) {
    if (type !== 'aes' && type !== 'hmac') throw badValue('type', type, 'must be a supported key type');
    checkObject(options, 'options');
    if (type === 'aes' && ![128, 192, 256].includes(options.length)) {
        throw badValue('options.length', options.length, 'must be one of: 128, 192, 256');
    }
    checkInteger(options.length, 'options.length', 8, 2147483647);
    return keyObject(random(Math.floor(options.length / 8)));
}

export function generateKey(type, options, callback) {
    checkFunction(callback, 'callback');
    const key = generateKeySync(type, options);
    queueMicrotask(() => callback(null, key));
}

const agreeCall = (key, point) => ({ type: 'crypto.agree', curve: keys.hostCurve(key), key: base64(key.secret), peer: base64(point) });
const badPoint = () => coded(Error, 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY', 'Public key is not valid for specified curve');

/** The secret that two keys agree on, as a promise. */
export const agreed = (key, peer) => call(agreeCall(key, keys.pointOf(peer))).then(({ bytes }) => fromBase64(bytes));

export function diffieHellman({ privateKey: mine, publicKey: theirs }) {
    if (!isKey(mine)) throw badType('options.privateKey', 'an instance of KeyObject', mine);
    if (!isKey(theirs)) throw badType('options.publicKey', 'an instance of KeyObject', theirs);
    const [key, peer] = [materialOf(mine), materialOf(theirs)];
    if (key.type !== 'private') throw wrongType(mine.type, 'private');
    if (key.kind !== peer.kind || key.curve !== peer.curve || !key.secret) {
        throw coded(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY', `Incompatible key types for Diffie-Hellman: ${key.kind} and ${peer.kind}`);
    }
    return buffer(tryCall(agreeCall(key, keys.pointOf(peer)), badPoint));
}

function compressed(point, format = 'uncompressed') {
    if (format === 'uncompressed') return point;
    const size = (point.length - 1) / 2;
    const odd = point[point.length - 1] & 1;
    if (format === 'compressed') return joined([Uint8Array.of(2 + odd), point.subarray(1, 1 + size)]);
    if (format === 'hybrid') return joined([Uint8Array.of(6 + odd), point.subarray(1)]);
    throw coded(TypeError, 'ERR_CRYPTO_ECDH_INVALID_FORMAT', `Invalid ECDH format: ${format}`);
}

export class ECDH {
    #curve;
    #key;

    constructor(curve) {
        if (typeof curve !== 'string') throw badType('curve', 'of type string', curve);
        this.#curve = checkedCurve(curve);
    }

    #own(what) {
        if (!this.#key) throw coded(Error, 'ERR_CRYPTO_OPERATION_FAILED', `Failed to get ECDH ${what} key`);
        return this.#key;
    }

    generateKeys(encoding, format) {
        this.#key = newCurveKey('ec', this.#curve);
        return this.getPublicKey(encoding, format);
    }

    computeSecret(otherPublicKey, inputEncoding, outputEncoding) {
        const point = bytesOf(otherPublicKey, 'otherPublicKey', inputEncoding);
        return encoded(tryCall(agreeCall(this.#own('private'), point), badPoint), outputEncoding);
    }

    getPublicKey(encoding, format) {
        return encoded(compressed(keys.pointOf(this.#own('public')), format), encoding);
    }

    getPrivateKey(encoding) {
        return encoded(this.#own('private').secret, encoding);
    }

    setPrivateKey(key, encoding) {
        const secret = bytesOf(key, 'key', encoding);
        const bad = () => coded(Error, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Private key is not valid for specified curve.');
        if (secret.length > this.#curve.size) throw bad();
        const padded = new Uint8Array(this.#curve.size);
        padded.set(secret, padded.length - secret.length);
        const own = { type: 'private', kind: 'ec', curve: this.#curve, secret: padded };
        try {
            keys.pointOf(own);
        } catch (error) {
            throw error.hostCode === 'bad_key' ? bad() : error;
        }
        this.#key = own;
    }
}

export const createECDH = (curve) => new ECDH(curve);
export const getCurves = () => ['prime256v1', 'secp256k1', 'secp384r1', 'secp521r1'];
