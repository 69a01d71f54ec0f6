// The api of post-login as the reference documents describe it, for Node 20: written for comparison, plain and eager,
// and sharing nothing with the engine's. A list of mutations is what it makes.

import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';

// An action may change JSON for itself.
const { parse, stringify } = JSON;

const copy = (value) => {
    const text = stringify(value);
    return text === undefined ? undefined : parse(text);
};

const plain = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A checker of named arguments: collects what is wrong by place and throws it in Auth0's form. */
function complaints() {
    const byPlace = {};
    return {
        say(place, text) {
            (byPlace[place] ??= []).push(text);
        },
        done() {
            const all = Object.entries(byPlace).map(([place, texts]) => `${place.split('/').pop()} ${texts.join(', ')}`);
            if (all.length > 0) throw new Error(all.join('; '));
        },
    };
}

function wantText(to, place, value, max) {
    if (typeof value !== 'string') to.say(place, 'must be string');
    else if (max !== undefined && [...value].length > max) to.say(place, `must NOT have more than ${max} characters`);
}

function wantNumber(to, place, value) {
    if (!Number.isFinite(value)) to.say(place, 'must be number');
}

function tokens(run, api) {
    const claim = (token) => (key, value) => {
        if (key === 'scope') throw new Error('The "scope" claim cannot be set.');
        run.push({ type: `${token}.setCustomClaim`, key, value });
        return api;
    };
    const scope = (type) => (given) => {
        if (typeof given !== 'string') throw new TypeError('The value for the scope must be a string.');
        const word = given.trim();
        if (word === '') throw new Error('The value for the scope is required.');
        if (word.length > 280) {
            throw new Error('The value for the scope exceeds the allowed maximum of 280 characters.');
        }
        if (word.match(/\s/)) throw new Error('The value for the scope must not have whitespace.');
        run.push({ type, scope: word });
    };
    api.accessToken = {
        setCustomClaim: claim('accessToken'),
        addScope: scope('accessToken.addScope'),
        removeScope: scope('accessToken.removeScope'),
    };
    api.idToken = { setCustomClaim: claim('idToken') };
}

function decisions(run, api) {
    api.access = {
        deny(reason) {
            run.push({ type: 'access.deny', reason });
            return api;
        },
    };
    api.validation = {
        error(code, message) {
            const to = complaints();
            for (const [name, value] of [['errorCode', code], ['errorMessage', message]]) {
                if (value === undefined) to.say('', `must have required property '${name}'`);
            }
            if (code !== undefined) wantText(to, '/errorCode', code, 100);
            if (message !== undefined) wantText(to, '/errorMessage', message, 100);
            to.done();
            run.push({ type: 'validation.error', code, message });
            return api;
        },
    };
    api.rules = { wasExecuted: () => false };
}

function factors(run, api) {
    const one = (type) => (factor, options) => {
        run.push({ type, factor, additionalFactors: options?.additionalFactors });
    };
    const any = (type) => (list) => run.push({ type, factors: list });
    let primary = false;
    api.authentication = {
        challengeWith: one('authentication.challengeWith'),
        challengeWithAny: any('authentication.challengeWithAny'),
        enrollWith: one('authentication.enrollWith'),
        enrollWithAny: any('authentication.enrollWithAny'),
        recordMethod(providerUrl) {
            run.push({ type: 'authentication.recordMethod', providerUrl });
            return api;
        },
        setPrimaryUser(id) {
            if (primary) throw new Error('The primary user can only be altered once per transaction');
            if (typeof id !== 'string' || id === '') {
                throw new Error('The provided primary_user_id must be a non-empty string');
            }
            if (id.length > 128) throw new Error('The provided primary_user_id exceeds the maximum length.');
            primary = true;
            run.push({ type: 'authentication.setPrimaryUser', primaryUserId: id });
        },
    };
    api.multifactor = {
        enable(provider, options) {
            const kept = copy({
                allowRememberBrowser: options?.allowRememberBrowser,
                providerOptions: options?.providerOptions,
            });
            run.push({
                type: 'multifactor.enable',
                provider,
                options: Object.keys(kept).length === 0 ? undefined : kept,
            });
            return api;
        },
    };
}

function metadata(run, api) {
    const set = (type, name, complaint) => (key, value) => {
        if (!plain(run.event.user[name])) throw new Error(complaint);
        run.push({ type, key, value });
        return api;
    };
    const wrong = (name) => `Unexpected ${name} format. Must be a valid JSON object`;
    api.user = {
        setAppMetadata: set('user.setAppMetadata', 'app_metadata', wrong('app_metadata')),
        setUserMetadata: set('user.setUserMetadata', 'user_metadata', `${wrong('user_metadata')}.`),
    };
}

function checkTransaction(key, value) {
    const fail = (text) => {
        throw new Error(`Failed to set transaction metadata: Invalid metadata: ${text}`);
    };
    if (typeof key !== 'string') fail('Metadata key must be a string');
    if (key === '' || [...key].length > 64) fail('Metadata keys must have 1 to 64 characters');
    if (value === null || typeof value === 'boolean') return;
    if (typeof value === 'number') {
        if (!Number.isSafeInteger(value)) fail('Metadata numbers must be safe integers');
    } else if (typeof value !== 'string') fail('Metadata values must be a string, number, boolean or null');
    else if (Buffer.byteLength(value) > 8192) fail('Metadata values must be at most 8192 bytes');
}

function transaction(run, api) {
    const notes = { ...run.pristine.transaction?.metadata };
    const later = () => {
        throw new Error('Method not implemented.');
    };
    api.transaction = {
        setMetadata(key, value) {
            checkTransaction(key, value);
            if (value === null) delete notes[key];
            else notes[key] = value;
            run.event.transaction ||= {};
            run.event.transaction.metadata = { ...notes };
            run.push({ type: 'transaction.setMetadata', key, value });
        },
        addTargetScope: later,
        removeTargetScope: later,
        setTargetScopes: later,
        clearTargetScopes: later,
    };
}

function prompts(run, api) {
    const both = 'Redirect and render commands cannot be used in the same action.';
    api.prompt = {
        render(promptId, given) {
            if (run.redirects) run.abort(both);
            if (run.renders) run.abort('Only 1 render command per action is allowed.');
            const options = given || {};
            const to = complaints();
            if (promptId === undefined) to.say('', "must have required property 'promptId'");
            else wantText(to, '/promptId', promptId, 48);
            if (!plain(options)) to.say('/promptOptions', 'must be object');
            else promptOptions(to, options);
            to.done();
            if (Buffer.byteLength(stringify(options)) > 24576) {
                throw new Error('The total size of the prompt options exceeds the limit of 24576 bytes.');
            }
            run.renders = true;
            run.push({ type: 'prompt.render', promptId, fields: options.fields, vars: options.vars });
        },
    };
    api.redirect = redirect(run, api, both);
}

function promptOptions(to, options) {
    const surplus = 'must NOT have additional properties';
    for (const key of Object.keys(options)) {
        if (key !== 'fields' && key !== 'vars') to.say('/promptOptions', surplus);
    }
    for (const name of ['fields', 'vars']) {
        const map = options[name];
        const place = `/promptOptions/${name}`;
        if (map === undefined) continue;
        if (!plain(map)) {
            to.say(place, 'must be object');
            continue;
        }
        const keys = Object.keys(map);
        if (keys.length > 24) to.say(place, 'must NOT have more than 24 properties');
        for (const key of keys) {
            if (name === 'fields' && !/^[A-Za-z_]\w{0,49}$/.test(key)) to.say(place, surplus);
        }
    }
}

function redirect(run, api, both) {
    const b64 = (value) => Buffer.from(stringify(value)).toString('base64url');
    const mac = (text, secret) => createHmac('sha256', secret).update(text).digest('base64url');
    return {
        encodeToken({ secret, payload, expiresInSeconds }) {
            const iat = Math.floor(Date.now() / 1000);
            const { request, user } = run.event;
            const claims = {
                iat,
                iss: request.hostname,
                sub: user.user_id,
                exp: iat + (expiresInSeconds ?? 900),
                ip: request.ip,
                ...payload,
            };
            if (!secret) throw new Error('secretOrPrivateKey must have a value');
            const text = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64(claims)}`;
            return `${text}.${mac(text, secret)}`;
        },
        sendUserTo(address, options) {
            if (run.renders) run.abort(both);
            const url = new URL(address);
            for (const name in options?.query) url.searchParams.set(name, options.query[name]);
            run.redirects = true;
            run.push({ type: 'redirect.sendUserTo', url: url.href });
            return api;
        },
        canRedirect() {
            const { request, transaction } = run.event;
            const silent = request?.query?.prompt === 'none';
            const blind = ['oauth2-resource-owner', 'oauth2-refresh-token', 'oauth2-password', 'oauth2-webauthn'];
            return !silent && !blind.includes(transaction?.protocol);
        },
        validateToken({ secret, tokenParameterName }) {
            const name = tokenParameterName || 'session_token';
            const { request, user } = run.event;
            const given = { ...request?.query, ...request?.body };
            if (!given[name]) {
                throw new Error(
                    `There is no parameter called '${name}' available in either the POST body or query string.`,
                );
            }
            const bad = (reason) => {
                throw new Error(`The session token is invalid: ${reason}`);
            };
            const [head, body, signed, ...more] = given[name].split('.');
            if (signed === undefined || more.length > 0) bad('jwt malformed');
            if (mac(`${head}.${body}`, secret) !== signed) bad('invalid signature');
            const claims = parse(Buffer.from(body, 'base64url'));
            if (claims.exp <= Date.now() / 1000) bad('jwt expired');
            if (claims.exp === undefined) bad('Missing or invalid standard claims');
            if (claims.state === undefined || claims.state !== given.state) {
                bad('State in the token does not match the /continue state.');
            }
            if (claims.sub !== user.user_id) bad('Missing or invalid standard claims');
            return claims;
        },
    };
}

function checkNotes(notes) {
    const bad = (text) => {
        throw new Error(`Invalid metadata: ${text}`);
    };
    const all = Object.entries(notes);
    if (all.length > 25) bad('Metadata must not contain more than 25 entries');
    for (const [key, value] of all) {
        if (key.length > 255) bad('All metadata keys must be at most 255 characters long');
        if (key.includes('\0')) bad('Metadata keys must not contain null bytes (\0)');
        if (!/^[\w-]+$/.test(key)) bad('Metadata keys may only include letters, numbers, underscores, or hyphens');
        if (value.length > 255) bad('All metadata values must be at most 255 characters long');
        if (value.includes('\0')) bad('Metadata values must not contain null bytes (\0)');
    }
}

function noteSetter(run, name, label, notes, before) {
    const show = (value) => {
        if (run.event[name]) run.event[name].metadata = { ...value };
    };
    return {
        setMetadata(key, value) {
            try {
                before('setMetadata');
                if (typeof key !== 'string') throw new Error('Invalid metadata: Metadata key must be a string');
                if (value === null && !(key in notes)) return;
                if (value === null) delete notes[key];
                else {
                    if (typeof value !== 'string') throw new Error('Invalid metadata: Metadata value must be a string');
                    notes[key] = value;
                    checkNotes(notes);
                }
                show(notes);
                run.push({ type: `${label.api}.setMetadata`, key, value });
            } catch (error) {
                throw new Error(`Failed to set ${label.words} metadata: ${error.message}`);
            }
        },
        deleteMetadata(key) {
            if (!(key in notes)) return;
            delete notes[key];
            show(notes);
            run.push({ type: `${label.api}.deleteMetadata`, key });
        },
        evictMetadata() {
            const keys = Object.keys(notes);
            if (keys.length === 0) return;
            for (const key of keys) delete notes[key];
            show(notes);
            run.push({ type: `${label.api}.evictMetadata` });
        },
    };
}

function expiry(run, type, name) {
    return (value) => {
        if (!value) throw new Error('Either inactivity or absolute expiration time must be provided');
        const to = complaints();
        wantNumber(to, `/${name}`, value);
        to.done();
        run.push({ type, [name]: value });
    };
}

function session(run, api) {
    const notes = { ...run.pristine.session?.metadata };
    const must = () => {
        if (!run.event.session) throw new Error('Cannot set metadata on a session that does not exist.');
    };
    const own = noteSetter(run, 'session', { api: 'session', words: 'session' }, notes, must);
    api.session = {
        ...own,
        setExpiresAt: expiry(run, 'session.setExpiresAt', 'absolute'),
        setIdleExpiresAt: expiry(run, 'session.setIdleExpiresAt', 'inactivity'),
        revoke(reason, options) {
            const to = complaints();
            if (reason !== undefined) wantText(to, '/message', reason);
            if (options !== undefined && !plain(options)) to.say('/options', 'must be object');
            else if (options !== undefined) revokeOptions(to, options);
            to.done();
            run.push({ type: 'session.revoke', reason, options });
        },
        setCookieMode(mode) {
            if (!mode) throw new Error('Cookie mode must be provided');
            if (mode !== 'persistent' && mode !== 'non-persistent') {
                throw new Error(`Invalid cookie mode: ${mode}. Valid values are 'persistent' and 'non-persistent'.`);
            }
            run.push({ type: 'session.setCookieMode', mode });
            const { session: now } = run.event;
            if (plain(now) && Object.keys(now).length > 0) {
                run.event.session = { ...now, cookie: { ...now.cookie, mode } };
            }
        },
    };
}

function revokeOptions(to, options) {
    for (const key of Object.keys(options)) {
        if (key !== 'preserveRefreshTokens') to.say('/options', 'must NOT have additional properties');
    }
    const keep = options.preserveRefreshTokens;
    if (keep !== undefined && typeof keep !== 'boolean') to.say('/options/preserveRefreshTokens', 'must be boolean');
}

function refreshToken(run, api) {
    const notes = { ...run.pristine.refresh_token?.metadata };
    const offline = (method) => {
        if (run.event.refresh_token?.access === 'online') {
            throw new Error(`Cannot call ${method} on an online refresh token.`);
        }
    };
    const label = { api: 'refreshToken', words: 'refresh token' };
    const own = noteSetter(run, 'refresh_token', label, notes, offline);
    const guarded = (name, call) => (...given) => {
        offline(name);
        return call(...given);
    };
    api.refreshToken = {
        setMetadata: own.setMetadata,
        deleteMetadata: guarded('deleteMetadata', own.deleteMetadata),
        evictMetadata: guarded('evictMetadata', own.evictMetadata),
        setExpiresAt: guarded('setExpiresAt', expiry(run, 'refreshToken.setExpiresAt', 'absolute')),
        setIdleExpiresAt: guarded('setIdleExpiresAt', expiry(run, 'refreshToken.setIdleExpiresAt', 'inactivity')),
        revoke(reason) {
            const to = complaints();
            if (reason !== undefined) wantText(to, '/message', reason, 1024);
            to.done();
            run.push({ type: 'refreshToken.revoke', reason });
        },
    };
}

const SAML = {
    texts: {
        2048: ['audience', 'recipient', 'destination'],
        512: ['nameIdentifierFormat', 'authnContextClassRef', 'relayState', 'issuer'],
        4096: ['signingCert', 'encryptionCert', 'encryptionPublicKey', 'cert', 'key'],
    },
    flags: [
        'createUpnClaim',
        'passthroughClaimsWithNoMapping',
        'mapUnknownClaimsAsIs',
        'mapIdentities',
        'signResponse',
        'includeAttributeNameFormat',
        'typedAttributes',
    ],
    choices: {
        signatureAlgorithm: ['rsa-sha256', 'rsa-sha1'],
        digestAlgorithm: ['sha256', 'sha1'],
        encryptionAlgorithm: ['aes256-gcm', 'aes256-cbc'],
    },
};

function samlSettings() {
    const settings = { lifetimeInSeconds: wantNumber };
    for (const [max, names] of Object.entries(SAML.texts)) {
        for (const name of names) settings[name] = (to, place, value) => wantText(to, place, value, Number(max));
    }
    for (const name of SAML.flags) {
        settings[name] = (to, place, value) => typeof value === 'boolean' || to.say(place, 'must be boolean');
    }
    for (const [name, allowed] of Object.entries(SAML.choices)) {
        settings[name] = (to, place, value) =>
            allowed.includes(value) || to.say(place, 'must be equal to one of the allowed values');
    }
    settings.nameIdentifierProbes = (to, place, value) => {
        if (!Array.isArray(value)) return to.say(place, 'must be array');
        if (value.length > 10) to.say(place, 'must NOT have more than 10 items');
        return value.forEach((probe, at) => wantText(to, `${place}/${at}`, probe, 512));
    };
    return settings;
}

function saml(run, api) {
    const scalar = (value) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
    const attributes = {};
    api.samlResponse = {
        setAttribute(attribute, given) {
            const value = given ?? null;
            attributes[attribute] = value;
            if (Buffer.byteLength(stringify(attributes)) > 102400) {
                throw new Error('The total size of the SAML attributes exceeds the limit of 102400 bytes.');
            }
            const to = complaints();
            if (attribute === undefined) to.say('', "must have required property 'attribute'");
            else wantText(to, '/attribute', attribute, 1024);
            if (Array.isArray(value)) {
                value.forEach((item, at) => {
                    if (!scalar(item)) to.say(`/value/${at}`, 'must be string,number,boolean');
                    else if (typeof item === 'string') wantText(to, `/value/${at}`, item, 2048);
                });
            } else if (value !== null && !scalar(value)) to.say('/value', 'must be string,number,boolean,null,array');
            else if (typeof value === 'string') wantText(to, '/value', value, 2048);
            to.done();
            run.push({ type: 'samlResponse.setAttribute', attribute, value });
            return api;
        },
    };
    for (const [name, want] of Object.entries(samlSettings())) {
        const method = `set${name[0].toUpperCase()}${name.slice(1)}`;
        api.samlResponse[method] = (given) => {
            const unspecified = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
            const value = given === undefined && name === 'nameIdentifierFormat' ? unspecified : given;
            if (value === undefined) return api;
            const to = complaints();
            want(to, name === 'relayState' ? '/RelayState' : `/${name}`, value);
            to.done();
            run.push({ type: `samlResponse.${method}`, [name]: value });
            return api;
        };
    }
}

function directory(run, api) {
    const page = ({ from, take } = {}) => {
        if (from !== undefined && typeof from !== 'string') {
            throw new Error('The "from" parameter must be a string if provided.');
        }
        if (take !== undefined && !(Number.isInteger(take) && take > 0)) {
            throw new Error('The "take" parameter must be a positive integer if provided.');
        }
    };
    const some = (name, list) => {
        if (!Array.isArray(list) || list.length === 0) {
            throw new Error(`The "${name}" parameter must be a non-empty array of strings.`);
        }
    };
    const roles = (run.roles ?? []).map(({ id, name }) => ({ id, name, type: 'tenant' }));
    api.groups = {
        async getUserGroups(options) {
            page(options);
            return { groups: [] };
        },
        async hasGroupMembership(list) {
            some('groups', list);
            return { memberships: Object.fromEntries(list.map((key) => [key, { is_member: false }])) };
        },
    };
    api.roles = {
        async getUserEffectiveRoles(options) {
            page(options);
            return { roles };
        },
        async getUserEffectiveRolesByIds(list) {
            some('ids', list);
            return { roles: roles.filter(({ id }) => list.includes(id)) };
        },
        async getUserEffectiveRolesByNames(list) {
            some('names', list);
            return { roles: roles.filter(({ name }) => list.includes(name)) };
        },
    };
}

function received(value) {
    if (value === null || value === undefined) return `${value}`;
    if (typeof value === 'object') return `an instance of ${value.constructor.name}`;
    return `type ${typeof value} (${String(value)})`;
}

function cache(run, api) {
    const kept = new Map();
    const finite = (value) => value === undefined || Number.isFinite(value);
    const size = (value) => {
        if (typeof value === 'string') return Buffer.byteLength(value);
        const wanted = 'must be of type string or an instance of Buffer or ArrayBuffer';
        throw new TypeError(`The "string" argument ${wanted}. Received ${received(value)}`);
    };
    api.cache = {
        get(key) {
            const record = kept.get(key);
            return record && record.expires_at >= Date.now() ? { ...record } : undefined;
        },
        set(key, value, { ttl, expires_at: at } = {}) {
            const [keySize, valueSize] = [size(key), size(value)];
            if (keySize > 64) return { type: 'error', code: 'CacheKeySizeExceeded' };
            if (valueSize > 4096) return { type: 'error', code: 'CacheValueSizeExceeded' };
            if (!finite(ttl) || !finite(at)) return { type: 'error', code: 'InvalidExpiry' };
            const ends = [ttl === undefined ? Infinity : Date.now() + Math.floor(ttl), at ?? Infinity];
            let expires = Math.min(...ends);
            if (expires === Infinity) expires = Date.now() + 15 * 60 * 1000;
            if (expires <= Date.now()) return { type: 'error', code: 'ItemAlreadyExpired' };
            const record = { value, expires_at: Math.floor(expires) };
            kept.set(key, record);
            return { type: 'success', record: { ...record } };
        },
        delete(key) {
            return kept.delete(key) ? { type: 'success' } : { type: 'error', code: 'CacheKeyDoesNotExist' };
        },
    };
}

/** The api of a run, and the list that its calls fill. */
export function apiOf(event) {
    const mutations = [];
    const run = {
        event,
        pristine: copy(event),
        push: (mutation) => mutations.push(copy(mutation)),
        abort(message) {
            run.aborted ??= new Error(message);
            throw run.aborted;
        },
    };
    const api = {};
    const parts = [decisions, tokens, factors, cache, directory, metadata, prompts, refreshToken, session];
    for (const part of [...parts, saml, transaction]) part(run, api);
    return { api, mutations, run };
}
