/** Private keys under a passphrase: PBES2 of PKCS #8, and the older form with headers. */
import { Buffer } from '../node/buffer/index.js';
import { base64, bytesOf, callSync, fromBase64, joined, natives, random } from './backend.js';
import * as der from './der.js';
import { BadDer, Reader } from './der.js';
import { badDecrypt, coded, openssl } from './errors.js';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const PRFS = { '1.2.840.113549.2.7': 'sha1', '1.2.840.113549.2.9': 'sha256', '1.2.840.113549.2.10': 'sha384', '1.2.840.113549.2.11': 'sha512' };
const CIPHERS = { '2.16.840.1.101.3.4.1.2': 16, '2.16.840.1.101.3.4.1.22': 24, '2.16.840.1.101.3.4.1.42': 32 };
/** What OpenSSL takes when it makes one. */
const ITERATIONS = 2048;

function checked(passphrase) {
    if (passphrase === undefined || passphrase === null) {
        throw openssl('07880109', 'common libcrypto routines', 'interrupted or cancelled', 'CRYPTO_');
    }
    return bytesOf(passphrase, 'key.passphrase');
}

function derived(hash, password, salt, iterations, length) {
    const call = { type: 'crypto.pbkdf2', hash, password: base64(password), salt: base64(salt), iterations, length };
    return fromBase64(callSync(call).bytes);
}

/** Without the padding of its last block; wrong padding is a wrong key. */
export function unpadded(bytes, error = badDecrypt) {
    const count = bytes[bytes.length - 1];
    const end = bytes.length - count;
    if (!(count >= 1 && count <= 16 && end >= 0) || bytes.subarray(end).some((byte) => byte !== count)) throw error();
    return bytes.subarray(0, end);
}

export function decryptPkcs8(bytes, passphrase) {
    const password = checked(passphrase);
    const info = new Reader(bytes).inside();
    const algorithm = info.inside();
    if (der.oidText(algorithm.next(der.OID)) !== PBES2) throw new BadDer('unknown encryption');
    const parameters = algorithm.inside();
    const derivation = parameters.inside();
    const cipher = parameters.inside();
    if (der.oidText(derivation.next(der.OID)) !== PBKDF2) throw new BadDer('unknown derivation');
    const pbkdf2 = derivation.inside();
    const salt = pbkdf2.next(der.OCTET_STRING);
    const iterations = pbkdf2.number().reduce((all, byte) => all * 256 + byte, 0);
    pbkdf2.optional(der.INTEGER);
    const hash = pbkdf2.done ? 'sha1' : PRFS[der.oidText(pbkdf2.inside().next(der.OID))];
    const length = CIPHERS[der.oidText(cipher.next(der.OID))];
    if (!hash || !length) throw new BadDer('unknown encryption');
    const sealed = info.next(der.OCTET_STRING);
    if (sealed.length === 0 || sealed.length % 16) throw badDecrypt();
    const key = derived(hash, password, salt, iterations, length);
    return unpadded(natives('cipher').cbc(false, key, cipher.next(der.OCTET_STRING), sealed));
}

export function encryptPkcs8(bytes, cipher, passphrase) {
    const length = { 'aes-128-cbc': 16, 'aes-192-cbc': 24, 'aes-256-cbc': 32 }[String(cipher).toLowerCase()];
    if (!length) throw coded(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    const id = Object.keys(CIPHERS).find((known) => CIPHERS[known] === length);
    const [salt, iv] = [random(16), random(16)];
    const key = derived('sha256', bytesOf(passphrase, 'options.passphrase'), salt, ITERATIONS, length);
    const count = 16 - (bytes.length % 16);
    const sealed = natives('cipher').cbc(true, key, iv, joined([bytes, new Uint8Array(count).fill(count)]));
    const prf = der.sequence(der.oid('1.2.840.113549.2.9'), der.value(der.NULL));
    const iterations = der.integer(Uint8Array.of(ITERATIONS >> 8, ITERATIONS & 255));
    const derivation = der.sequence(der.oid(PBKDF2), der.sequence(der.value(der.OCTET_STRING, salt), iterations, prf));
    const scheme = der.sequence(der.oid(id), der.value(der.OCTET_STRING, iv));
    return der.sequence(der.sequence(der.oid(PBES2), der.sequence(derivation, scheme)), der.value(der.OCTET_STRING, sealed));
}

/** `Proc-Type: 4,ENCRYPTED` with AES in CBC mode; the key comes from MD5 of passphrase and salt. */
export function decryptLegacy(bytes, info, passphrase) {
    const password = checked(passphrase);
    const [cipher, hex = ''] = info.split(',');
    const length = { 'AES-128-CBC': 16, 'AES-192-CBC': 24, 'AES-256-CBC': 32 }[cipher];
    if (!length || bytes.length === 0 || bytes.length % 16) throw new BadDer('unknown encryption');
    const iv = new Uint8Array(Buffer.from(hex, 'hex'));
    let key = new Uint8Array(0);
    let block = new Uint8Array(0);
    while (key.length < length) {
        block = natives('hash').digest('md5', joined([block, password, iv.subarray(0, 8)]));
        key = joined([key, block]);
    }
    return unpadded(natives('cipher').cbc(false, key.subarray(0, length), iv, bytes));
}
