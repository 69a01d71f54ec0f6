/**
 * Keys as their numbers, read from and written to the forms they come in. A key is
 * `{type: 'public'|'private', kind: 'rsa'|'rsa-pss'|'ec'|'ed25519'|'x25519', rsa?, curve?, secret?, point?}`; `rsa` has
 * the members of a JWK as bytes, `curve` is an entry of `CURVES`.
 */
import { Buffer } from '../node/buffer/index.js';
import { base64, callSync, fromBase64, viewOf } from './backend.js';
import * as der from './der.js';
import { BadDer, Reader } from './der.js';
import { badType, badValue, coded } from './errors.js';

/** Curves by our name. `size` is the length of a number, bytes. */
export const CURVES = {
    p256: { name: 'p256', openssl: 'prime256v1', jwk: 'P-256', oid: '1.2.840.10045.3.1.7', size: 32, hash: 'sha256' },
    p384: { name: 'p384', openssl: 'secp384r1', jwk: 'P-384', oid: '1.3.132.0.34', size: 48, hash: 'sha384' },
    p521: { name: 'p521', openssl: 'secp521r1', jwk: 'P-521', oid: '1.3.132.0.35', size: 66, hash: 'sha512' },
    secp256k1: { name: 'secp256k1', openssl: 'secp256k1', jwk: 'secp256k1', oid: '1.3.132.0.10', size: 32, hash: 'sha256' },
};
const OKP = { ed25519: { jwk: 'Ed25519', oid: '1.3.101.112' }, x25519: { jwk: 'X25519', oid: '1.3.101.110' } };
const RSA_OID = '1.2.840.113549.1.1.1';
const RSA_PSS_OID = '1.2.840.113549.1.1.10';
const EC_OID = '1.2.840.10045.2.1';

/** A curve by any of its names, or undefined. */
export function curveOf(name) {
    return Object.values(CURVES).find((curve) => curve.openssl === name || curve.jwk === name || curve.oid === name);
}

/** The name by which the host knows the curve of a key. */
export const hostCurve = (key) => key.curve?.name ?? key.kind;

/** The public point of a key, asked from the host when the key's text does not have it. */
export function pointOf(key) {
    key.point ??= fromBase64(callSync({ type: 'crypto.public', curve: hostCurve(key), key: base64(key.secret) }).bytes);
    return key.point;
}

/** The public half. */
export function publicOf(key) {
    if (key.type === 'public') return key;
    if (key.rsa) return { type: 'public', kind: key.kind, rsa: { n: key.rsa.n, e: key.rsa.e } };
    return { type: 'public', kind: key.kind, curve: key.curve, point: pointOf(key) };
}

function readAlgorithm(reader) {
    const algorithm = reader.inside();
    const id = der.oidText(algorithm.next(der.OID));
    if (id === RSA_OID) return { kind: 'rsa' };
    if (id === RSA_PSS_OID) return { kind: 'rsa-pss' };
    if (id === EC_OID) {
        const curve = curveOf(der.oidText(algorithm.next(der.OID)));
        if (!curve) throw new BadDer('unknown curve');
        return { kind: 'ec', curve };
    }
    const kind = Object.keys(OKP).find((name) => OKP[name].oid === id);
    if (!kind) throw new BadDer('unknown algorithm');
    return { kind };
}

function algorithm(key) {
    if (key.kind === 'ec') return der.sequence(der.oid(EC_OID), der.oid(key.curve.oid));
    if (key.rsa) return der.sequence(der.oid(RSA_OID), der.value(der.NULL));
    return der.sequence(der.oid(OKP[key.kind].oid));
}

function checkedPoint(key, point) {
    if (key.curve ? point.length !== 1 + 2 * key.curve.size || point[0] !== 4 : point.length !== 32) {
        throw new BadDer('no point of this curve');
    }
    return point;
}

/** `SubjectPublicKeyInfo` */
export function readSpki(bytes) {
    const info = new Reader(bytes).inside();
    const key = { type: 'public', ...readAlgorithm(info) };
    const content = der.bits(info.next(der.BIT_STRING));
    if (key.kind.startsWith('rsa')) return { ...readRsaPublic(content), kind: key.kind };
    return { ...key, point: checkedPoint(key, content) };
}

export function writeSpki(key) {
    const { kind, rsa } = key;
    const content = kind.startsWith('rsa') ? der.sequence(der.integer(rsa.n), der.integer(rsa.e)) : pointOf(key);
    return der.sequence(algorithm(key), der.bitString(content));
}

/** `RSAPublicKey` */
export function readRsaPublic(bytes) {
    const numbers = new Reader(bytes).inside();
    return { type: 'public', kind: 'rsa', rsa: { n: numbers.number(), e: numbers.number() } };
}

export const writeRsaPublic = ({ rsa }) => der.sequence(der.integer(rsa.n), der.integer(rsa.e));

/** `RSAPrivateKey` */
export function readRsaPrivate(bytes) {
    const numbers = new Reader(bytes).inside();
    numbers.number();
    const rsa = {};
    for (const name of ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi']) rsa[name] = numbers.number();
    return { type: 'private', kind: 'rsa', rsa };
}

export function writeRsaPrivate({ rsa }) {
    const names = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'];
    return der.sequence(der.integer(Uint8Array.of(0)), ...names.map((name) => der.integer(rsa[name])));
}

/** `ECPrivateKey` */
export function readEcPrivate(bytes, curve) {
    const reader = new Reader(bytes).inside();
    reader.number();
    const secret = reader.next(der.OCTET_STRING);
    const parameters = reader.optional(der.context(0));
    const found = parameters ? curveOf(der.oidText(new Reader(parameters).next(der.OID))) : curve;
    if (!found) throw new BadDer('unknown curve');
    const key = { type: 'private', kind: 'ec', curve: found, secret: der.padded(secret, found.size) };
    const point = reader.optional(der.context(1));
    if (point) key.point = checkedPoint(key, der.bits(new Reader(point).next(der.BIT_STRING)));
    return key;
}

export function writeEcPrivate(key, withCurve = true) {
    const parts = [der.integer(Uint8Array.of(1)), der.value(der.OCTET_STRING, key.secret)];
    if (withCurve) parts.push(der.value(der.context(0), der.oid(key.curve.oid)));
    parts.push(der.value(der.context(1), der.bitString(pointOf(key))));
    return der.sequence(...parts);
}

/** PKCS #8 */
export function readPkcs8(bytes) {
    const info = new Reader(bytes).inside();
    info.number();
    const { kind, curve } = readAlgorithm(info);
    const content = info.next(der.OCTET_STRING);
    if (kind.startsWith('rsa')) return { ...readRsaPrivate(content), kind };
    if (kind === 'ec') return readEcPrivate(content, curve);
    const secret = new Reader(content).next(der.OCTET_STRING);
    if (secret.length !== 32) throw new BadDer('no key of this curve');
    return { type: 'private', kind, secret };
}

export function writePkcs8(key) {
    let content;
    if (key.rsa) content = writeRsaPrivate(key);
    else if (key.kind === 'ec') content = writeEcPrivate(key, false);
    else content = der.value(der.OCTET_STRING, key.secret);
    return der.sequence(der.integer(Uint8Array.of(0)), algorithm(key), der.value(der.OCTET_STRING, content));
}

/** The public key that an X.509 certificate is about. */
export function readCertificate(bytes) {
    const body = new Reader(bytes).inside().inside();
    body.optional(der.context(0));
    for (let field = 0; field < 5; field += 1) body.skip();
    return readSpki(body.whole(der.SEQUENCE));
}

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const RSA_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

/** A key as a JWK, without what the caller says about its use. */
export function writeJwk(key) {
    if (key.rsa) {
        const jwk = { kty: 'RSA', n: base64url(key.rsa.n), e: base64url(key.rsa.e) };
        if (key.type === 'private') for (const name of RSA_MEMBERS) jwk[name] = base64url(key.rsa[name]);
        return jwk;
    }
    const point = pointOf(key);
    if (key.kind === 'ec') {
        const { size, jwk: crv } = key.curve;
        const jwk = { kty: 'EC', x: base64url(point.subarray(1, 1 + size)), y: base64url(point.subarray(1 + size)), crv };
        if (key.type === 'private') jwk.d = base64url(key.secret);
        return jwk;
    }
    const jwk = { crv: OKP[key.kind].jwk, x: base64url(point), kty: 'OKP' };
    return key.type === 'private' ? { crv: jwk.crv, d: base64url(key.secret), x: jwk.x, kty: 'OKP' } : jwk;
}

/** A key from a JWK; `type` says which half is wanted. */
export function readJwk(jwk, type) {
    const member = (name) => {
        if (typeof jwk[name] !== 'string') throw badType(`key.${name}`, 'of type string', jwk[name]);
        return viewOf(Buffer.from(jwk[name], 'base64url'));
    };
    if (jwk.kty === 'RSA') {
        const rsa = { n: der.trimmed(member('n')), e: der.trimmed(member('e')) };
        if (type === 'private') for (const name of RSA_MEMBERS) rsa[name] = der.trimmed(member(name));
        return { type, kind: 'rsa', rsa };
    }
    if (jwk.kty === 'EC') {
        if (typeof jwk.crv !== 'string') throw badType('key.crv', 'of type string', jwk.crv);
        const curve = Object.values(CURVES).find((known) => known.jwk === jwk.crv);
        if (!curve) throw badValue('key.crv', jwk.crv, "must be one of: 'P-256', 'secp256k1', 'P-384', 'P-521'");
        return ecFromJwk(curve, type, member);
    }
    if (jwk.kty === 'OKP') {
        if (typeof jwk.crv !== 'string') throw badType('key.crv', 'of type string', jwk.crv);
        const kind = Object.keys(OKP).find((name) => OKP[name].jwk === jwk.crv);
        if (!kind) throw badValue('key.crv', jwk.crv, "must be one of: 'Ed25519', 'Ed448', 'X25519', 'X448'");
        const key = { type, kind };
        if (type === 'private') key.secret = member('d');
        else key.point = member('x');
        if ((key.secret ?? key.point).length !== 32) throw badJwk();
        return key;
    }
    throw badValue('key.kty', jwk.kty, "must be one of: 'RSA', 'EC', 'OKP'");
}

function ecFromJwk(curve, type, member) {
    const point = new Uint8Array(1 + 2 * curve.size);
    const [x, y] = [der.padded(member('x'), curve.size), der.padded(member('y'), curve.size)];
    if (x.length !== curve.size || y.length !== curve.size) throw badJwk();
    point[0] = 4;
    point.set(x, 1);
    point.set(y, 1 + curve.size);
    if (type === 'public') return { type, kind: 'ec', curve, point };
    return { type, kind: 'ec', curve, point, secret: der.padded(member('d'), curve.size) };
}

const badJwk = () => coded(Error, 'ERR_CRYPTO_INVALID_JWK', 'Invalid JWK data');

/** What the host takes: base64 of the DER. */
export function forHost(key) {
    key.forHost ??= base64(key.type === 'private' ? writePkcs8(key) : writeSpki(key));
    return key.forHost;
}
