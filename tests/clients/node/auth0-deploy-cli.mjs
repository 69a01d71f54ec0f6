// npm `auth0-deploy-cli`: imports a directory, imports it again, exports everything.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { AuthClient } from '@auth0/auth0-auth-js';

import { assert, check, finish, needs } from './lib/harness.mjs';
import { connection, createClient, domain, email, manage, management, password, realmGrant, run, uploadArtifact } from './lib/server.mjs';

const equal = assert.deepEqual;
const program = createRequire(import.meta.url).resolve('auth0-deploy-cli');
const folder = mkdtempSync(join(tmpdir(), 'postern-deploy-cli-'));
const secondsAllowed = 240;

/** Runs the program; returns its exit code and what it said. */
function a0deploy(args, settings = {}) {
  const env = {
    ...process.env,
    AUTH0_DOMAIN: domain,
    AUTH0_CLIENT_ID: management.clientId,
    AUTH0_CLIENT_SECRET: management.clientSecret,
    ...settings,
  };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { env, cwd: folder });
    const begun = Date.now();
    const timer = setTimeout(() => child.kill(), secondsAllowed * 1000);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, said, seconds: (Date.now() - begun) / 1000 });
    });
  });
}
const succeeds = ({ code, said }) => assert.equal(code, 0, said.slice(-400));

/** Writes files; objects as JSON. */
function write(base, files) {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
}
const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));

const compiled = `compiled ${run}`;
const script = `script-${run}`;
const app = `shop-${run}`;
const database = `staff-${run}`;
const api = `https://api.example.com/${run}`;
const code = "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('a', 1); };\n";
const rule = 'function (user, context, callback) {\n  callback(null, user, context);\n}\n';
const types = ['actions', 'triggers', 'clients', 'databases', 'tenant', 'resourceServers', 'clientGrants', 'rules', 'rulesConfigs', 'emailTemplates'];
const directory = join(folder, 'in');
write(directory, {
  // A compiled action has no source here: it is named, and its module is uploaded by `postern actions upload`.
  'actions/compiled.json': { name: compiled, code: '', runtime: 'wasm', deployed: true, secrets: [], dependencies: [], supported_triggers: [{ id: 'post-login', version: 'v3' }] },
  'actions/script.json': { name: script, code: `actions/${script}/code.js`, runtime: 'node22', deployed: false, secrets: [], dependencies: [], supported_triggers: [{ id: 'post-login', version: 'v3' }] },
  [`actions/${script}/code.js`]: code,
  'triggers/triggers.json': { 'post-login': [{ action_name: compiled, display_name: `the ${compiled}` }] },
  'clients/app.json': { name: app, app_type: 'regular_web', callbacks: ['https://##ENV##.example.com/cb'], grant_types: ['authorization_code', 'refresh_token', realmGrant], client_metadata: { tier: 'gold' }, jwt_configuration: { alg: 'RS256', lifetime_in_seconds: 36000 }, token_endpoint_auth_method: 'client_secret_post' },
  'database-connections/staff/database.json': { name: database, strategy: 'auth0', enabled_clients: [app], options: { passwordPolicy: 'good', brute_force_protection: true, disable_signup: true } },
  'tenant.json': { friendly_name: `Tenant ${run}`, support_email: 'help@example.com', session_lifetime: 100, idle_session_lifetime: 50 },
  'resource-servers/api.json': { name: `api-${run}`, identifier: api, scopes: [{ value: 'read:all', description: 'Read' }], signing_alg: 'RS256', token_lifetime: 3600 },
  'grants/grant.json': { client_id: app, audience: api, scope: ['read:all'] },
  'rules/rule.json': { name: `rule-${run}`, script: './rule.js', stage: 'login_success', enabled: false, order: 7 },
  'rules/rule.js': rule,
  'rules-configs/config.json': { key: `KEY_${run}`, value: 'value' },
  'emails/verify_email.json': { template: 'verify_email', body: './verify_email.html', from: 'no-reply@example.com', subject: 'Hello', syntax: 'liquid', enabled: true, urlLifetimeInSeconds: 3600 },
  'emails/verify_email.html': '<p>Hello {{ user.user_metadata.name }}: {{ url }}</p>',
});
const importing = ['import', '-i', directory];
const settings = { AUTH0_INCLUDED_ONLY: JSON.stringify(types), AUTH0_KEYWORD_REPLACE_MAPPINGS: '{"ENV":"test"}' };

const action = await manage('POST', 'actions/actions', { name: compiled, runtime: 'wasm', supported_triggers: [{ id: 'post-login', version: 'v3' }] });
await uploadArtifact(action.id);

const one = async (path, key, name) => {
  const answer = await manage('GET', path);
  const rows = Array.isArray(answer) ? answer : answer[key];
  return needs(rows.find((row) => [row.name, row.identifier, row.key].includes(name)), `${name} at ${path}`);
};
/** Everything that the directory says, as the server has it. */
async function state() {
  const client = await one('clients', 'clients', app);
  const connection = await one('connections?strategy=auth0', 'connections', database);
  const { clients } = await manage('GET', `connections/${connection.id}/clients?take=100`);
  const steady = ({ updated_at, ...rest }) => rest;
  return {
    client: steady(client),
    connection: steady(await manage('GET', `connections/${connection.id}`)),
    enabled: clients,
    tenant: await manage('GET', 'tenants/settings'),
    api: await one('resource-servers', 'resource_servers', api),
    grants: await manage('GET', `client-grants?audience=${encodeURIComponent(api)}`),
    rule: steady(await one('rules', 'rules', `rule-${run}`)),
    configs: await manage('GET', 'rules-configs'),
    template: steady(await manage('GET', 'email-templates/verify_email')),
    script: (({ code, name, runtime }) => ({ code, name, runtime }))(await one(`actions/actions?actionName=${script}`, 'actions', script)),
    bound: (await manage('GET', 'actions/triggers/post-login/bindings')).bindings.map((row) => [row.action.name, row.display_name]),
  };
}

const first = await check('import: ends with 0', async () => succeeds(await a0deploy(importing, settings))).then(() => state().catch((error) => (console.log(`# ${error.message}`), undefined)));
const have = () => needs(first, 'what was imported');
await check('import: client, its metadata and the replaced keyword', () => {
  const { client } = have();
  equal([client.callbacks, client.client_metadata], [['https://test.example.com/cb'], { tier: 'gold' }]);
});
await check('import: database and its clients', () => {
  const { connection, enabled, client } = have();
  equal([connection.strategy, connection.options.passwordPolicy, connection.options.disable_signup], ['auth0', 'good', true]);
  assert.ok(enabled.some((row) => row.client_id === client.client_id));
});
await check('import: tenant', () => {
  const { tenant } = have();
  equal([tenant.friendly_name, tenant.support_email], [`Tenant ${run}`, 'help@example.com']);
  equal(tenant.session_lifetime_in_minutes ?? tenant.session_lifetime * 60, 6000);
});
await check('import: resource server and client grant', () => {
  const grants = have().grants.client_grants ?? have().grants;
  equal([first.api.scopes[0].value, first.api.token_lifetime], ['read:all', 3600]);
  equal(grants.map((grant) => [grant.client_id, grant.scope]), [[first.client.client_id, ['read:all']]]);
});
await check('import: rule and its configuration', () => {
  equal([have().rule.script, first.rule.enabled, first.rule.order], [rule, false, 7]);
  assert.ok(first.configs.some((row) => row.key === `KEY_${run}`));
});
await check('import: e-mail template', () => {
  equal([have().template.subject, first.template.syntax], ['Hello', 'liquid']);
  assert.match(first.template.body, /user\.user_metadata\.name/);
});
await check('import: an action with code is kept', () => equal(have().script, { code, name: script, runtime: 'node22' }));
await check('import: the compiled action is deployed and bound', async () => {
  equal(have().bound, [[compiled, `the ${compiled}`]]);
  const read = await manage('GET', `actions/actions/${action.id}`);
  equal([read.all_changes_deployed, read.deployed_version.number], [true, 1]);
});
await check('import again: ends with 0 and changes nothing', async () => {
  succeeds(await a0deploy(importing, settings));
  equal(await state(), have());
});

// JavaScript all the way: a directory of actions is imported, and a login shows their claims and metadata.
const deploying = join(folder, 'deploying');
const second = `second-${run}`;
const metadata = `exports.onExecutePostLogin = async (event, api) => {
  const { URL } = require('url');
  api.user.setAppMetadata('country', new URL('https://de.example.com').hostname.split('.')[0]);
  api.idToken.setCustomClaim('https://example.com/logins', event.stats.logins_count);
};
`;
const scripted = (name) => ({ ...json(directory, 'actions/script.json'), name, code: `actions/${name}/code.js`, deployed: true });
write(deploying, {
  'actions/script.json': scripted(script),
  [`actions/${script}/code.js`]: code,
  'actions/second.json': scripted(second),
  [`actions/${second}/code.js`]: metadata,
  'triggers/triggers.json': { 'post-login': [script, compiled, second].map((name) => ({ action_name: name, display_name: name === compiled ? `the ${name}` : name })) },
});
await check('import: deploys actions with code', async () => succeeds(await a0deploy(['import', '-i', deploying], { AUTH0_INCLUDED_ONLY: '["actions","triggers"]' })));
await check('login: claims and metadata of imported actions', async () => {
  const shop = await createClient('scripts');
  const mail = email('js');
  const user = await manage('POST', 'users', { email: mail, password, connection });
  const auth = new AuthClient({ domain, clientId: shop.client_id, clientSecret: shop.client_secret });
  const tokens = await auth.getTokenByPassword({ username: mail, password, realm: connection, scope: 'openid' });
  equal([tokens.claims.a, tokens.claims['https://example.com/logins']], [1, 1]);
  const { app_metadata: kept } = await manage('GET', `users/${encodeURIComponent(user.user_id)}`);
  equal(kept.country, 'de');
  await manage('DELETE', `users/${encodeURIComponent(user.user_id)}`);
  await manage('DELETE', `clients/${shop.client_id}`);
});
await manage('PATCH', 'actions/triggers/post-login/bindings', { bindings: [{ ref: { type: 'action_name', value: compiled }, display_name: `the ${compiled}` }] });

const out = join(folder, 'out');
await check('export: everything, ends with 0', async () => succeeds(await a0deploy(['export', '-f', 'directory', '-o', out], { AUTH0_EXPORT_IDENTIFIERS: 'false' })));
await check('export: folders', () => {
  const names = readdirSync(out);
  for (const name of ['actions', 'triggers', 'clients', 'database-connections', 'tenant.json', 'resource-servers', 'grants', 'rules', 'emails']) assert.ok(names.includes(name), name);
});
await check('export: action with code, and compiled action', () => {
  equal(readFileSync(join(out, 'actions', script, 'code.js'), 'utf8'), code);
  const read = json(out, 'actions', `${compiled}.json`);
  equal([read.runtime, read.code, read.deployed], ['wasm', '', true]);
});
await check('export: triggers', () => {
  equal(json(out, 'triggers', 'triggers.json')['post-login'], [{ action_name: compiled, display_name: `the ${compiled}` }]);
});
await check('export: client and database', () => {
  equal(json(out, 'clients', `${app}.json`).client_metadata, { tier: 'gold' });
  const read = json(out, 'database-connections', database, 'database.json');
  equal([read.options.passwordPolicy, read.enabled_clients], ['good', [app]]);
});
await check('export: tenant, resource server, rule and template', () => {
  equal(json(out, 'tenant.json').friendly_name, `Tenant ${run}`);
  equal(json(out, 'resource-servers', `api-${run}.json`).identifier, api);
  equal(readFileSync(join(out, 'rules', `rule-${run}.js`), 'utf8'), rule);
  assert.match(readFileSync(join(out, 'emails', 'verify_email.html'), 'utf8'), /user_metadata\.name/);
});
await check('import of what was exported: ends with 0 and changes nothing', async () => {
  const before = await state();
  // A tenant's own management client is its owner's affair.
  const exported = { AUTH0_INCLUDED_ONLY: JSON.stringify(types.filter((type) => type !== 'rulesConfigs')) };
  succeeds(await a0deploy(['import', '-i', out], exported));
  equal(await state(), before);
});

// What was imported goes away.
await manage('PATCH', 'actions/triggers/post-login/bindings', { bindings: [] });
for (const name of [compiled, script, second]) {
  const found = await one(`actions/actions?actionName=${encodeURIComponent(name)}`, 'actions', name).catch(() => undefined);
  if (found) await manage('DELETE', `actions/actions/${found.id}?force=true`);
}
if (first) {
  await manage('DELETE', `connections/${first.connection.id}`);
  await manage('DELETE', `clients/${first.client.client_id}`);
  await manage('DELETE', `rules/${first.rule.id}`);
  await manage('DELETE', `resource-servers/${first.api.id}`);
}
rmSync(folder, { recursive: true });
finish();
