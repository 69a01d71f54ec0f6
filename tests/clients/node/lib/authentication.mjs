// The checks of the AuthenticationClient and the UserInfoClient of npm `auth0` 4.x and 5.x.
import { assert, check, claims, fails, needs, refused } from './harness.mjs';
import { logIn } from './pages.mjs';
import { audience, base, bindAction, connection, createClient, domain, email, issuer, manage, management, password, run } from './server.mjs';

const equal = assert.deepEqual;
const callback = 'https://app.example.com/cb';

/** Runs the checks with a version's classes. */
export async function checkAuthentication({ AuthenticationClient, UserInfoClient }) {
  const app = await createClient('authentication');
  const undo = await bindAction('authentication');
  const auth = new AuthenticationClient({ domain, clientId: app.client_id, clientSecret: app.client_secret });
  const information = new UserInfoClient({ domain });
  const mail = email('sue');
  const login = (more) => auth.oauth.passwordGrant({ username: mail, password, realm: connection, scope: 'openid profile email offline_access', ...more });

  const user = await check('database.signUp: user_metadata', async () => {
    const { data } = await auth.database.signUp({ email: mail, password, connection, user_metadata: { plan: 'gold' } });
    assert.ok(data.email === mail && data.id);
    const [read] = await manage('GET', `users-by-email?email=${encodeURIComponent(mail)}`);
    equal([read.user_metadata, read.user_id], [{ plan: 'gold' }, `auth0|${data.id}`]);
    return read;
  });
  await check('database.signUp: taken', async () => {
    const error = await refused(400, () => auth.database.signUp({ email: mail, password, connection }));
    assert.ok(['invalid_signup', 'user_exists'].includes(error.error), error.error);
  });
  await check('database.signUp: weak password', async () => {
    const error = await refused(400, () => auth.database.signUp({ email: email('weak'), password: 'a', connection }));
    equal(error.error, 'invalid_password');
  });
  const tokens = await check('oauth.passwordGrant: with a realm, and the claims of an action', async () => {
    const { data } = await login();
    assert.ok(data.token_type === 'Bearer' && data.expires_in > 0 && data.refresh_token);
    const id = claims(data.id_token);
    equal([id.iss, id.aud, id.sub, id.email], [issuer, app.client_id, needs(user, 'a user').user_id, mail]);
    equal(id['https://example.com/user_metadata'], { plan: 'gold' });
    equal([id['https://example.com/logins'], id['https://example.com/greeting']], [1, 'hello']);
    return data;
  });
  await check('oauth.passwordGrant: the action wrote app_metadata', async () => {
    equal((await manage('GET', `users/${encodeURIComponent(needs(user, 'a user').user_id)}`)).app_metadata, { logins: 1 });
  });
  await check('oauth.passwordGrant: in the default directory', async () => {
    const { data } = await auth.oauth.passwordGrant({ username: mail, password, scope: 'openid' });
    equal(claims(data.id_token).sub, needs(user, 'a user').user_id);
  });
  await check('oauth.passwordGrant: wrong password', async () => {
    const error = await refused(403, () => login({ password: 'nope' }));
    equal([error.error, error.error_description], ['invalid_grant', 'Wrong email or password.']);
  });
  await check('oauth.passwordGrant: no such connection', () => refused([400, 403], () => login({ realm: 'nowhere' })));
  await check('oauth.passwordGrant: denied by an action', async () => {
    const id = encodeURIComponent(needs(user, 'a user').user_id);
    await manage('PATCH', `users/${id}`, { app_metadata: { deny: 'go away' } });
    const error = await fails(() => login());
    await manage('PATCH', `users/${id}`, { app_metadata: { deny: null } });
    assert.ok(['access_denied', 'unauthorized'].includes(error.error), error.error);
    equal(error.error_description, 'go away');
  });
  await check('getUserInfo', async () => {
    const { data } = await information.getUserInfo(needs(tokens, 'tokens').access_token);
    equal([data.sub, data.email, data['https://example.com/user_metadata']], [user.user_id, mail, { plan: 'gold' }]);
  });
  await check('getUserInfo: nonsense for a token', () => refused(401, () => information.getUserInfo('bad')));
  const fresh = await check('oauth.refreshTokenGrant', async () => {
    const { data } = await auth.oauth.refreshTokenGrant({ refresh_token: needs(tokens, 'tokens').refresh_token });
    assert.ok(data.access_token);
    const id = claims(data.id_token);
    equal([id.sub, id['https://example.com/protocol']], [user.user_id, 'oauth2-refresh-token']);
    return data;
  });
  await check('oauth.revokeRefreshToken', async () => {
    const token = needs(fresh, 'tokens').refresh_token ?? tokens.refresh_token;
    equal((await auth.oauth.revokeRefreshToken({ token })).status, 200);
    const error = await refused(403, () => auth.oauth.refreshTokenGrant({ refresh_token: token }));
    equal(error.error, 'invalid_grant');
  });
  await check('oauth.authorizationCodeGrant', async () => {
    const query = new URLSearchParams({ client_id: app.client_id, response_type: 'code', redirect_uri: callback, scope: 'openid', state: 's' });
    const back = await logIn(`${base}/authorize?${query}`, { username: mail, password, callback });
    equal(back.searchParams.get('state'), 's');
    const grant = { code: back.searchParams.get('code'), redirect_uri: callback };
    const { data } = await auth.oauth.authorizationCodeGrant(grant);
    equal(claims(data.id_token).sub, needs(user, 'a user').user_id);
    const error = await refused(403, () => auth.oauth.authorizationCodeGrant(grant));
    equal(error.error, 'invalid_grant');
  });
  await check('oauth.clientCredentialsGrant', async () => {
    const machine = new AuthenticationClient({ domain, ...management });
    const { data } = await machine.oauth.clientCredentialsGrant({ audience });
    equal(claims(data.access_token).sub, `${management.clientId}@clients`);
    const error = await refused(403, () => auth.oauth.clientCredentialsGrant({ audience }));
    equal(error.error, 'access_denied');
  });
  await check('database.changePassword', async () => {
    const { data } = await auth.database.changePassword({ email: mail, connection });
    equal(data, "We've just sent you an email to reset your password.");
  });
  await undo();
  if (user) await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
  await manage('DELETE', `clients/${app.client_id}`);
}
