// Rules through the adapter, over the reference api: which mutations each gives.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { apiOf } from '../../../../../tests/javascript/reference/api.mjs';
import { ruleHandlers, UnauthorizedError } from '../../src/rules/adapter.js';

const EVENT = JSON.parse(readFileSync(new URL('../../../../../tests/javascript/event.json', import.meta.url)));

async function run(rule, { event = {}, resumed = false } = {}) {
    const whole = { ...structuredClone(EVENT), ...event };
    const { api, mutations } = apiOf(whole);
    const handlers = ruleHandlers(rule, {
        scope: (names) => Object.assign(globalThis, names),
        deny: (to, reason) => to.access.deny(reason),
    });
    await handlers[resumed ? 'onContinuePostLogin' : 'onExecutePostLogin'](whole, api);
    return mutations;
}

test('a context that stays as it was gives nothing', async () => {
    assert.deepEqual(await run((user, context, callback) => callback(null, user, context)), []);
});

test('claims, scopes, a factor and a redirect are read from the context', async () => {
    const rule = (user, context, callback) => {
        context.idToken['https://example.com/roles'] = context.authorization.roles;
        context.accessToken['https://example.com/key'] = configuration.KEY;
        context.accessToken.scope = ['openid', 'profile', 'extra'];
        context.multifactor = { provider: 'any', allowRememberBrowser: false };
        context.redirect = { url: 'https://example.com/terms?a=1' };
        context.samlConfiguration.mappings = { 'https://example.com/mail': 'email' };
        setTimeout(() => callback(null, user, context), 1);
    };
    assert.deepEqual(await run(rule, { event: { secrets: { KEY: 'k' } } }), [
        { type: 'idToken.setCustomClaim', key: 'https://example.com/roles', value: EVENT.authorization.roles },
        { type: 'accessToken.setCustomClaim', key: 'https://example.com/key', value: 'k' },
        { type: 'accessToken.removeScope', scope: 'read:reports' },
        { type: 'accessToken.addScope', scope: 'extra' },
        { type: 'multifactor.enable', provider: 'any', options: { allowRememberBrowser: false } },
        { type: 'samlResponse.setAttribute', attribute: 'https://example.com/mail', value: EVENT.user.email },
        { type: 'redirect.sendUserTo', url: 'https://example.com/terms?a=1' },
    ]);
});

test('metadata is written where it changed, by promise and by callback', async () => {
    const rule = (user, context, callback) => {
        const changed = { ...user.app_metadata, seen: 1, gone: null };
        auth0.users.updateAppMetadata(user.user_id, changed).then(() =>
            auth0.users.updateUserMetadata(user.user_id, { colour: 'red' }, (error) => callback(error, user, context)),
        );
    };
    assert.deepEqual(await run(rule), [
        { type: 'user.setAppMetadata', key: 'seen', value: 1 },
        { type: 'user.setUserMetadata', key: 'colour', value: 'red' },
    ]);
    const other = (user, context, callback) => auth0.users.updateAppMetadata('auth0|other', { a: 1 }).catch(callback);
    await assert.rejects(run(other), { message: 'A rule can only change the user who logs in' });
});

test('what earlier rules put into the tokens is there, and is not put there again', async () => {
    const rule = (user, context, callback) => {
        context.idToken.b = context.idToken.a + 1;
        callback(null, user, context);
    };
    const event = { rule: { id_token: { a: 1 }, access_token: {} } };
    assert.deepEqual(await run(rule, { event }), [{ type: 'idToken.setCustomClaim', key: 'b', value: 2 }]);
});

test('a rule turns a user away, fails, or is called again after a redirect', async () => {
    const denies = (user, context, callback) => callback(new UnauthorizedError('go away'));
    assert.deepEqual(await run(denies), [{ type: 'access.deny', reason: 'go away' }]);
    await assert.rejects(run((user, context, callback) => callback(new TypeError('lost'))), TypeError('lost'));
    const throws = () => {
        throw new RangeError('at once');
    };
    await assert.rejects(run(throws), RangeError('at once'));
    const again = (user, context, callback) => {
        context.idToken.protocol = context.protocol;
        callback(null, user, context);
    };
    const [claim] = await run(again, { resumed: true });
    assert.equal(claim.value, 'redirect-callback');
});
