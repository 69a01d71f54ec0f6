// npm `@auth0/auth0-spa-js` in Chromium.
import { file, openBrowser, typeLogin } from './lib/browser.mjs';
import { assert, check, finish, needs } from './lib/harness.mjs';
import { bindAction, connection, createClient, domain, email, manage, password } from './lib/server.mjs';

const equal = assert.deepEqual;
const html = '<!doctype html><title>app</title><script src="/auth0-spa-js.js"></script><h1>An application</h1>';
const browser = await openBrowser({ '/': html, '/cb': html, '/auth0-spa-js.js': file('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js') });
const { origin } = browser;
const app = await createClient('spa-js', {
  app_type: 'spa',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token', 'implicit'],
  callbacks: [`${origin}/cb`],
  allowed_logout_urls: [origin],
  web_origins: [origin],
  allowed_origins: [origin],
});
const undo = await bindAction('spa-js');
const mail = email('ann');
const user = await manage('POST', 'users', { connection, email: mail, password, user_metadata: { plan: 'gold' } });
const patch = (body) => manage('PATCH', `users/${encodeURIComponent(user.user_id)}`, body);

/** Makes the page's client and runs `run(client, argument)` in the page. */
const inPage = (page, run, argument, options = {}) =>
  page.evaluate(
    async ([source, argument, settings]) => {
      const client = new window.auth0.Auth0Client(settings);
      try {
        return { value: await new Function(`return (${source})`)()(client, argument) };
      } catch (error) {
        return { error: { error: error.error, message: error.message } };
      }
    },
    [
      run.toString(),
      argument,
      {
        domain,
        clientId: app.client_id,
        cacheLocation: 'localstorage',
        authorizationParams: { redirect_uri: `${origin}/cb`, scope: 'openid profile email' },
        ...options,
      },
    ],
  );
const value = (answer) => (assert.ok(!answer.error, JSON.stringify(answer.error)), answer.value);
const leave = (page, run, argument, options) => inPage(page, run, argument, options).catch(() => undefined);
const refreshing = { useRefreshTokens: true };

const page = await browser.open();
await check('loginWithRedirect: leads to the login page', async () => {
  await page.goto(origin);
  await leave(page, (client) => client.loginWithRedirect({ appState: { from: 'here' } }), undefined, refreshing);
  await page.waitForURL((url) => url.host === domain);
  await page.locator('input[type=password]:visible').first().waitFor();
});
await check('login page: a wrong password', async () => {
  await typeLogin(page, mail, 'wrong');
  await page.getByText(/wrong email or password/i).first().waitFor();
  assert.equal(new URL(page.url()).host, domain);
});
await check('login page: leads back', async () => {
  await typeLogin(page, mail, password);
  await page.waitForURL((url) => url.href.startsWith(`${origin}/cb?`));
  assert.match(page.url(), /code=/);
});
const claims = await check('handleRedirectCallback', async () => {
  const answer = await inPage(page, async (client) => {
    const { appState } = await client.handleRedirectCallback();
    return { appState, user: await client.getUser(), claims: await client.getIdTokenClaims(), known: await client.isAuthenticated() };
  }, undefined, refreshing);
  const { appState, user: profile, claims, known } = value(answer);
  equal([appState, profile.sub, profile.email, known], [{ from: 'here' }, user.user_id, mail, true]);
  return claims;
});
await check('getIdTokenClaims: claims of an action', async () => {
  equal(needs(claims, 'claims')['https://example.com/user_metadata'], { plan: 'gold' });
  equal(claims['https://example.com/protocol'], 'oidc-basic-profile');
});
await check('getTokenSilently: by a refresh token', async () => {
  const asked = page.waitForRequest((request) => request.url().endsWith('/oauth/token') && request.method() === 'POST');
  const token = value(await inPage(page, (client) => client.getTokenSilently({ cacheMode: 'off' }), undefined, refreshing));
  assert.match((await asked).postData(), /grant_type=refresh_token/);
  assert.ok(token);
});
await check('getTokenSilently: in an iframe', async () => {
  await page.goto(origin);
  const asked = page.waitForRequest((request) => request.url().includes('prompt=none'));
  const answer = await inPage(page, (client) => client.getTokenSilently({ cacheMode: 'off', detailedResponse: true }), undefined, { cacheLocation: 'memory' });
  assert.match((await asked).url(), /response_mode=web_message/);
  assert.ok(value(answer).access_token);
});
await check('loginWithRedirect: a session needs no password', async () => {
  await page.goto(origin);
  await leave(page, (client) => client.loginWithRedirect());
  await page.waitForURL((url) => url.href.startsWith(`${origin}/cb?`));
  const answer = await inPage(page, async (client) => (await client.handleRedirectCallback(), await client.getUser()));
  equal(value(answer).sub, user.user_id);
});
await check('logout', async () => {
  await leave(page, (client, to) => client.logout({ logoutParams: { returnTo: to } }), origin);
  await page.waitForURL((url) => url.origin === origin && url.pathname === '/');
  equal(value(await inPage(page, (client) => client.isAuthenticated())), false);
});
await check('getTokenSilently: without a session', async () => {
  const answer = await inPage(page, (client) => client.getTokenSilently({ cacheMode: 'off' }), undefined, { cacheLocation: 'memory' });
  equal(answer.error?.error, 'login_required');
});
await check('loginWithRedirect: denied by an action', async () => {
  await patch({ app_metadata: { deny: 'go away' } });
  const other = await browser.open();
  await other.goto(origin);
  await leave(other, (client) => client.loginWithRedirect());
  await typeLogin(other, mail, password);
  await other.waitForURL((url) => url.href.startsWith(`${origin}/cb?`));
  const answer = await inPage(other, (client) => client.handleRedirectCallback());
  await patch({ app_metadata: { deny: null } });
  await other.context().close();
  equal(answer.error, { error: 'access_denied', message: 'go away' });
});
await check('loginWithRedirect: signs up on our page', async () => {
  const other = await browser.open();
  await other.goto(origin);
  await leave(other, (client) => client.loginWithRedirect({ authorizationParams: { screen_hint: 'signup' } }));
  await other.waitForURL((url) => url.host === domain);
  await typeLogin(other, email('new'), password);
  await other.waitForURL((url) => url.href.startsWith(`${origin}/cb?`));
  const answer = await inPage(other, async (client) => (await client.handleRedirectCallback(), await client.getUser()));
  await other.context().close();
  equal(value(answer).email, email('new'));
  const [made] = await manage('GET', `users-by-email?email=${encodeURIComponent(email('new'))}`);
  await manage('DELETE', `users/${encodeURIComponent(made.user_id)}`);
});

await browser.close();
await undo();
await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
await manage('DELETE', `clients/${app.client_id}`);
finish();
