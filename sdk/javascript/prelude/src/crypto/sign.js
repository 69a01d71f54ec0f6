/** createSign, createVerify, sign, verify: the work is the host's. */
import { base64, bytesOf, call, callSync, dataOf, encoded, fromBase64, joined, viewOf } from './backend.js';
import { constants } from './constants.js';
import { badType, badValue, checkFunction, checkString, coded, openssl, unsupported } from './errors.js';
import { hashName } from './hash.js';
import { privateKey, publicKey } from './key_object.js';
import { forHost } from './keys.js';
import * as der from './der.js';

const HOST_HASHES = ['sha1', 'sha256', 'sha384', 'sha512'];

function hostHash(name) {
    if (!HOST_HASHES.includes(name)) throw unsupported(`a signature with ${name}`);
    return name;
}

/** What the host calls the way to sign with a key; `hash` is ours, or undefined for the key's own. */
export function schemeOf(key, hash, { padding, saltLength } = {}, signing = false) {
    if (key.kind === 'ed25519') {
        if (hash) throw openssl('1C80007A', 'Provider routines', 'invalid digest');
        return { name: 'ed25519' };
    }
    if (key.kind === 'x25519') {
        throw openssl('03000096', 'digital envelope routines', 'operation not supported for this keytype', 'EVP_');
    }
    if (key.kind === 'ec') return { name: 'ecdsa', hash: hostHash(hash ?? 'sha256'), curve: key.curve.name };
    const usedPadding = padding ?? (key.kind === 'rsa-pss' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING);
    if (usedPadding === constants.RSA_PKCS1_PADDING) return { name: 'rsa_pkcs1', hash: hostHash(hash ?? 'sha256') };
    if (usedPadding !== constants.RSA_PKCS1_PSS_PADDING) throw unsupported('this padding of a signature');
    return { name: 'rsa_pss', hash: hostHash(hash ?? 'sha256'), salt: saltOf(saltLength, signing) };
}

function saltOf(length, signing) {
    if (length === undefined || length === constants.RSA_PSS_SALTLEN_AUTO) return signing ? 'max' : 'auto';
    return length === constants.RSA_PSS_SALTLEN_DIGEST ? 'digest' : length;
}

/** An ECDSA signature in DER as two numbers one after the other. */
export function toP1363(signature, size) {
    const numbers = new der.Reader(signature).inside();
    return joined([der.padded(numbers.number(), size), der.padded(numbers.number(), size)]);
}

/** The other way; undefined when the length is wrong. */
export function fromP1363(signature, size) {
    if (signature.length !== 2 * size) return undefined;
    return der.sequence(der.integer(signature.subarray(0, size)), der.integer(signature.subarray(size)));
}

function encodingOf(options) {
    const { dsaEncoding } = options;
    if (dsaEncoding === undefined || dsaEncoding === 'der') return 'der';
    if (dsaEncoding === 'ieee-p1363') return 'ieee-p1363';
    throw badValue('options.dsaEncoding', dsaEncoding);
}

/** The part of a key argument that says how to sign. */
const optionsOf = (key) => (key !== null && typeof key === 'object' && !ArrayBuffer.isView(key) ? key : {});

function signCall(hash, data, input) {
    const options = optionsOf(input);
    const key = privateKey(input);
    const encoding = encodingOf(options);
    const request = { type: 'crypto.sign', scheme: schemeOf(key, hash, options, true), key: forHost(key), data: base64(data) };
    const read = ({ signature }) => {
        const bytes = fromBase64(signature);
        return key.kind === 'ec' && encoding === 'ieee-p1363' ? toP1363(bytes, key.curve.size) : bytes;
    };
    return { request, read };
}

function verifyCall(hash, data, input, signature) {
    const options = optionsOf(input);
    const key = publicKey(input);
    const p1363 = key.kind === 'ec' && encodingOf(options) === 'ieee-p1363';
    const bytes = p1363 ? fromP1363(signature, key.curve.size) : signature;
    const scheme = schemeOf(key, hash, options);
    const request = { type: 'crypto.verify', scheme, key: forHost(key), data: base64(data), signature: base64(bytes ?? signature) };
    return { request, read: ({ valid }) => valid };
}

class Signer {
    #hash;
    #chunks = [];

    constructor(algorithm) {
        checkString(algorithm, 'algorithm');
        this.#hash = hashName(algorithm);
        if (!this.#hash) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest');
    }

    update(data, encoding) {
        this.#chunks.push(dataOf(data, 'data', encoding).slice());
        return this;
    }

    write(data, encoding) {
        this.update(data, encoding);
        return true;
    }

    end(data, encoding) {
        if (data !== undefined && data !== null) this.update(data, encoding);
        return this;
    }

    /** The hash and what was given so far. */
    static parts(signer) {
        return [signer.#hash, joined(signer.#chunks.length ? signer.#chunks : [new Uint8Array(0)])];
    }
}

export class Sign extends Signer {
    sign(options, encoding) {
        if (!options) throw coded(Error, 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
        const { request, read } = signCall(...Signer.parts(this), options);
        return encoded(read(callSync(request)), encoding);
    }
}

export class Verify extends Signer {
    verify(options, signature, encoding) {
        const bytes = bytesOf(signature, 'signature', encoding);
        const { request, read } = verifyCall(...Signer.parts(this), options, bytes);
        return read(callSync(request));
    }
}

export const createSign = (algorithm) => new Sign(algorithm);
export const createVerify = (algorithm) => new Verify(algorithm);

function oneShotHash(algorithm) {
    if (algorithm === null || algorithm === undefined) return undefined;
    checkString(algorithm, 'algorithm');
    const hash = hashName(algorithm);
    if (!hash) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${algorithm}`);
    return hash;
}

function answer({ request, read }, callback) {
    if (callback === undefined) return read(callSync(request));
    call(request).then((result) => callback(null, read(result)), callback);
    return undefined;
}

export function sign(algorithm, data, key, callback) {
    if (callback !== undefined) checkFunction(callback, 'callback');
    const bytes = bytesOf(data, 'data');
    if (!key) throw coded(Error, 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
    const prepared = signCall(oneShotHash(algorithm), bytes, key);
    return answer({ ...prepared, read: (result) => encoded(prepared.read(result)) }, callback);
}

export function verify(algorithm, data, key, signature, callback) {
    if (callback !== undefined) checkFunction(callback, 'callback');
    const bytes = bytesOf(data, 'data');
    const signed = viewOf(signature);
    if (!signed) throw badType('signature', 'an instance of Buffer, TypedArray, or DataView', signature);
    return answer(verifyCall(oneShotHash(algorithm), bytes, key, signed), callback);
}
