// A host as the engine gives one, made of Node's own crypto and zlib: what the prelude makes of it is tried beside Node.

import crypto from 'node:crypto';
import zlib from 'node:zlib';

import { attach } from '../../src/host_calls.js';

const bytes = (buffer) => new Uint8Array(buffer);
const from64 = (text) => Buffer.from(text, 'base64');
const aes = (key, mode) => `aes-${key.length * 8}-${mode}`;

function blocks(mode, encrypts, key, iv, data) {
    const cipher = (encrypts ? crypto.createCipheriv : crypto.createDecipheriv)(aes(key, mode), key, iv);
    cipher.setAutoPadding(false);
    return bytes(Buffer.concat([cipher.update(data), cipher.final()]));
}

function stream(mode, key, iv, skip, data) {
    const cipher = crypto.createCipheriv(aes(key, mode), key, iv);
    cipher.update(Buffer.alloc(skip));
    return bytes(cipher.update(data));
}

function gcmTag(key, iv, aad, sealed) {
    const cipher = crypto.createCipheriv(aes(key, 'gcm'), key, iv);
    cipher.setAAD(aad);
    // The text that gives this sealed one.
    cipher.update(stream('gcm', key, iv, 0, sealed));
    cipher.final();
    return bytes(cipher.getAuthTag());
}

function wrapped(way, key, data) {
    const cipher = way(`id-aes${key.length * 8}-wrap`, key, Buffer.alloc(8, 0xa6));
    return bytes(Buffer.concat([cipher.update(data), cipher.final()]));
}

function unpacked(way, data, most) {
    try {
        const { buffer, engine } = way(data, { info: true, maxOutputLength: most });
        return { status: 'done', read: engine.bytesWritten, bytes: bytes(buffer) };
    } catch (error) {
        const status = { Z_BUF_ERROR: 'short', ERR_BUFFER_TOO_LARGE: 'large' }[error.code] ?? 'bad';
        const there = status === 'short' ? way(data, { finishFlush: 2 }) : [];
        return { status, read: data.length, bytes: bytes(there) };
    }
}

function adler32(data) {
    let [a, b] = [1, 0];
    for (const byte of data) [a, b] = [(a + byte) % 65521, (a + byte + b) % 65521];
    return b * 65536 + a;
}

const CURVES = { p256: 'prime256v1', p384: 'secp384r1', p521: 'secp521r1', secp256k1: 'secp256k1' };
const OKP = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };
const okp = (curve, secret) =>
    crypto.createPrivateKey({ key: Buffer.concat([Buffer.from(OKP[curve], 'hex'), secret]), format: 'der', type: 'pkcs8' });

function ecdh(curve, secret) {
    const key = crypto.createECDH(CURVES[curve]);
    key.setPrivateKey(secret);
    return key;
}

const SALTS = { auto: -2, max: -2, digest: -1 };

function keyFor({ scheme, key, padding }, type) {
    const input = type === 'pkcs8' ? crypto.createPrivateKey : crypto.createPublicKey;
    const options = { key: input({ key: from64(key), format: 'der', type }) };
    if (scheme?.name === 'rsa_pss') Object.assign(options, { padding: 6, saltLength: SALTS[scheme.salt] ?? scheme.salt });
    if (padding?.name === 'pkcs1') options.padding = 1;
    if (padding?.name === 'oaep') Object.assign(options, { oaepHash: padding.hash, oaepLabel: from64(padding.label ?? '') });
    return options;
}

const CALLS = {
    'crypto.sign': (call) => ({ signature: crypto.sign(call.scheme.hash ?? null, from64(call.data), keyFor(call, 'pkcs8')) }),
    'crypto.verify': (call) => ({
        valid: crypto.verify(call.scheme.hash ?? null, from64(call.data), keyFor(call, 'spki'), from64(call.signature)),
    }),
    'crypto.encrypt': (call) => ({ bytes: crypto.publicEncrypt(keyFor(call, 'spki'), from64(call.data)) }),
    'crypto.decrypt': (call) => ({ bytes: crypto.privateDecrypt(keyFor(call, 'pkcs8'), from64(call.data)) }),
    'crypto.public': ({ curve, key }) => {
        if (CURVES[curve]) return { bytes: ecdh(curve, from64(key)).getPublicKey() };
        return { bytes: crypto.createPublicKey(okp(curve, from64(key))).export({ format: 'der', type: 'spki' }).subarray(-32) };
    },
    'crypto.agree': ({ curve, key, peer }) => {
        if (CURVES[curve]) return { bytes: ecdh(curve, from64(key)).computeSecret(from64(peer)) };
        const spki = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), from64(peer)]);
        const publicKey = crypto.createPublicKey({ key: spki, format: 'der', type: 'spki' });
        return { bytes: crypto.diffieHellman({ privateKey: okp(curve, from64(key)), publicKey }) };
    },
    'crypto.pbkdf2': (c) => ({ bytes: crypto.pbkdf2Sync(from64(c.password), from64(c.salt), c.iterations, c.length, c.hash) }),
    'crypto.scrypt': (c) => ({
        bytes: crypto.scryptSync(from64(c.password), from64(c.salt), c.length, { N: c.n, r: c.r, p: c.p }),
    }),
    'crypto.generateRsa': ({ bits }) => {
        const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: bits });
        return { bytes: privateKey.export({ format: 'der', type: 'pkcs8' }) };
    },
};

function answerTo(call) {
    try {
        const answer = CALLS[call.type](call);
        for (const [name, value] of Object.entries(answer)) if (Buffer.isBuffer(value)) answer[name] = value.toString('base64');
        return answer;
    } catch (error) {
        return { error: { code: call.type === 'crypto.public' ? 'bad_key' : 'failed', message: error.message } };
    }
}

/** The host, and `pump`, which answers the calls that are under way. */
export function fakeHost() {
    const answers = [];
    const waiting = [];
    const host = {
        loading: () => false,
        random: (n) => bytes(crypto.randomBytes(n)),
        callStart: (text) => waiting.push(answers.push(JSON.stringify(answerTo(JSON.parse(text)))) - 1) && answers.length - 1,
        callWait: () => waiting.shift() ?? -1,
        callTake: (id) => answers[id],
        hash: {
            digest: (name, data) => bytes(crypto.createHash(name).update(data).digest()),
            hmac: (name, key, data) => bytes(crypto.createHmac(name, key).update(data).digest()),
        },
        cipher: {
            cbc: (encrypts, key, iv, data) => blocks('cbc', encrypts, key, iv, data),
            ecb: (encrypts, key, data) => blocks('ecb', encrypts, key, null, data),
            ctr: (key, iv, skip, data) => stream('ctr', key, iv, skip, data),
            gcm: (key, iv, skip, data) => stream('gcm', key, iv, skip, data),
            gcmTag,
            wrap: (key, data) => wrapped(crypto.createCipheriv, key, data),
            unwrap: (key, data) => wrapped(crypto.createDecipheriv, key, data),
        },
        zlib: {
            deflate: (data, level, strategy) => bytes(zlib.deflateRawSync(data, { level, strategy })),
            inflate: (data, most) => unpacked(zlib.inflateRawSync, data, most),
            brotli: (data, most) => unpacked(zlib.brotliDecompressSync, data, most),
            crc32: zlib.crc32,
            adler32,
        },
    };
    attach(host);
    return host;
}
