// dependencies: jsonwebtoken@9.0.2
const jwt = require('jsonwebtoken');
exports.onExecutePostLogin = async (event, api) => {
    const secret = 'a secret of thirty-two characters!';
    const token = jwt.sign({ sub: event.user.user_id, roles: ['a'] }, secret, { expiresIn: '5m', issuer: 'me', noTimestamp: false });
    api.idToken.setCustomClaim('token', token);
    api.idToken.setCustomClaim('payload', jwt.verify(token, secret, { issuer: 'me' }));
    api.idToken.setCustomClaim('decoded', jwt.decode(token, { complete: true }));
    const refused = [
        () => jwt.verify(token, 'another secret'),
        () => jwt.verify(token, secret, { issuer: 'you' }),
        () => jwt.verify(jwt.sign({ exp: 1 }, secret), secret),
        () => jwt.verify('not.a.token', secret),
        () => jwt.sign({ a: 1 }, ''),
    ];
    refused.forEach((call, at) => {
        try {
            call();
        } catch (error) {
            api.idToken.setCustomClaim(`refused_${at}`, [error.name, error.message]);
        }
    });
    const { generateKeyPairSync } = require('crypto');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const signed = jwt.sign({ a: 1 }, privateKey, { algorithm: 'RS256', keyid: 'k' });
    api.idToken.setCustomClaim('rsa', jwt.verify(signed, publicKey, { algorithms: ['RS256'] }));
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ec = jwt.sign({ a: 2 }, pair.privateKey, { algorithm: 'ES256' });
    api.idToken.setCustomClaim('ec', jwt.verify(ec, pair.publicKey));
};
