// npm `@auth0/auth0-auth-js`: the login half of `auth0` 7.x.
import { createHmac } from 'node:crypto';

import { AuthClient, isMfaRequiredError } from '@auth0/auth0-auth-js';

import { assert, check, claims, fails, finish, needs } from './lib/harness.mjs';
import { logIn } from './lib/pages.mjs';
import { audience, base, bindAction, connection, createClient, domain, email, issuer, manage, management, password } from './lib/server.mjs';

const equal = assert.deepEqual;
const callback = 'https://app.example.com/cb';
const app = await createClient('auth-js', { allowed_logout_urls: ['https://app.example.com/'] });
const undo = await bindAction('auth-js');
const credentials = { domain, clientId: app.client_id, clientSecret: app.client_secret };
const auth = new AuthClient({ ...credentials, authorizationParams: { redirect_uri: callback } });
const mail = email('ann');
const logInWithPassword = (more) => auth.getTokenByPassword({ username: mail, password, realm: connection, scope: 'openid profile email offline_access', ...more });
const read = async (id) => manage('GET', `users/${encodeURIComponent(id)}`);
const patch = async (id, body) => manage('PATCH', `users/${encodeURIComponent(id)}`, body);

await check('getServerMetadata', async () => {
  const found = await auth.getServerMetadata();
  const metadata = found.serverMetadata ?? found;
  equal(metadata.issuer, issuer);
  equal([metadata.token_endpoint, metadata.userinfo_endpoint, metadata.jwks_uri], [`${base}/oauth/token`, `${base}/userinfo`, `${base}/.well-known/jwks.json`]);
  equal([metadata.authorization_endpoint, metadata.revocation_endpoint], [`${base}/authorize`, `${base}/oauth/revoke`]);
});
await check('getTokenByClientCredentials', async () => {
  const machine = new AuthClient({ domain, ...management });
  const tokens = await machine.getTokenByClientCredentials({ audience });
  equal(claims(tokens.accessToken).sub, `${management.clientId}@clients`);
  assert.ok(tokens.expiresAt > Date.now() / 1000);
});
await check('getTokenByClientCredentials: without a grant', async () => {
  const error = await fails(() => auth.getTokenByClientCredentials({ audience }));
  equal(error.cause.error, 'access_denied');
});
const user = await check('database.signUp: userMetadata', async () => {
  const made = await auth.database.signUp({ email: mail, password, connection, userMetadata: { plan: 'gold' } });
  assert.ok(JSON.stringify(made).includes(mail));
  const [found] = await manage('GET', `users-by-email?email=${encodeURIComponent(mail)}`);
  equal(found.user_metadata, { plan: 'gold' });
  return found;
});
const have = () => needs(user, 'a user').user_id;
await check('database.signUp: taken', async () => {
  const error = await fails(() => auth.database.signUp({ email: mail, password, connection }));
  assert.match(JSON.stringify(error.cause ?? error), /invalid_signup|user_exists/);
});
await check('database.changePassword', async () => {
  const answer = await auth.database.changePassword({ email: mail, connection });
  assert.match(JSON.stringify(answer ?? ''), /email/);
});
const tokens = await check('getTokenByPassword', async () => {
  const tokens = await logInWithPassword();
  assert.ok(tokens.accessToken && tokens.idToken && tokens.refreshToken);
  equal([tokens.claims.sub, tokens.claims.iss, tokens.claims.aud], [have(), issuer, app.client_id]);
  return tokens;
});
await check('getTokenByPassword: claims of a compiled action', async () => {
  const id = needs(tokens, 'tokens').claims;
  equal(id['https://example.com/user_metadata'], { plan: 'gold' });
  equal([id['https://example.com/logins'], id['https://example.com/greeting']], [1, 'hello']);
  equal(id['https://example.com/protocol'], 'oauth2-password');
});
await check('getTokenByPassword: metadata of a compiled action', async () => equal((await read(have())).app_metadata, { logins: 1 }));
await check('getTokenByPassword: metadata changed between logins', async () => {
  await patch(have(), { user_metadata: { plan: 'silver', size: 3 } });
  const next = await logInWithPassword();
  equal(next.claims['https://example.com/user_metadata'], { plan: 'silver', size: 3 });
  equal([next.claims['https://example.com/logins'], (await read(have())).app_metadata], [2, { logins: 2 }]);
});
await check('getTokenByPassword: wrong password', async () => {
  const error = await fails(() => logInWithPassword({ password: 'no' }));
  equal([error.cause.error, error.cause.error_description], ['invalid_grant', 'Wrong email or password.']);
});
await check('getTokenByPassword: denied by a compiled action', async () => {
  await patch(have(), { app_metadata: { deny: 'go away' } });
  const error = await fails(() => logInWithPassword());
  await patch(have(), { app_metadata: { deny: null } });
  assert.ok(['access_denied', 'unauthorized'].includes(error.cause.error), error.cause.error);
  equal(error.cause.error_description, 'go away');
});
await check('getUserInfo', async () => {
  const information = await auth.getUserInfo({ accessToken: needs(tokens, 'tokens').accessToken });
  equal([information.sub, information.email], [have(), mail]);
});
const fresh = await check('getTokenByRefreshToken', async () => {
  const next = await auth.getTokenByRefreshToken({ refreshToken: needs(tokens, 'tokens').refreshToken });
  assert.ok(next.accessToken);
  equal(next.claims['https://example.com/protocol'], 'oauth2-refresh-token');
  return next;
});
await check('revokeToken', async () => {
  const refreshToken = needs(fresh, 'tokens').refreshToken ?? tokens.refreshToken;
  await auth.revokeToken({ token: refreshToken });
  const error = await fails(() => auth.getTokenByRefreshToken({ refreshToken }));
  equal(error.cause.error, 'invalid_grant');
});
await check('buildAuthorizationUrl and getTokenByCode', async () => {
  const parameters = { redirect_uri: callback, scope: 'openid email', state: 'st1' };
  const { authorizationUrl, codeVerifier } = await auth.buildAuthorizationUrl({ authorizationParams: parameters });
  equal(authorizationUrl.origin, base);
  const back = await logIn(authorizationUrl, { username: mail, password, callback });
  equal(back.searchParams.get('state'), 'st1');
  // The client cannot be told of a state, and refuses one that it does not know.
  back.searchParams.delete('state');
  const next = await auth.getTokenByCode(back, { codeVerifier });
  equal([next.claims.sub, next.claims.aud], [have(), app.client_id]);
  equal(next.claims['https://example.com/protocol'], 'oidc-basic-profile');
});
await check('buildAuthorizationUrl: denied by a compiled action', async () => {
  await patch(have(), { app_metadata: { deny: 'go away' } });
  const { authorizationUrl } = await auth.buildAuthorizationUrl({ authorizationParams: { redirect_uri: callback, state: 'st2' } });
  const back = await logIn(authorizationUrl, { username: mail, password, callback });
  await patch(have(), { app_metadata: { deny: null } });
  equal([back.searchParams.get('error'), back.searchParams.get('error_description')], ['access_denied', 'go away']);
  equal(back.searchParams.get('state'), 'st2');
});
await check('buildLogoutUrl', async () => {
  const url = await auth.buildLogoutUrl({ returnTo: 'https://app.example.com/' });
  assert.ok(String(url).startsWith(base));
  const response = await fetch(url, { redirect: 'manual' });
  equal([response.status, response.headers.get('location')], [302, 'https://app.example.com/']);
});

/** The six digits of a time-based one-time password (RFC 6238). */
function oneTimePassword(secret, at = Date.now()) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/=+$/, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

const factor = await check('mfa: getTokenByPassword asks for a factor that an action wants', async () => {
  await patch(have(), { app_metadata: { mfa: true } });
  const error = await fails(() => logInWithPassword());
  assert.ok(isMfaRequiredError(error), JSON.stringify(error.cause));
  return error.cause.mfa_token;
});
const authenticator = await check('mfa.enrollAuthenticator: an authenticator app', async () => {
  const mfaToken = needs(factor, 'an mfa token');
  equal((await auth.mfa.listAuthenticators({ mfaToken })).filter((row) => row.active), []);
  const enrolled = await auth.mfa.enrollAuthenticator({ mfaToken, authenticatorTypes: ['otp'] });
  assert.ok(enrolled.secret && enrolled.barcodeUri.startsWith('otpauth://totp/'), JSON.stringify(enrolled));
  return enrolled;
});
await check('mfa.verify: a wrong code', async () => {
  await fails(() => auth.mfa.verify({ mfaToken: needs(factor, 'an mfa token'), factorType: 'otp', otp: '000000' }));
});
await check('mfa.verify: the code of the app', async () => {
  const otp = oneTimePassword(needs(authenticator, 'an authenticator').secret);
  const answer = await auth.mfa.verify({ mfaToken: factor, factorType: 'otp', otp });
  assert.ok(answer.accessToken && answer.idToken);
  equal(claims(answer.idToken).sub, have());
});
await check('mfa.verify: a recovery code', async () => {
  const [recoveryCode] = needs(authenticator, 'an authenticator').recoveryCodes;
  const error = await fails(() => logInWithPassword());
  const answer = await auth.mfa.verify({ mfaToken: error.cause.mfa_token, factorType: 'recovery-code', recoveryCode });
  assert.ok(answer.accessToken);
});

await undo();
if (user) await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
await manage('DELETE', `clients/${app.client_id}`);
finish();
