// npm `auth0-js` in Chromium.
import { file, openBrowser } from './lib/browser.mjs';
import { assert, check, finish, needs } from './lib/harness.mjs';
import { bindAction, connection, createClient, domain, email, issuer, manage, password, realmGrant } from './lib/server.mjs';

const equal = assert.deepEqual;
const html = '<!doctype html><title>app</title><script src="/auth0.js"></script><h1>An application</h1>';
const browser = await openBrowser({ '/': html, '/cb': html, '/auth0.js': file('auth0-js/dist/auth0.js') });
const { origin } = browser;
const app = await createClient('auth0-js', {
  app_type: 'spa',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'implicit', 'refresh_token', 'password', realmGrant],
  callbacks: [`${origin}/cb`],
  allowed_logout_urls: [origin],
  web_origins: [origin],
  allowed_origins: [origin],
  cross_origin_authentication: true,
});
const undo = await bindAction('auth0-js');
const mail = email('ann');
const found = async (address) => (await manage('GET', `users-by-email?email=${encodeURIComponent(address)}`))[0];

/** Calls a method that takes a callback, in the page. */
const call = (page, path, ...args) =>
  page.evaluate(
    ([settings, path, args]) =>
      new Promise((resolve) => {
        const names = path.split('.');
        const method = names.pop();
        let owner = new window.auth0.WebAuth(settings);
        for (const name of names) owner = owner[name];
        owner[method](...args, (error, value) => {
          // Without the whole exchange, which the client keeps in `original`.
          const { code, description, name, policy, statusCode } = error ?? {};
          resolve(error ? { error: { code, description, name, policy, statusCode } } : { value });
        });
      }),
    [{ domain, clientID: app.client_id, redirectUri: `${origin}/cb`, responseType: 'token id_token', scope: 'openid profile email' }, path, args],
  );
const value = (answer) => (assert.ok(!answer.error, JSON.stringify(answer.error)), answer.value);
const page = await browser.open();
await page.goto(origin);

await check('signup: user_metadata and root fields', async () => {
  const made = value(await call(page, 'signup', { connection, email: mail, password, given_name: 'Ann', user_metadata: { plan: 'gold', hobby: 'chess' } }));
  equal(made.email ?? made.Email, mail);
  const read = await found(mail);
  equal([read.user_metadata, read.given_name], [{ plan: 'gold', hobby: 'chess' }, 'Ann']);
});
await check('signup: taken', async () => {
  const { error } = await call(page, 'signup', { connection, email: mail, password });
  assert.ok(['invalid_signup', 'user_exists'].includes(error.code), JSON.stringify(error));
});
await check('signup: weak password', async () => {
  const { error } = await call(page, 'signup', { connection, email: email('weak'), password: 'a' });
  equal([error.code, error.name, error.statusCode], ['invalid_password', 'PasswordStrengthError', 400]);
  assert.ok(error.policy);
});
await check('signup: eleven fields of metadata', async () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`f${n}`, 'x']));
  const { error } = await call(page, 'signup', { connection, email: email('many'), password, user_metadata: many });
  equal(error.statusCode, 400);
});
await check('login: wrong password', async () => {
  const { error } = await call(page, 'login', { realm: connection, username: mail, password: 'wrong' });
  equal([error.code, error.description], ['access_denied', 'Wrong email or password.']);
});
await check('login: /co/authenticate and back', async () => {
  const ticket = page.waitForResponse((response) => response.url().endsWith('/co/authenticate') && response.request().method() === 'POST');
  const gone = call(page, 'login', { realm: connection, username: mail, password }).catch(() => undefined);
  assert.ok((await (await ticket).json().catch(() => ({ login_ticket: true }))).login_ticket);
  await page.waitForURL((url) => url.href.startsWith(`${origin}/cb#`));
  await gone;
});
const tokens = await check('parseHash', async () => {
  const answer = needs(value(await call(page, 'parseHash', {})), 'the fragment');
  const id = answer.idTokenPayload;
  equal([id.iss, id.aud, id.email], [issuer, app.client_id, mail]);
  equal([id['https://example.com/user_metadata'], id['https://example.com/logins']], [{ plan: 'gold', hobby: 'chess' }, 1]);
  assert.ok(answer.accessToken && answer.expiresIn > 0 && answer.tokenType === 'Bearer');
  return answer;
});
await check('client.userInfo', async () => {
  const information = value(await call(page, 'client.userInfo', needs(tokens, 'tokens').accessToken));
  equal([information.email, information['https://example.com/user_metadata']], [mail, { plan: 'gold', hobby: 'chess' }]);
});
await check('client.userInfo: nonsense for a token', async () => equal((await call(page, 'client.userInfo', 'bad')).error.statusCode, 401));
await check('checkSession', async () => {
  const answer = value(await call(page, 'checkSession', {}));
  equal(answer.idTokenPayload.email, mail);
});
await check('authorize: a session needs no password', async () => {
  await page.evaluate(
    ([settings]) => new window.auth0.WebAuth(settings).authorize({ responseType: 'code', state: 'st' }),
    [{ domain, clientID: app.client_id, redirectUri: `${origin}/cb`, scope: 'openid' }],
  );
  await page.waitForURL((url) => url.href.startsWith(`${origin}/cb?`));
  equal(new URL(page.url()).searchParams.get('state'), 'st');
});
await check('client.login', async () => {
  const answer = value(await call(page, 'client.login', { realm: connection, username: mail, password, scope: 'openid' }));
  assert.ok(answer.accessToken && answer.idToken && answer.expiresIn > 0);
});
await check('client.login: wrong password', async () => {
  const { error } = await call(page, 'client.login', { realm: connection, username: mail, password: 'wrong' });
  equal([error.code, error.statusCode], ['invalid_grant', 403]);
});
await check('changePassword', async () => {
  equal(value(await call(page, 'changePassword', { connection, email: mail })), "We've just sent you an email to reset your password.");
});
await check('logout', async () => {
  await page.evaluate(([settings, to]) => new window.auth0.WebAuth(settings).logout({ returnTo: to, clientID: settings.clientID }), [{ domain, clientID: app.client_id }, origin]);
  await page.waitForURL((url) => url.origin === origin && url.pathname === '/');
  const { error } = await call(page, 'checkSession', {});
  equal(error.code, 'login_required');
});

await browser.close();
await undo();
const user = await found(mail);
if (user) await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
await manage('DELETE', `clients/${app.client_id}`);
finish();
