/** What Web Crypto takes as an algorithm: names in any case, the members that each needs. */
import { DOMException } from '../web/errors.js';
import { viewOf } from './backend.js';
import { coded } from './errors.js';

/** A DOMException. */
export const domError = (message, name) => new DOMException(message, name);

/** Dictionaries by their name: members in order, with `!` behind those that are required. */
const DICTIONARIES = {
    AesGcmParams: ['additionalData', 'iv!', 'tagLength'],
    AesCbcParams: ['iv!'],
    AesCtrParams: ['counter!', 'length!'],
    AesKeyGenParams: ['length!'],
    AesDerivedKeyParams: ['length!'],
    HmacImportParams: ['hash!', 'length'],
    HmacKeyGenParams: ['hash!', 'length'],
    RsaHashedImportParams: ['hash!'],
    RsaHashedKeyGenParams: ['modulusLength!', 'publicExponent!', 'hash!'],
    RsaOaepParams: ['label'],
    RsaPssParams: ['saltLength!'],
    EcdsaParams: ['hash!'],
    EcKeyImportParams: ['namedCurve!'],
    EcKeyGenParams: ['namedCurve!'],
    EcdhKeyDeriveParams: ['public!'],
    HkdfParams: ['hash!', 'info!', 'salt!'],
    Pbkdf2Params: ['hash!', 'iterations!', 'salt!'],
};

const AES = { generateKey: 'AesKeyGenParams', importKey: null, 'get key length': 'AesDerivedKeyParams' };
const SIGNS = { sign: null, verify: null };
const RSA = { generateKey: 'RsaHashedKeyGenParams', importKey: 'RsaHashedImportParams' };
const EC = { generateKey: 'EcKeyGenParams', importKey: 'EcKeyImportParams' };
const crypts = (params) => ({ encrypt: params, decrypt: params, wrapKey: params });

/** What each algorithm can do, and the dictionary that it takes there. */
const ALGORITHMS = {
    'SHA-1': { digest: null },
    'SHA-256': { digest: null },
    'SHA-384': { digest: null },
    'SHA-512': { digest: null },
    'RSASSA-PKCS1-v1_5': { ...SIGNS, ...RSA },
    'RSA-PSS': { sign: 'RsaPssParams', verify: 'RsaPssParams', ...RSA },
    'RSA-OAEP': { ...crypts('RsaOaepParams'), ...RSA },
    ECDSA: { sign: 'EcdsaParams', verify: 'EcdsaParams', ...EC },
    ECDH: { deriveBits: 'EcdhKeyDeriveParams', ...EC },
    Ed25519: { ...SIGNS, generateKey: null, importKey: null },
    X25519: { deriveBits: 'EcdhKeyDeriveParams', generateKey: null, importKey: null },
    'AES-CTR': { ...crypts('AesCtrParams'), ...AES },
    'AES-CBC': { ...crypts('AesCbcParams'), ...AES },
    'AES-GCM': { ...crypts('AesGcmParams'), ...AES },
    'AES-KW': { wrapKey: null, ...AES },
    HMAC: { ...SIGNS, generateKey: 'HmacKeyGenParams', importKey: 'HmacImportParams', 'get key length': 'HmacImportParams' },
    HKDF: { deriveBits: 'HkdfParams', importKey: null, 'get key length': null },
    PBKDF2: { deriveBits: 'Pbkdf2Params', importKey: null, 'get key length': null },
};
const BY_LOWER = new Map(Object.keys(ALGORITHMS).map((name) => [name.toLowerCase(), name]));

const unknown = () => domError('Unrecognized algorithm name', 'NotSupportedError');

const isObject = (value) => (value !== null && typeof value === 'object') || typeof value === 'function';

/** The algorithm with its proper name and copies of its members. */
export function normalized(algorithm, operation) {
    const given = isObject(algorithm) ? algorithm : { name: String(algorithm) };
    if (isObject(algorithm) && given.name === undefined) throw missing('Algorithm', 'name');
    const name = BY_LOWER.get(String(given.name).toLowerCase());
    const operations = name && ALGORITHMS[name];
    if (!operations || !Object.hasOwn(operations, operation)) throw unknown();
    const dictionary = operations[operation];
    const out = { name };
    if (!dictionary) return out;
    for (const entry of DICTIONARIES[dictionary]) {
        const member = entry.replace('!', '');
        if (given[member] !== undefined) out[member] = converted(member, given[member], dictionary);
        else if (entry !== member) throw missing(dictionary, member);
    }
    check(out);
    return out;
}

function missing(dictionary, member) {
    const message = `Failed to normalize algorithm: passed algorithm can not be converted to '${dictionary}' because '${member}' is required in '${dictionary}'.`;
    return coded(TypeError, 'ERR_MISSING_OPTION', message);
}

function converted(member, value, dictionary) {
    switch (member) {
        case 'hash':
            return normalized(value, 'digest');
        case 'iv':
        case 'counter':
        case 'additionalData':
        case 'label':
        case 'salt':
        case 'info':
        case 'publicExponent': {
            const bytes = viewOf(value);
            if (bytes) return bytes.slice();
            const message = `Failed to normalize algorithm: '${member}' of '${dictionary}' (passed algorithm) is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.`;
            throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', message);
        }
        case 'namedCurve':
            return String(value);
        case 'public':
            return value;
        default:
            return Number(value);
    }
}

const exactly = (bytes, length, what) => {
    if (bytes.length !== length) throw domError(`${what} must contain exactly ${length} bytes`, 'OperationError');
};

function check(algorithm) {
    const { name, iv, counter, length, tagLength, namedCurve } = algorithm;
    if (name === 'AES-CBC' && iv) exactly(iv, 16, 'algorithm.iv');
    if (name === 'AES-CTR' && counter) {
        exactly(counter, 16, 'algorithm.counter');
        if (!(length >= 1 && length <= 128)) throw domError('AES-CTR algorithm.length must be between 1 and 128', 'OperationError');
    }
    if (tagLength !== undefined && ![32, 64, 96, 104, 112, 120, 128].includes(tagLength)) {
        throw domError(`${tagLength} is not a valid AES-GCM tag length`, 'OperationError');
    }
    if (namedCurve !== undefined && !['P-256', 'P-384', 'P-521'].includes(namedCurve)) {
        throw domError('Unrecognized namedCurve', 'NotSupportedError');
    }
}

/** A format of keys, or Node's error. */
export function required(what, value) {
    if (['raw', 'pkcs8', 'spki', 'jwk'].includes(value)) return;
    const message = `Failed to execute 'importKey' on 'SubtleCrypto': 1st argument value '${value}' is not a valid enum value of type KeyFormat.`;
    throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', message);
}
