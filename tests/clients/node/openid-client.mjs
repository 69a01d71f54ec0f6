// npm `openid-client`, certified for OpenID Connect, and `jose` for the tokens' signatures.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';

import { assert, check, claims, fails, finish, needs } from './lib/harness.mjs';
import { follow, Jar, logIn } from './lib/pages.mjs';
import { base, connection, createClient, domain, email, issuer, manage, password, realmGrant, run } from './lib/server.mjs';

const equal = assert.deepEqual;
const callback = 'https://app.example.com/cb';
const app = await createClient('openid-client');
const basic = await createClient('openid-client basic', { token_endpoint_auth_method: 'client_secret_basic' });
const open = await createClient('openid-client public', { token_endpoint_auth_method: 'none', app_type: 'spa' });
const mail = email('ann');
const user = await manage('POST', 'users', { connection, email: mail, password, given_name: 'Ann', user_metadata: { a: 1 } });
const person = { username: mail, password, callback };

const config = await check('discovery', async () => {
  const config = await client.discovery(new URL(base), app.client_id, {}, client.ClientSecretPost(app.client_secret));
  const metadata = config.serverMetadata();
  equal([metadata.issuer, metadata.token_endpoint], [issuer, `${base}/oauth/token`]);
  for (const mode of ['query', 'fragment', 'form_post']) assert.ok(metadata.response_modes_supported.includes(mode), mode);
  assert.ok(metadata.code_challenge_methods_supported.includes('S256'));
  return config;
});
const at = () => needs(config, 'the discovery');
const verifier = client.randomPKCECodeVerifier();
const challenge = await client.calculatePKCECodeChallenge(verifier);
const authorize = (more = {}, settings = at()) =>
  client.buildAuthorizationUrl(settings, {
    redirect_uri: callback,
    scope: 'openid profile email offline_access',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });

const jar = new Jar();
const state = client.randomState();
const nonce = client.randomNonce();
const tokens = await check('code flow with PKCE, state and nonce', async () => {
  const back = await logIn(authorize({ state, nonce }), { ...person, jar });
  const tokens = await client.authorizationCodeGrant(at(), back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
  equal(tokens.claims().sub, user.user_id);
  assert.ok(tokens.access_token && tokens.refresh_token && tokens.expires_in > 0);
  return tokens;
});
await check('id token: signature by the published key', async () => {
  const keys = createRemoteJWKSet(new URL(at().serverMetadata().jwks_uri));
  const { payload, protectedHeader } = await jwtVerify(needs(tokens, 'tokens').id_token, keys, { issuer, audience: app.client_id, algorithms: ['RS256'] });
  equal([payload.nonce, payload.email, payload.given_name], [nonce, mail, 'Ann']);
  assert.ok(protectedHeader.kid && payload.auth_time === undefined || payload.auth_time <= Date.now() / 1000);
  assert.ok(payload.user_metadata === undefined && payload.app_metadata === undefined);
});
await check('id token: a signature of others is refused', async () => {
  const keys = createRemoteJWKSet(new URL(at().serverMetadata().jwks_uri));
  const [head, , mac] = needs(tokens, 'tokens').id_token.split('.');
  const forged = Buffer.from(JSON.stringify({ ...claims(tokens.id_token), sub: 'auth0|other' })).toString('base64url');
  await fails(() => jwtVerify(`${head}.${forged}.${mac}`, keys));
});
await check('code: used a second time', async () => {
  const back = await logIn(authorize(), person);
  await client.authorizationCodeGrant(at(), back, { pkceCodeVerifier: verifier });
  const error = await fails(() => client.authorizationCodeGrant(at(), back, { pkceCodeVerifier: verifier }));
  equal(error.error, 'invalid_grant');
});
await check('code: wrong verifier', async () => {
  const back = await logIn(authorize(), person);
  const error = await fails(() => client.authorizationCodeGrant(at(), back, { pkceCodeVerifier: client.randomPKCECodeVerifier() }));
  equal(error.error, 'invalid_grant');
});
await check('code: of another client', async () => {
  const back = await logIn(authorize(), person);
  const other = await client.discovery(new URL(base), basic.client_id, {}, client.ClientSecretBasic(basic.client_secret));
  const error = await fails(() => client.authorizationCodeGrant(other, back, { pkceCodeVerifier: verifier }));
  equal(error.error, 'invalid_grant');
});
await check('client_secret_basic', async () => {
  const other = await client.discovery(new URL(base), basic.client_id, {}, client.ClientSecretBasic(basic.client_secret));
  const back = await logIn(authorize({}, other), person);
  equal((await client.authorizationCodeGrant(other, back, { pkceCodeVerifier: verifier })).claims().sub, user.user_id);
});
await check('a public client with PKCE', async () => {
  const other = await client.discovery(new URL(base), open.client_id, undefined, client.None());
  const back = await logIn(authorize({}, other), person);
  equal((await client.authorizationCodeGrant(other, back, { pkceCodeVerifier: verifier })).claims().sub, user.user_id);
});
await check('wrong client secret', async () => {
  const other = await client.discovery(new URL(base), app.client_id, {}, client.ClientSecretPost('wrong'));
  const error = await fails(() => client.genericGrantRequest(other, realmGrant, { username: mail, password, realm: connection }));
  equal([error.status, error.error], [401, 'access_denied']);
});
await check('fetchUserInfo', async () => {
  const information = await client.fetchUserInfo(at(), needs(tokens, 'tokens').access_token, user.user_id);
  equal([information.sub, information.email, information.given_name], [user.user_id, mail, 'Ann']);
});
await check('refreshTokenGrant', async () => {
  const next = await client.refreshTokenGrant(at(), needs(tokens, 'tokens').refresh_token);
  equal(next.claims().sub, user.user_id);
  assert.ok(next.access_token !== tokens.access_token);
});
await check('tokenRevocation', async () => {
  const granted = await client.genericGrantRequest(at(), realmGrant, { username: mail, password, realm: connection, scope: 'openid offline_access' });
  await client.tokenRevocation(at(), granted.refresh_token);
  const error = await fails(() => client.refreshTokenGrant(at(), granted.refresh_token));
  equal(error.error, 'invalid_grant');
});
await check('prompt=none: with a session', async () => {
  needs(tokens, 'tokens');
  const { redirect } = await follow(jar, authorize({ prompt: 'none', state: 'quiet' }), callback);
  equal(redirect.searchParams.get('state'), 'quiet');
  const next = await client.authorizationCodeGrant(at(), redirect, { pkceCodeVerifier: verifier, expectedState: 'quiet' });
  equal(next.claims().sub, user.user_id);
});
await check('prompt=none: without a session', async () => {
  const { redirect } = await follow(new Jar(), authorize({ prompt: 'none', state: 'quiet' }), callback);
  equal([redirect.searchParams.get('error'), redirect.searchParams.get('state')], ['login_required', 'quiet']);
});
await check('prompt=login: asks again', async () => {
  const page = await follow(jar, authorize({ prompt: 'login' }), callback);
  assert.ok(page.html && /type="?password/.test(page.html));
});
await check('form_post', async () => {
  const page = await follow(jar, authorize({ response_mode: 'form_post', state: 'posted' }), callback);
  assert.match(page.html, /<form[^>]*method="?post/i);
  assert.ok(page.html.includes('posted') && /name="?code/.test(page.html));
});
await check('response_type=id_token', async () => {
  const url = authorize({ response_type: 'id_token', nonce: 'n1', state: 'hashed', scope: 'openid email' });
  for (const name of ['code_challenge', 'code_challenge_method']) url.searchParams.delete(name);
  const { redirect } = await follow(jar, url, callback);
  const answer = new URLSearchParams(redirect.hash.slice(1));
  const id = claims(answer.get('id_token'));
  equal([answer.get('state'), id.nonce, id.sub], ['hashed', 'n1', user.user_id]);
});
await check('a foreign redirect_uri: no redirect', async () => {
  const page = await follow(new Jar(), authorize({ redirect_uri: 'https://evil.example.net/cb' }), 'https://evil.example.net');
  assert.ok(!page.redirect && page.response.status >= 400 && page.response.status < 500, String(page.response?.status));
  assert.match(page.response.headers.get('content-type'), /text\/html/);
});
await check('an unknown client: no redirect', async () => {
  const url = authorize();
  url.searchParams.set('client_id', `unknown${run}`);
  const page = await follow(new Jar(), url, callback);
  assert.ok(!page.redirect && page.response.status >= 400 && page.response.status < 500);
});
await check('wrong password on the page', async () => {
  const error = await fails(() => logIn(authorize(), { ...person, password: 'wrong' }));
  assert.match(error.text, /Wrong email or password/i);
});
await check('the form of another browser is refused', async () => {
  const page = await follow(new Jar(), authorize(), callback);
  const { passwordForm } = await import('./lib/pages.mjs');
  const form = passwordForm(page.html, page.url);
  form.fields.set(form.userField, mail).set(form.passwordField, password);
  const body = new URLSearchParams([...form.fields]);
  const response = await new Jar().fetch(form.action, { method: 'POST', body, headers: { origin: 'https://evil.example.net' } });
  assert.ok(response.status >= 400 && response.status < 500, String(response.status));
});
await check('buildEndSessionUrl', async () => {
  const parameters = { id_token_hint: needs(tokens, 'tokens').id_token, post_logout_redirect_uri: 'https://app.example.com/' };
  await manage('PATCH', `clients/${app.client_id}`, { allowed_logout_urls: ['https://app.example.com/'] });
  const { redirect } = await follow(jar, client.buildEndSessionUrl(at(), parameters), 'https://app.example.com/');
  assert.ok(redirect);
  const { redirect: after } = await follow(jar, authorize({ prompt: 'none' }), callback);
  equal(after.searchParams.get('error'), 'login_required');
});
await check('jwks: what the keys say', async () => {
  const { keys } = await (await fetch(`https://${domain}/.well-known/jwks.json`)).json();
  assert.ok(keys.length >= 1);
  for (const key of keys) equal([key.kty, key.use, key.alg, Boolean(key.kid && key.n && key.e)], ['RSA', 'sig', 'RS256', true]);
});

await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
for (const one of [app, basic, open]) await manage('DELETE', `clients/${one.client_id}`);
finish();
