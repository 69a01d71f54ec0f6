const crypto = require('crypto');
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
    for (const name of ['rsa', 'p256', 'p384', 'p521', 'k256', 'ed25519', 'x25519']) {
        const key = crypto.createPrivateKey(s[name]);
        const open = crypto.createPublicKey(key);
        const old = name === 'rsa' ? 'pkcs1' : 'sec1';
        rows[name] = {
            types: [key.type, key.asymmetricKeyType, open.type, open.asymmetricKeyType, key instanceof crypto.KeyObject, Object.prototype.toString.call(key), key.constructor.name],
            details: JSON.stringify(key.asymmetricKeyDetails, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
            same: key.export({ type: 'pkcs8', format: 'pem' }) === s[name],
            der: crypto.createPrivateKey({ key: key.export({ type: 'pkcs8', format: 'der' }), format: 'der', type: 'pkcs8' }).equals(key),
            old: attempt(() => key.export({ type: old, format: 'pem' })),
            open: open.export({ type: 'spki', format: 'pem' }),
            openOld: attempt(() => open.export({ type: 'pkcs1', format: 'der' })),
            jwk: attempt(() => key.export({ format: 'jwk' })),
            openJwk: attempt(() => open.export({ format: 'jwk' })),
            fromJwk: attempt(() => crypto.createPublicKey({ key: open.export({ format: 'jwk' }), format: 'jwk' }).equals(open)),
            fromText: crypto.createPublicKey(s[name]).equals(open),
        };
    }
    rows.sealed = crypto.createPrivateKey({ key: s.rsaSealed, passphrase: 'secret' }).equals(crypto.createPrivateKey(s.rsa));
    rows.sealedOld = crypto.createPrivateKey({ key: s.rsaOld, passphrase: Buffer.from('secret') }).equals(crypto.createPrivateKey(s.rsa));
    rows.certificate = crypto.createPublicKey(s.certificate).equals(crypto.createPublicKey(s.rsa));
    const secret = crypto.createSecretKey('0011ff', 'hex');
    rows.secret = [secret.type, secret.symmetricKeySize, secret.export().toString('hex'), secret.export({ format: 'jwk' }), secret.asymmetricKeyType ?? null, crypto.createSecretKey(Buffer.from('a')).equals(crypto.createSecretKey('a'))];
    rows.errors = [
        attempt(() => crypto.createPrivateKey('x')), attempt(() => crypto.createPublicKey('x')), attempt(() => crypto.createPrivateKey()), attempt(() => crypto.createPublicKey('')),
        attempt(() => crypto.createPrivateKey(s.rsa.replace(/\n/g, '\\n'))), attempt(() => crypto.createPrivateKey(s.rsa.replace(/\n/g, ' '))), attempt(() => crypto.createPrivateKey(event.secrets.NOTHING)),
        attempt(() => crypto.createPublicKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----')), attempt(() => crypto.createPrivateKey('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----')),
        attempt(() => crypto.createPrivateKey({ key: 'abc', format: 'jwk' })), attempt(() => crypto.createPublicKey({ key: { kty: 'RSA' }, format: 'jwk' })), attempt(() => crypto.createPublicKey({ key: { kty: 'foo' }, format: 'jwk' })),
        attempt(() => crypto.createPublicKey({ key: { kty: 'EC', crv: 'P-999', x: '', y: '' }, format: 'jwk' })), attempt(() => crypto.createSecretKey()), attempt(() => crypto.createSecretKey(5)), attempt(() => crypto.createPrivateKey(s.rsaSealed)),
        attempt(() => crypto.createPrivateKey({ key: s.rsaSealed, passphrase: 'wrong' })), attempt(() => crypto.createPublicKey(crypto.createPublicKey(s.rsa))), attempt(() => crypto.createPublicKey(secret)),
        attempt(() => crypto.createPrivateKey(crypto.createPublicKey(s.rsa).export({ type: 'spki', format: 'pem' }))), attempt(() => crypto.createPrivateKey(s.rsa).export()), attempt(() => crypto.createPrivateKey(s.rsa).export({ type: 'pkcs8' })),
        attempt(() => crypto.createPublicKey(s.rsa).export({ type: 'pkcs8', format: 'pem' })), attempt(() => crypto.createPrivateKey(s.rsa).export({ type: 'sec1', format: 'pem' })), attempt(() => secret.export({ format: 'pem' })),
    ];
    api.user.setAppMetadata('rows', rows);
};
