// npm `auth0-lock` in Chromium, bundled as an application bundles it.
import { buildSync } from 'esbuild';

import { openBrowser } from './lib/browser.mjs';
import { assert, check, finish, needs } from './lib/harness.mjs';
import { bindAction, connection, createClient, domain, email, manage, password } from './lib/server.mjs';

const equal = assert.deepEqual;
const { outputFiles } = buildSync({
  stdin: { contents: "import { Auth0Lock } from 'auth0-lock'; window.Auth0Lock = Auth0Lock;", resolveDir: import.meta.dirname },
  bundle: true,
  write: false,
  minify: true,
  // As webpack looks for them: esbuild would else take the build of `auth0-js` that is neither kind of module.
  mainFields: ['browser', 'module', 'main'],
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  logLevel: 'error',
});
const html = '<!doctype html><title>app</title><script src="/lock.js"></script><h1>An application</h1>';
const browser = await openBrowser({ '/': html, '/lock.js': outputFiles[0].text });
const { origin } = browser;
const app = await createClient('lock', {
  app_type: 'spa',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'implicit', 'refresh_token'],
  callbacks: [`${origin}/`, origin],
  allowed_logout_urls: [origin],
  web_origins: [origin],
  allowed_origins: [origin],
  cross_origin_authentication: true,
});
const undo = await bindAction('lock');
const mail = email('ann');
const found = async (address) => (await manage('GET', `users-by-email?email=${encodeURIComponent(address)}`))[0];

const fields = [
  { name: 'address', placeholder: 'your address' },
  { name: 'plan', type: 'hidden', value: 'gold' },
  { name: 'given_name', placeholder: 'your name', storage: 'root' },
  { type: 'select', name: 'location', placeholder: 'your location', prefill: 'is', options: [{ value: 'is', label: 'Iceland' }, { value: 'no', label: 'Norway' }] },
  { type: 'checkbox', name: 'newsletter', placeholder: 'Send me mail', prefill: 'true' },
];
const wanted = { address: '1 Main St', plan: 'gold', location: 'is', newsletter: 'true' };

/** Makes the page's Lock; `window.done` is what it ends with. */
async function openLock(page, screen) {
  await page.goto(`${origin}/`);
  await make(page);
  if (screen) await page.evaluate((initialScreen) => window.lock.show({ initialScreen }), screen);
}
const make = (page) =>
  page.evaluate(
    ([client, domain, options]) => {
      window.lock = new window.Auth0Lock(client, domain, options);
      window.done = new Promise((resolve) => {
        window.lock.on('authenticated', (value) => resolve({ value }));
        window.lock.on('authorization_error', (error) => resolve({ error: JSON.parse(JSON.stringify(error)) }));
      });
    },
    [app.client_id, domain, { auth: { redirectUrl: `${origin}/`, responseType: 'token id_token', params: { scope: 'openid profile email' } }, additionalSignUpFields: fields, rememberLastLogin: false, closable: true }],
  );
/** After the way over the server, the application's page makes its Lock again, which finds the tokens. */
async function comeBack(page) {
  await page.waitForURL((url) => url.origin === origin && url.hash.includes('id_token'));
  await make(page);
  return page.evaluate(() => window.done);
}
const fill = (page, name, text) => page.locator(`.auth0-lock input[name="${name}"]`).fill(text);
const send = (page) => page.locator('.auth0-lock-submit').click();
const information = (page, token) =>
  page.evaluate((token) => new Promise((resolve) => window.lock.getUserInfo(token, (error, value) => resolve(error ? { error } : { value }))), token);

const page = await browser.open();
await check('settings: /client/{id}.js', async () => {
  await openLock(page, 'signUp');
  await page.locator('.auth0-lock input[name="email"]').waitFor();
});
const signedUp = await check('signup: additional fields, and the login after it', async () => {
  const sent = page.waitForRequest((request) => request.url().endsWith('/dbconnections/signup') && request.method() === 'POST');
  await fill(page, 'email', mail);
  await fill(page, 'password', password);
  await fill(page, 'address', '1 Main St');
  await fill(page, 'given_name', 'Ann');
  await send(page);
  const body = (await sent).postDataJSON();
  equal([body.user_metadata, body.given_name], [wanted, 'Ann']);
  const { value, error } = await comeBack(page);
  assert.ok(value, JSON.stringify(error));
  equal(value.idTokenPayload.email, mail);
  return value;
});
await check('signup: what the server keeps', async () => {
  const read = await found(mail);
  equal([read.user_metadata, read.given_name], [wanted, 'Ann']);
});
await check('getUserInfo: user_metadata by the claim of an action', async () => {
  const { value, error } = await information(page, needs(signedUp, 'tokens').accessToken);
  assert.ok(value, JSON.stringify(error));
  equal([value.email, value['https://example.com/user_metadata']], [mail, wanted]);
});
await check('checkSession', async () => {
  const answer = await page.evaluate(() => new Promise((resolve) => window.lock.checkSession({}, (error, value) => resolve(error ? { error } : { value }))));
  equal(answer.value?.idTokenPayload.email, mail, JSON.stringify(answer.error));
});
const other = await browser.open();
await check('signup: taken', async () => {
  await openLock(other, 'signUp');
  await fill(other, 'email', mail);
  await fill(other, 'password', password);
  await fill(other, 'address', 'elsewhere');
  await fill(other, 'given_name', 'Bob');
  await send(other);
  await other.locator('.auth0-global-message-error').waitFor();
});
await check('login: wrong password', async () => {
  await openLock(other, 'login');
  await fill(other, 'email', mail);
  await fill(other, 'password', 'wrong');
  await send(other);
  await other.locator('.auth0-global-message-error').getByText(/wrong email or password/i).waitFor();
});
await check('login', async () => {
  await fill(other, 'password', password);
  await send(other);
  const { value, error } = await comeBack(other);
  assert.ok(value, JSON.stringify(error));
  equal([value.idTokenPayload.email, value.idTokenPayload['https://example.com/user_metadata']], [mail, wanted]);
});
await check('login: metadata changed since is in the next token', async () => {
  const user = await found(mail);
  await manage('PATCH', `users/${encodeURIComponent(user.user_id)}`, { user_metadata: { plan: 'silver' } });
  const third = await browser.open();
  await openLock(third, 'login');
  await fill(third, 'email', mail);
  await fill(third, 'password', password);
  await send(third);
  const { value } = await comeBack(third);
  const { value: read } = await information(third, value.accessToken);
  equal(read['https://example.com/user_metadata'].plan, 'silver');
});
await check('login: denied by an action', async () => {
  const user = await found(mail);
  await manage('PATCH', `users/${encodeURIComponent(user.user_id)}`, { app_metadata: { deny: 'go away' } });
  const fourth = await browser.open();
  await openLock(fourth, 'login');
  await fill(fourth, 'email', mail);
  await fill(fourth, 'password', password);
  await send(fourth);
  await fourth.waitForURL((url) => url.origin === origin && url.hash.includes('error'));
  const answer = new URLSearchParams(new URL(fourth.url()).hash.slice(1));
  equal([answer.get('error'), answer.get('error_description')], ['access_denied', 'go away']);
});
await check('forgotten password', async () => {
  await openLock(other, 'forgotPassword');
  await fill(other, 'email', mail);
  const asked = other.waitForResponse((response) => response.url().endsWith('/dbconnections/change_password') && response.request().method() === 'POST');
  await send(other);
  equal((await asked).status(), 200);
});

await browser.close();
await undo();
const user = await found(mail);
if (user) await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
await manage('DELETE', `clients/${app.client_id}`);
finish();
