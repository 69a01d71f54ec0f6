/** Keys of Web Crypto from and to what they are exchanged as. */
import { Buffer } from '../node/buffer/index.js';
import { DOMException } from '../web/errors.js';
import { buffer, viewOf } from './backend.js';
import { bitLength } from './key_object.js';
import * as keys from './keys.js';
import { domError } from './webcrypto_algorithms.js';

const SIGNING = { public: ['verify'], private: ['sign'] };
const AGREEING = { public: [], private: ['deriveKey', 'deriveBits'] };

/** What a key of each algorithm may be used for. */
const PAIRS = {
    'RSASSA-PKCS1-v1_5': { kind: 'rsa', ...SIGNING },
    'RSA-PSS': { kind: 'rsa', ...SIGNING },
    'RSA-OAEP': { kind: 'rsa', public: ['encrypt', 'wrapKey'], private: ['decrypt', 'unwrapKey'] },
    ECDSA: { kind: 'ec', ...SIGNING },
    ECDH: { kind: 'ec', ...AGREEING },
    Ed25519: { kind: 'ed25519', ...SIGNING },
    X25519: { kind: 'x25519', ...AGREEING },
};
const SECRETS = {
    HMAC: ['sign', 'verify'],
    'AES-KW': ['wrapKey', 'unwrapKey'],
    HKDF: ['deriveKey', 'deriveBits'],
    PBKDF2: ['deriveKey', 'deriveBits'],
};
const AES_USES = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];

function invalid(message = 'Invalid keyData', cause = undefined) {
    const error = domError(message, 'DataError');
    if (cause) Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
    return error;
}

function subject(name) {
    if (name.startsWith('RSA') || name === 'HMAC') return `an ${name} key`;
    return name.startsWith('AES') ? 'an AES key' : `a ${name} key`;
}

function checkUsages(name, usages, allowed) {
    if (usages.every((usage) => allowed.includes(usage))) return;
    throw domError(`Unsupported key usage for ${subject(name)}`, 'SyntaxError');
}

const unsupportedFormat = (format, name) => domError(`Unable to import ${name} key using ${format} format`, 'NotSupportedError');

/** The material of a key to import, and the algorithm as the key is to show it. */
export function importKeyData(format, data, algorithm, extractable, usages) {
    const pair = PAIRS[algorithm.name];
    return pair ? importPair(format, data, algorithm, extractable, usages, pair) : importSecret(format, data, algorithm, extractable, usages);
}

function importSecret(format, data, algorithm, extractable, usages) {
    const { name, hash } = algorithm;
    if (name === 'HKDF' || name === 'PBKDF2') {
        if (extractable) throw domError(`${name} keys are not extractable`, 'SyntaxError');
        checkUsages(name, usages, SECRETS[name]);
        if (format !== 'raw') throw unsupportedFormat(format, name);
        return { material: viewOf(data).slice(), described: { name } };
    }
    checkUsages(name, usages, SECRETS[name] ?? AES_USES);
    if (format !== 'raw' && format !== 'jwk') throw unsupportedFormat(format, name);
    const material = format === 'raw' ? viewOf(data).slice() : fromSecretJwk(data, algorithm, extractable, usages);
    if (name === 'HMAC') {
        if (material.length === 0) throw invalid('Zero-length key is not supported');
        const length = material.length * 8;
        if (algorithm.length !== undefined && algorithm.length !== length) throw invalid('Invalid key length');
        return { material, described: { name, hash, length } };
    }
    if (![16, 24, 32].includes(material.length)) throw invalid('Invalid key length');
    return { material, described: { name, length: material.length * 8 } };
}

function checkJwk(jwk, extractable, usages, use) {
    if (jwk === null || typeof jwk !== 'object') throw invalid();
    if (jwk.use !== undefined && usages.length > 0 && jwk.use !== use) throw invalid('Invalid JWK "use" Parameter');
    if (jwk.key_ops !== undefined) {
        const known = Array.isArray(jwk.key_ops) && usages.every((usage) => jwk.key_ops.includes(usage));
        if (!known) throw invalid('Key operations and usage mismatch');
    }
    if (jwk.ext === false && extractable) throw invalid('JWK "ext" Parameter and extractable mismatch');
}

const HMAC_NAMES = { 'SHA-1': 'HS1', 'SHA-256': 'HS256', 'SHA-384': 'HS384', 'SHA-512': 'HS512' };
const aesName = ({ name }, bytes) => `A${bytes * 8}${name === 'AES-KW' ? 'KW' : name.slice(4)}`;

function fromSecretJwk(jwk, algorithm, extractable, usages) {
    const signs = algorithm.name === 'HMAC';
    checkJwk(jwk, extractable, usages, signs ? 'sig' : 'enc');
    if (jwk.kty !== 'oct') throw invalid('Invalid JWK "kty" Parameter');
    if (typeof jwk.k !== 'string') throw invalid(undefined, new TypeError('Invalid JWK secret key format'));
    const bytes = viewOf(Buffer.from(jwk.k, 'base64url'));
    const wanted = signs ? HMAC_NAMES[algorithm.hash.name] : aesName(algorithm, bytes.length);
    if (jwk.alg !== undefined && jwk.alg !== wanted) throw invalid('JWK "alg" does not match the requested algorithm');
    return bytes;
}

const RSA_NAMES = {
    'RSASSA-PKCS1-v1_5': { 'SHA-1': 'RS1', 'SHA-256': 'RS256', 'SHA-384': 'RS384', 'SHA-512': 'RS512' },
    'RSA-PSS': { 'SHA-1': 'PS1', 'SHA-256': 'PS256', 'SHA-384': 'PS384', 'SHA-512': 'PS512' },
    'RSA-OAEP': { 'SHA-1': 'RSA-OAEP', 'SHA-256': 'RSA-OAEP-256', 'SHA-384': 'RSA-OAEP-384', 'SHA-512': 'RSA-OAEP-512' },
};

function importPair(format, data, algorithm, extractable, usages, pair) {
    const { name, namedCurve, hash } = algorithm;
    const type = format === 'pkcs8' || (format === 'jwk' && data?.d !== undefined) ? 'private' : 'public';
    let material;
    if (format === 'jwk') {
        checkJwk(data, extractable, usages, name === 'RSA-OAEP' || pair.private.includes('deriveKey') ? 'enc' : 'sig');
        checkKind(data, pair, algorithm);
    }
    checkUsages(name, usages, pair[type]);
    try {
        material = readPair(format, data, algorithm, type, pair);
    } catch (cause) {
        throw cause instanceof DOMException ? cause : invalid(undefined, cause);
    }
    if (material.kind !== pair.kind && !(pair.kind === 'rsa' && material.rsa)) throw invalid('Invalid key type');
    if (namedCurve && material.curve.jwk !== namedCurve) throw invalid('Named curve mismatch');
    if (material.rsa) {
        const described = { name, modulusLength: bitLength(material.rsa.n), publicExponent: material.rsa.e.slice(), hash };
        return { material, described };
    }
    return { material, described: namedCurve ? { name, namedCurve } : { name } };
}

function checkKind(jwk, pair, { name, namedCurve, hash }) {
    const kty = { rsa: 'RSA', ec: 'EC' }[pair.kind] ?? 'OKP';
    if (jwk.kty !== kty) throw invalid('Invalid JWK "kty" Parameter');
    if (pair.kind === 'ec' && jwk.crv !== namedCurve) throw invalid('JWK "crv" does not match the requested algorithm');
    if (kty === 'OKP' && jwk.crv !== name) throw invalid('JWK "crv" Parameter and algorithm name mismatch');
    if (pair.kind === 'rsa' && jwk.alg !== undefined && jwk.alg !== RSA_NAMES[name][hash.name]) {
        throw invalid('JWK "alg" does not match the requested algorithm');
    }
}

function readPair(format, data, { name, namedCurve }, type, pair) {
    switch (format) {
        case 'spki':
            return keys.readSpki(viewOf(data));
        case 'pkcs8':
            return keys.readPkcs8(viewOf(data));
        case 'jwk':
            return keys.readJwk(data, type);
        default: {
            if (pair.kind === 'rsa') throw unsupportedFormat(format, name);
            const point = viewOf(data).slice();
            if (pair.kind !== 'ec') {
                if (point.length !== 32) throw invalid();
                return { type: 'public', kind: pair.kind, point };
            }
            const curve = keys.curveOf(namedCurve);
            if (point[0] !== 4 || point.length !== 1 + 2 * curve.size) throw invalid();
            return { type: 'public', kind: 'ec', curve, point };
        }
    }
}

const cannotExport = (key, format) => domError(`Unable to export a raw ${key.algorithm.name} ${key.type} key`.replace('raw', format), 'InvalidAccessError');

/** A key as it is exchanged. */
export function exportKeyData(format, key, material) {
    const secret = material instanceof Uint8Array;
    if (format === 'jwk') return toJwk(key, material, secret);
    let bytes;
    if (format === 'raw') {
        if (secret) bytes = material;
        else if (key.type === 'public' && !material.rsa) bytes = keys.pointOf(material);
    }
    if (format === 'spki' && key.type === 'public') bytes = keys.writeSpki(material);
    if (format === 'pkcs8' && key.type === 'private') bytes = keys.writePkcs8(material);
    if (!bytes) throw cannotExport(key, format);
    return bytes.slice().buffer;
}

function toJwk(key, material, secret) {
    const { name, hash } = key.algorithm;
    const jwk = { key_ops: key.usages, ext: key.extractable };
    if (!secret) Object.assign(jwk, keys.writeJwk(material));
    else Object.assign(jwk, { kty: 'oct', k: buffer(material).toString('base64url') });
    if (name === 'HMAC') jwk.alg = HMAC_NAMES[hash.name];
    else if (secret) jwk.alg = aesName(key.algorithm, material.length);
    else if (name === 'Ed25519') jwk.alg = name;
    else if (material.rsa) jwk.alg = RSA_NAMES[name][hash.name];
    return jwk;
}

