// dependencies: jose@5.9.6
const jose = require('jose');
exports.onExecutePostLogin = async (event, api) => {
    const secret = new TextEncoder().encode('a secret of thirty-two characters!');
    const token = await new jose.SignJWT({ sub: event.user.user_id }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime('2h').sign(secret);
    api.idToken.setCustomClaim('token', token);
    api.idToken.setCustomClaim('verified', (await jose.jwtVerify(token, secret)).payload);
    api.idToken.setCustomClaim('header', jose.decodeProtectedHeader(token));
    const { publicKey, privateKey } = await jose.generateKeyPair('ES256');
    const signed = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    api.idToken.setCustomClaim('es256', (await jose.jwtVerify(signed, publicKey)).payload);
    const sealed = await new jose.EncryptJWT({ b: 2 }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(secret.slice(0, 32));
    api.idToken.setCustomClaim('sealed', (await jose.jwtDecrypt(sealed, secret.slice(0, 32))).payload);
    const { token: remote } = await (await fetch(`${event.secrets.SERVICE}/token`)).json();
    const keys = jose.createRemoteJWKSet(new URL(`${event.secrets.SERVICE}/.well-known/jwks.json`));
    api.idToken.setCustomClaim('remote', (await jose.jwtVerify(remote, keys, { audience: 'me' })).payload);
    for (const [name, call] of Object.entries({
        signature: () => jose.jwtVerify(token, new TextEncoder().encode('another')),
        audience: () => jose.jwtVerify(token, secret, { audience: 'x' }),
        form: () => jose.jwtVerify('x', secret),
    })) {
        try {
            await call();
        } catch (error) {
            api.idToken.setCustomClaim(name, [error.name, error.code, error.message]);
        }
    }
};
