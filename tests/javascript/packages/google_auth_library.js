// dependencies: google-auth-library@9.15.0
const { JWT, OAuth2Client } = require('google-auth-library');
const { generateKeyPairSync } = require('crypto');
exports.onExecutePostLogin = async (event, api) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    const client = new JWT({ email: 'robot@project.iam.gserviceaccount.com', key: privateKey, scopes: ['https://www.googleapis.com/auth/x'] });
    client.endpoints = client.endpoints ?? {};
    api.idToken.setCustomClaim('kinds', [typeof client.authorize, typeof new OAuth2Client('id', 'secret').verifyIdToken]);
    api.idToken.setCustomClaim('url', new OAuth2Client('id', 'secret', 'https://app/cb').generateAuthUrl({ scope: ['a', 'b'], access_type: 'offline' }));
    const oauth = new OAuth2Client({ clientId: 'id', clientSecret: 's', endpoints: { oauth2TokenUrl: `${event.secrets.SERVICE}/token` } });
    oauth.setCredentials({ refresh_token: 'r' });
    api.idToken.setCustomClaim('token', (await oauth.getAccessToken()).token);
    api.idToken.setCustomClaim('data', (await oauth.request({ url: `${event.secrets.SERVICE}/echo`, method: 'POST', data: { a: 1 } })).data.body);
};
