const crypto = require('crypto');
const { promisify } = require('util');
// The result of a call, or how it failed.
const attempt = (work) => {
    try {
        const result = work();
        return Buffer.isBuffer(result) ? result.toString('hex') : result === undefined ? null : result;
    } catch (error) {
        return [error.name, error.message, error.code ?? null, error.library ?? null, error.reason ?? null];
    }
};

exports.onExecutePostLogin = async (event, api) => {
    const s = event.secrets;
    const rows = {};
    const text = Buffer.from('a secret');
    const open = crypto.createPublicKey(s.rsa);
    const { RSA_PKCS1_PADDING, RSA_PKCS1_OAEP_PADDING } = crypto.constants;
    for (const options of [{}, { oaepHash: 'sha256' }, { oaepHash: 'sha512', oaepLabel: Buffer.from('l') }, { padding: RSA_PKCS1_OAEP_PADDING }]) {
        const sealed = crypto.publicEncrypt({ key: open, ...options }, text);
        rows[JSON.stringify(options)] = [sealed.length, crypto.privateDecrypt({ key: s.rsa, ...options }, sealed).toString()];
    }
    // Node 20 seals with this padding, and does not open it.
    const old = crypto.publicEncrypt({ key: open, padding: RSA_PKCS1_PADDING }, text);
    rows.old = [old.length, attempt(() => crypto.privateDecrypt({ key: s.rsa, padding: RSA_PKCS1_PADDING }, old))];
    rows.fromPrivate = crypto.privateDecrypt(s.rsa, crypto.publicEncrypt(s.rsa, text)).toString();
    rows.errors = [
        attempt(() => crypto.privateDecrypt(s.rsa, Buffer.alloc(256))), attempt(() => crypto.publicEncrypt(open, Buffer.alloc(256))), attempt(() => crypto.privateDecrypt(open, Buffer.alloc(256))),
        attempt(() => crypto.publicEncrypt('x', text)), attempt(() => crypto.publicEncrypt(open, undefined)),
    ];
    const [a, b] = [crypto.createECDH('prime256v1'), crypto.createECDH('prime256v1')];
    a.setPrivateKey('11'.repeat(32), 'hex');
    b.generateKeys();
    rows.ecdh = [a.getPublicKey('hex'), a.getPublicKey('hex', 'compressed'), a.getPrivateKey('hex'), a.computeSecret(b.getPublicKey()).equals(b.computeSecret(a.getPublicKey('base64'), 'base64'))];
    const pair = (x, y) => crypto.diffieHellman({ privateKey: crypto.createPrivateKey(s[x]), publicKey: crypto.createPublicKey(s[y]) }).toString('hex');
    rows.agreed = [pair('x25519', 'x25519b'), pair('p256', 'p256b'), attempt(() => pair('p256', 'x25519'))];
    const made = crypto.generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    rows.made = [made.publicKey.slice(0, 27), made.privateKey.slice(0, 28), crypto.createVerify('sha256').update('x').verify(made.publicKey, crypto.createSign('sha256').update('x').sign(made.privateKey))];
    for (const [type, options] of [['ec', { namedCurve: 'P-256' }], ['ec', { namedCurve: 'secp521r1' }], ['ed25519', {}], ['x25519', {}]]) {
        const { publicKey, privateKey } = await promisify(crypto.generateKeyPair)(type, options);
        rows[`new ${type} ${options.namedCurve}`] = [publicKey.type, privateKey.asymmetricKeyType, crypto.createPublicKey(privateKey).equals(publicKey)];
    }
    rows.secret = [crypto.generateKeySync('hmac', { length: 128 }).symmetricKeySize, crypto.generateKeySync('aes', { length: 256 }).export().length];
    rows.more = [
        attempt(() => crypto.generateKeyPairSync('foo')), attempt(() => crypto.generateKeyPairSync('rsa')), attempt(() => crypto.generateKeyPairSync('ec', { namedCurve: 'foo' })), attempt(() => crypto.createECDH('foo')), attempt(() => crypto.createECDH()),
        attempt(() => crypto.createECDH('prime256v1').getPublicKey()), attempt(() => a.computeSecret(Buffer.alloc(65))),
    ];
    api.user.setAppMetadata('rows', rows);
};
