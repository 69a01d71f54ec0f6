/** KeyObject, and the ways to one: createSecretKey, createPrivateKey, createPublicKey. */
import { Buffer } from '../node/buffer/index.js';
import { buffer, bytesOf, viewOf } from './backend.js';
import { badType, badValue, checkObject, coded, openssl, unreadableKey } from './errors.js';
import * as der from './der.js';
import { Reader } from './der.js';
import * as keys from './keys.js';
import { encryptPkcs8, decryptPkcs8, decryptLegacy } from './key_encryption.js';

const materials = new WeakMap();

/** What a KeyObject or a CryptoKey holds: bytes of a secret, or a key of `keys.js`. */
export const materialOf = (key) => materials.get(key);

/** Gives an object its key material; CryptoKey uses it too. */
export const setMaterial = (object, material) => materials.set(object, material);

/** Whether a value is a KeyObject or a CryptoKey. */
export const isKey = (value) => value !== null && typeof value === 'object' && materials.has(value);

/** The bytes of a secret key. */
export function secretBytes(key) {
    const material = materials.get(key);
    if (!(material instanceof Uint8Array)) throw wrongType(material.type, 'secret');
    return material;
}

export function wrongType(type, expected) {
    const message = `Invalid key object type ${type}, expected ${expected}.`;
    return coded(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', message);
}

export class KeyObject {
    #type;

    constructor(type, handle) {
        if (type !== 'secret' && type !== 'public' && type !== 'private') throw badValue('type', type);
        if (!(handle instanceof Material)) throw badType('handle', 'of type object', handle);
        this.#type = type;
        materials.set(this, handle.key);
    }

    get type() {
        return this.#type;
    }

    static from(key) {
        if (!isKey(key) || key instanceof KeyObject) throw badType('key', 'an instance of CryptoKey', key);
        return keyObject(materialOf(key));
    }

    equals(other) {
        if (!(other instanceof KeyObject)) throw badType('otherKeyObject', 'an instance of KeyObject', other);
        if (other.type !== this.type) return false;
        const bytes = (key) => {
            const material = materialOf(key);
            return buffer(material instanceof Uint8Array ? material : derOf(material));
        };
        return bytes(this).equals(bytes(other));
    }
}
Object.defineProperty(KeyObject.prototype, Symbol.toStringTag, { configurable: true, value: 'KeyObject' });

/** What only we can hand to the constructor. */
class Material {
    constructor(key) {
        this.key = key;
    }
}

const derOf = (key) => (key.type === 'private' ? keys.writePkcs8(key) : keys.writeSpki(key));

export class SecretKeyObject extends KeyObject {
    get symmetricKeySize() {
        return materialOf(this).length;
    }

    export(options) {
        if (options !== undefined) {
            checkObject(options, 'options');
            const { format } = options;
            if (format === 'jwk') return { kty: 'oct', k: buffer(materialOf(this)).toString('base64url') };
            if (format !== undefined && format !== 'buffer') throw badValue('options.format', format, "must be one of: undefined, 'buffer', 'jwk'");
        }
        return Buffer.from(materialOf(this));
    }
}

class AsymmetricKeyObject extends KeyObject {
    get asymmetricKeyType() {
        return materialOf(this).kind;
    }

    get asymmetricKeyDetails() {
        const { rsa, curve } = materialOf(this);
        if (rsa) return { modulusLength: bitLength(rsa.n), publicExponent: BigInt(`0x${buffer(rsa.e).toString('hex')}`) };
        return curve ? { namedCurve: curve.openssl } : {};
    }
}

export const bitLength = (number) => number.length * 8 - Math.clz32(number[0]) + 24;

export class PublicKeyObject extends AsymmetricKeyObject {
    export(options) {
        const key = materialOf(this);
        if (options?.format === 'jwk') return keys.writeJwk(key);
        const { format, type } = exportOptions(options, key, ['pkcs1', 'spki']);
        const pkcs1 = type === 'pkcs1';
        const bytes = pkcs1 ? keys.writeRsaPublic(key) : keys.writeSpki(key);
        return format === 'der' ? buffer(bytes) : der.writePem(pkcs1 ? 'RSA PUBLIC KEY' : 'PUBLIC KEY', bytes);
    }
}

export class PrivateKeyObject extends AsymmetricKeyObject {
    export(options) {
        const key = materialOf(this);
        if (options?.format === 'jwk') return keys.writeJwk(key);
        const { format, type } = exportOptions(options, key, ['pkcs1', 'pkcs8', 'sec1']);
        if (options.cipher != null) {
            if (type !== 'pkcs8') throw coded(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', `The selected key encoding ${type} does not support encryption.`);
            const bytes = encryptPkcs8(keys.writePkcs8(key), options.cipher, options.passphrase);
            return format === 'der' ? buffer(bytes) : der.writePem('ENCRYPTED PRIVATE KEY', bytes);
        }
        const [label, bytes] = {
            pkcs1: () => ['RSA PRIVATE KEY', keys.writeRsaPrivate(key)],
            sec1: () => ['EC PRIVATE KEY', keys.writeEcPrivate(key)],
            pkcs8: () => ['PRIVATE KEY', keys.writePkcs8(key)],
        }[type]();
        return format === 'der' ? buffer(bytes) : der.writePem(label, bytes);
    }
}

function exportOptions(options, key, types) {
    checkObject(options, 'options');
    const { format, type } = options;
    if (format !== 'pem' && format !== 'der') throw badValue('options.format', format);
    if (!types.includes(type)) throw badValue('options.type', type);
    const only = (kind, name) => {
        const message = `The selected key encoding ${type} can only be used for ${name} keys.`;
        if (key.kind !== kind) throw coded(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', message);
    };
    if (type === 'pkcs1') only('rsa', 'RSA');
    if (type === 'sec1') only('ec', 'EC');
    return { format, type };
}

/** The KeyObject of a key. */
export function keyObject(material) {
    const handle = new Material(material);
    if (material instanceof Uint8Array) return new SecretKeyObject('secret', handle);
    return material.type === 'private' ? new PrivateKeyObject('private', handle) : new PublicKeyObject('public', handle);
}

export function createSecretKey(key, encoding) {
    if (typeof key === 'string') return keyObject(viewOf(Buffer.from(key, encoding)));
    const bytes = viewOf(key);
    if (!bytes) throw badType('key', 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', key);
    return keyObject(bytes.slice());
}

export const createPrivateKey = (key) => keyObject(privateKey(key, true));

export function createPublicKey(key) {
    return keyObject(publicKey(key, true));
}

const KINDS = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey';
const PLAIN_KINDS = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView';

/** The key of an argument that may be text, bytes, a key, or an object around one of these. */
function given(input, creating) {
    let options = {};
    let key = input;
    if (isKey(input)) return { key, options };
    const isText = (value) => typeof value === 'string' || viewOf(value) !== undefined;
    const wanted = creating ? PLAIN_KINDS : KINDS;
    if (!isText(input)) {
        if (input === null || typeof input !== 'object') throw badType('key', wanted, input);
        options = input;
        key = input.key;
        if (options.format === 'jwk') {
            if (key === null || typeof key !== 'object') throw badType('key.key', 'of type object', key);
            return { key, options };
        }
        if (!isKey(key) && !isText(key)) throw badType('key.key', wanted, key);
    }
    return { key, options };
}

/** A private key from what is handed to `sign`, `privateDecrypt` and others. */
export function privateKey(input, creating = false) {
    const { key, options } = given(input, creating);
    if (isKey(key)) {
        const material = materialOf(key);
        if (creating) throw wrongType(key.type, 'a different type');
        if (material.type !== 'private') throw wrongType(key.type, 'private');
        return material;
    }
    if (options.format === 'jwk') return keys.readJwk(key, 'private');
    return orUnreadable(() => readPrivate(textOrDer(key, options), options));
}

/** A public key; a private one stands for its public half. */
export function publicKey(input, creating = false) {
    const { key, options } = given(input, creating);
    if (isKey(key)) {
        const material = materialOf(key);
        if (material instanceof Uint8Array) throw wrongType('secret', creating ? 'private' : 'private or public');
        if (creating && material.type === 'public') throw wrongType('public', 'private');
        return keys.publicOf(material);
    }
    if (options.format === 'jwk') return keys.publicOf(keys.readJwk(key, 'public'));
    return readPublic(textOrDer(key, options), options);
}

/** `{label?, bytes}` of what is PEM, or DER when an option says so. */
function textOrDer(key, { format, type, encoding }) {
    if (format !== undefined && format !== 'pem' && format !== 'der') throw badValue('key.format', format);
    if (format === 'der') {
        const bytes = bytesOf(key, 'key', encoding);
        if (type === undefined) throw badValue('key.type', type);
        return { headers: {}, type, bytes };
    }
    const pem = der.readPem(typeof key === 'string' && !encoding ? key : buffer(bytesOf(key, 'key', encoding)).toString());
    if (!pem) throw unreadableKey();
    return pem;
}

function readPrivate({ label, headers, type, bytes }, { passphrase }) {
    if (label === 'ENCRYPTED PRIVATE KEY') return keys.readPkcs8(decryptPkcs8(bytes, passphrase));
    if (headers['DEK-Info']) return readPrivate({ label, headers: {}, bytes: decryptLegacy(bytes, headers['DEK-Info'], passphrase) }, {});
    if (label === 'PRIVATE KEY') return keys.readPkcs8(bytes);
    if (label === 'RSA PRIVATE KEY' || type === 'pkcs1') return keys.readRsaPrivate(bytes);
    if (label === 'EC PRIVATE KEY' || type === 'sec1') return keys.readEcPrivate(bytes);
    if (type === 'pkcs8') {
        const inner = new Reader(bytes).inside();
        return inner.tag === der.SEQUENCE ? keys.readPkcs8(decryptPkcs8(bytes, passphrase)) : keys.readPkcs8(bytes);
    }
    throw unreadableKey();
}

function readPublic(text, options) {
    const { label, type, bytes } = text;
    if (label === 'PUBLIC KEY' || type === 'spki') return orWrongTag(() => keys.readSpki(bytes));
    if (label === 'RSA PUBLIC KEY' || (type === 'pkcs1' && !isPrivateRsa(bytes))) return orWrongTag(() => keys.readRsaPublic(bytes));
    if (label === 'CERTIFICATE') return orWrongTag(() => keys.readCertificate(bytes));
    return keys.publicOf(orUnreadable(() => readPrivate(text, options)));
}

/** Whether a sequence of numbers begins with the version that a private key has. */
function isPrivateRsa(bytes) {
    try {
        return new Reader(bytes).inside().number().length === 1;
    } catch {
        return false;
    }
}

/** Runs a reader; what is no key becomes OpenSSL's error. */
export function orUnreadable(read, error = unreadableKey) {
    try {
        return read();
    } catch (cause) {
        if (cause instanceof der.BadDer) throw error();
        throw cause;
    }
}

const orWrongTag = (read) => orUnreadable(read, () => openssl('068000A8', 'asn1 encoding routines', 'wrong tag', 'ASN1_'));

