/** pbkdf2, scrypt, hkdf. */
import { base64, buffer, bytesOf, call, callSync, fromBase64, joined } from './backend.js';
import { badType, checkFunction, checkInteger, coded, unsupported } from './errors.js';
import { checkedHash, hmac, SIZES } from './hash.js';
import { isKey, secretBytes } from './key_object.js';

const MOST = 2147483647;
const HOST_HASHES = ['sha1', 'sha256', 'sha384', 'sha512'];

function pbkdf2Call(password, salt, iterations, keylen, digest) {
    if (typeof digest !== 'string') throw badType('digest', 'of type string', digest);
    const [passwordBytes, saltBytes] = [bytesOf(password, 'password'), bytesOf(salt, 'salt')];
    checkInteger(iterations, 'iterations', 1, MOST);
    checkInteger(keylen, 'keylen', 0, MOST);
    const hash = checkedHash(digest);
    if (!HOST_HASHES.includes(hash)) throw unsupported(`pbkdf2 with ${digest}`);
    return { type: 'crypto.pbkdf2', hash, password: base64(passwordBytes), salt: base64(saltBytes), iterations, length: keylen };
}

const bytesFrom = ({ bytes }) => buffer(fromBase64(bytes));

/** Makes a call and hands its bytes to a callback, as Node does. */
function later(request, callback) {
    call(request).then((answer) => callback(null, bytesFrom(answer)), callback);
}

export function pbkdf2(password, salt, iterations, keylen, digest, callback) {
    const done = typeof digest === 'function' ? digest : callback;
    const hash = typeof digest === 'function' ? undefined : digest;
    const request = pbkdf2Call(password, salt, iterations, keylen, hash);
    checkFunction(done, 'callback');
    later(request, done);
}

export function pbkdf2Sync(password, salt, iterations, keylen, digest) {
    return bytesFrom(callSync(pbkdf2Call(password, salt, iterations, keylen, digest)));
}

function scryptCall(password, salt, keylen, options) {
    const [passwordBytes, saltBytes] = [bytesOf(password, 'password'), bytesOf(salt, 'salt')];
    checkInteger(keylen, 'keylen', 0, MOST);
    const n = options?.N ?? options?.cost ?? 16384;
    const r = options?.r ?? options?.blockSize ?? 8;
    const p = options?.p ?? options?.parallelization ?? 1;
    const most = options?.maxmem ?? 32 * 1024 * 1024;
    for (const [name, value] of [['N', n], ['r', r], ['p', p]]) checkInteger(value, name, 0, 4294967295);
    const bad = (why) => coded(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', `Invalid scrypt params${why}`);
    if (n < 2 || (n & (n - 1)) !== 0 || r < 1 || p < 1) throw bad('');
    if (128 * r * (n + p + 2) > most) throw bad(': error:030000AC:digital envelope routines::memory limit exceeded');
    return { type: 'crypto.scrypt', password: base64(passwordBytes), salt: base64(saltBytes), n, r, p, length: keylen };
}

export function scrypt(password, salt, keylen, options, callback) {
    const done = typeof options === 'function' ? options : callback;
    const request = scryptCall(password, salt, keylen, typeof options === 'function' ? undefined : options);
    checkFunction(done, 'callback');
    later(request, done);
}

export function scryptSync(password, salt, keylen, options) {
    return bytesFrom(callSync(scryptCall(password, salt, keylen, options)));
}

/** HKDF (RFC 5869) over our own HMAC: two hashes for each block. */
export function hkdfBytes(hash, key, salt, info, length) {
    const prk = hmac(hash, salt, key);
    const blocks = [];
    let block = new Uint8Array(0);
    for (let made = 0, n = 1; made < length; made += block.length, n += 1) {
        block = hmac(hash, prk, joined([block, info, Uint8Array.of(n)]));
        blocks.push(block);
    }
    return blocks.length ? joined(blocks).slice(0, length) : block;
}

export function hkdfSync(digest, ikm, salt, info, keylen) {
    if (typeof digest !== 'string') throw badType('digest', 'of type string', digest);
    const kinds = 'ArrayBuffer, Buffer, TypedArray, DataView, SecretKeyObject, or CryptoKey';
    const key = isKey(ikm) ? secretBytes(ikm) : bytesOf(ikm, 'ikm', undefined, kinds);
    const [saltBytes, infoBytes] = [bytesOf(salt, 'salt'), bytesOf(info, 'info')];
    checkInteger(keylen, 'length', 0, MOST);
    const hash = checkedHash(digest);
    if (keylen > SIZES[hash][0] * 255) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    return hkdfBytes(hash, key, saltBytes, infoBytes, keylen).buffer;
}

export function hkdf(digest, ikm, salt, info, keylen, callback) {
    checkFunction(callback, 'callback');
    const result = hkdfSync(digest, ikm, salt, info, keylen);
    queueMicrotask(() => callback(null, result));
}
