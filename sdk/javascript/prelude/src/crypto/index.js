/** Everything under `crypto`: the global, and Node's module. */
import { keepNames } from '../node/index.js';
import { DOMException } from '../web/errors.js';
import { connect, random, viewOf } from './backend.js';
import * as asymmetric from './asymmetric.js';
import * as cipher from './cipher.js';
import { constants } from './constants.js';
import { coded, unsupported } from './errors.js';
import * as hash from './hash.js';
import * as kdf from './kdf.js';
import * as keyObjects from './key_object.js';
import * as randoms from './random.js';
import * as signing from './sign.js';
import { CryptoKey, subtle, SubtleCrypto } from './webcrypto.js';

const INTEGERS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array];
let constructing = true;

/** The class of the global `crypto`. */
class Crypto {
    constructor() {
        if (!constructing) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    }

    get subtle() {
        return subtle;
    }

    getRandomValues(array) {
        checkThis(this);
        if (arguments.length === 0) {
            const message = "Failed to execute 'getRandomValues' on 'Crypto': 1 argument required, but only 0 present.";
            throw coded(TypeError, 'ERR_MISSING_ARGS', message);
        }
        if (!INTEGERS.some((Class) => array instanceof Class)) {
            throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
        }
        if (array.byteLength > 65536) {
            throw new DOMException('The requested length exceeds 65,536 bytes', 'QuotaExceededError');
        }
        viewOf(array).set(random(array.byteLength));
        return array;
    }

    randomUUID() {
        checkThis(this);
        return randoms.randomUUID();
    }
}
Object.defineProperty(Crypto.prototype, Symbol.toStringTag, { configurable: true, value: 'Crypto' });
for (const name of ['subtle', 'getRandomValues', 'randomUUID']) {
    Object.defineProperty(Crypto.prototype, name, { enumerable: true });
}

/** The global `crypto`. */
export const webcrypto = new Crypto();
constructing = false;

function checkThis(value) {
    if (value !== webcrypto) throw coded(TypeError, 'ERR_INVALID_THIS', 'Value of "this" must be of type Crypto');
}

const refuse = (name) =>
    function refused() {
        throw unsupported(`crypto.${name}`);
    };
const REFUSED = [
    'checkPrime', 'checkPrimeSync', 'createDiffieHellman', 'createDiffieHellmanGroup', 'getDiffieHellman', 'generatePrime',
    'generatePrimeSync', 'privateEncrypt', 'publicDecrypt', 'setEngine', 'DiffieHellman', 'DiffieHellmanGroup',
    'Certificate', 'X509Certificate',
];

/** Node's module `crypto`. */
export const nodeCrypto = {
    createCipheriv: cipher.createCipheriv,
    createDecipheriv: cipher.createDecipheriv,
    createECDH: asymmetric.createECDH,
    createHash: hash.createHash,
    createHmac: hash.createHmac,
    createPrivateKey: keyObjects.createPrivateKey,
    createPublicKey: keyObjects.createPublicKey,
    createSecretKey: keyObjects.createSecretKey,
    createSign: signing.createSign,
    createVerify: signing.createVerify,
    diffieHellman: asymmetric.diffieHellman,
    getCiphers: cipher.getCiphers,
    getCipherInfo: cipher.getCipherInfo,
    getCurves: asymmetric.getCurves,
    getHashes: hash.getHashes,
    hkdf: kdf.hkdf,
    hkdfSync: kdf.hkdfSync,
    pbkdf2: kdf.pbkdf2,
    pbkdf2Sync: kdf.pbkdf2Sync,
    generateKeyPair: asymmetric.generateKeyPair,
    generateKeyPairSync: asymmetric.generateKeyPairSync,
    generateKey: asymmetric.generateKey,
    generateKeySync: asymmetric.generateKeySync,
    privateDecrypt: asymmetric.privateDecrypt,
    publicEncrypt: asymmetric.publicEncrypt,
    randomBytes: randoms.randomBytes,
    randomFill: randoms.randomFill,
    randomFillSync: randoms.randomFillSync,
    randomInt: randoms.randomInt,
    randomUUID: randoms.randomUUID,
    scrypt: kdf.scrypt,
    scryptSync: kdf.scryptSync,
    sign: signing.sign,
    timingSafeEqual: hash.timingSafeEqual,
    getFips: () => 0,
    setFips: refuse('setFips'),
    verify: signing.verify,
    hash: hash.hash,
    Cipheriv: cipher.Cipheriv,
    Decipheriv: cipher.Decipheriv,
    ECDH: asymmetric.ECDH,
    Hash: hash.Hash,
    Hmac: hash.Hmac,
    KeyObject: keyObjects.KeyObject,
    Sign: signing.Sign,
    Verify: signing.Verify,
    secureHeapUsed: () => ({ total: 0, used: 0, utilization: 0, min: 0 }),
    constants,
    webcrypto,
    subtle,
    getRandomValues: (array) => webcrypto.getRandomValues(array),
};
for (const name of REFUSED) nodeCrypto[name] = refuse(name);
// Deprecated, and on their way out of Node: there, and not enumerable.
for (const name of ['prng', 'pseudoRandomBytes', 'rng']) {
    Object.defineProperty(nodeCrypto, name, { value: randoms.randomBytes, configurable: true, writable: true });
}
for (const name of ['createCipher', 'createDecipher']) {
    Object.defineProperty(nodeCrypto, name, { value: refuse(name), configurable: true, writable: true });
}

keepNames(nodeCrypto);

nodeCrypto.generateKeyPair[Symbol.for('nodejs.util.promisify.custom')] = function generateKeyPair(type, options) {
    return new Promise((resolve, reject) => {
        const done = (error, publicKey, privateKey) => (error ? reject(error) : resolve({ publicKey, privateKey }));
        asymmetric.generateKeyPair(type, options, done);
    });
};

/**
 * Puts `crypto`, `Crypto`, `CryptoKey` and `SubtleCrypto` on the global object.
 */
export function install(target, host) {
    connect(host);
    const hidden = { enumerable: false, configurable: true, writable: true };
    Object.defineProperty(target, 'crypto', { get: () => webcrypto, set: undefined, enumerable: true, configurable: true });
    for (const [name, value] of Object.entries({ Crypto, CryptoKey, SubtleCrypto })) {
        Object.defineProperty(target, name, { value, ...hidden });
    }
}
