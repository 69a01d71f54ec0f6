// dependencies: jwks-rsa@3.1.0 jsonwebtoken@9.0.2
const jwksClient = require('jwks-rsa');
const jwt = require('jsonwebtoken');
const { promisify } = require('util');
exports.onExecutePostLogin = async (event, api) => {
    const client = jwksClient({ jwksUri: `${event.secrets.SERVICE}/.well-known/jwks.json` });
    const { token } = await (await fetch(`${event.secrets.SERVICE}/token`)).json();
    const getKey = (header, callback) => {
        client.getSigningKey(header.kid, (error, key) => callback(error, key && key.getPublicKey()));
    };
    api.idToken.setCustomClaim('claims', await promisify(jwt.verify)(token, getKey, { audience: 'me' }));
    await client.getSigningKey('unknown');
};
