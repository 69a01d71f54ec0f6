// access, accessToken, idToken, user, validation, multifactor and authentication.

import { context, isObject, push, snapshot } from './context.js';
import { check, object, text } from './rules.js';

const SCOPE_CHARS = 280;
const USER_ID_CHARS = 128;

function scopeOf(scope) {
    if (typeof scope !== 'string') throw new TypeError('The value for the scope must be a string.');
    const trimmed = scope.trim();
    if (trimmed.length === 0) throw new Error('The value for the scope is required.');
    if (trimmed.length > SCOPE_CHARS) {
        throw new Error(`The value for the scope exceeds the allowed maximum of ${SCOPE_CHARS} characters.`);
    }
    if (/\s/.test(trimmed)) throw new Error('The value for the scope must not have whitespace.');
    return trimmed;
}

function settable(key) {
    if (key === 'scope') throw new Error('The "scope" claim cannot be set.');
}

/** `api.access` */
export const access = (api) => ({
    deny(reason) {
        push({ type: 'access.deny', reason: snapshot(reason) });
        return api;
    },
});

/** `api.accessToken` */
export const accessToken = (api) => ({
    setCustomClaim(key, value) {
        settable(key);
        push({ type: 'accessToken.setCustomClaim', key: snapshot(key), value: snapshot(value) });
        return api;
    },
    addScope(scope) {
        push({ type: 'accessToken.addScope', scope: scopeOf(scope) });
    },
    removeScope(scope) {
        push({ type: 'accessToken.removeScope', scope: scopeOf(scope) });
    },
});

/** `api.idToken` */
export const idToken = (api) => ({
    setCustomClaim(key, value) {
        settable(key);
        push({ type: 'idToken.setCustomClaim', key: snapshot(key), value: snapshot(value) });
        return api;
    },
});

// A custom database may have given something else than an object.
function metadataIs(name, wrong) {
    if (!isObject(context.run.event.user[name])) throw new Error(wrong);
}

/** `api.user` */
export const user = (api) => ({
    setAppMetadata(key, value) {
        metadataIs('app_metadata', 'Unexpected app_metadata format. Must be a valid JSON object');
        push({ type: 'user.setAppMetadata', key: snapshot(key), value: snapshot(value) });
        return api;
    },
    setUserMetadata(key, value) {
        metadataIs('user_metadata', 'Unexpected user_metadata format. Must be a valid JSON object.');
        push({ type: 'user.setUserMetadata', key: snapshot(key), value: snapshot(value) });
        return api;
    },
});

const VALIDATION = object({ 'errorCode!': text(100), 'errorMessage!': text(100) });

/** `api.validation` */
export const validation = (api) => ({
    error(errorCode, errorMessage) {
        check(VALIDATION, { errorCode, errorMessage });
        push({ type: 'validation.error', code: errorCode, message: errorMessage });
        return api;
    },
});

/** `api.multifactor` */
export const multifactor = (api) => ({
    enable(provider, options) {
        const allowRememberBrowser = snapshot(options?.allowRememberBrowser);
        const providerOptions = snapshot(options?.providerOptions);
        const given = allowRememberBrowser !== undefined || providerOptions !== undefined;
        push({
            type: 'multifactor.enable',
            provider: snapshot(provider),
            options: given ? { allowRememberBrowser, providerOptions } : undefined,
        });
        return api;
    },
});

/** `api.authentication` */
export const authentication = (api) => ({
    challengeWith(factor, options) {
        push({
            type: 'authentication.challengeWith',
            factor: snapshot(factor),
            additionalFactors: snapshot(options?.additionalFactors),
        });
    },
    challengeWithAny(factors) {
        push({ type: 'authentication.challengeWithAny', factors: snapshot(factors) });
    },
    enrollWith(factor, options) {
        push({
            type: 'authentication.enrollWith',
            factor: snapshot(factor),
            additionalFactors: snapshot(options?.additionalFactors),
        });
    },
    enrollWithAny(factors) {
        push({ type: 'authentication.enrollWithAny', factors: snapshot(factors) });
    },
    recordMethod(providerUrl) {
        push({ type: 'authentication.recordMethod', providerUrl: snapshot(providerUrl) });
        return api;
    },
    setPrimaryUser(primaryUserId) {
        if (context.primaryUserSet) throw new Error('The primary user can only be altered once per transaction');
        if (typeof primaryUserId !== 'string' || primaryUserId.length === 0) {
            throw new Error('The provided primary_user_id must be a non-empty string');
        }
        if (primaryUserId.length > USER_ID_CHARS) {
            throw new Error('The provided primary_user_id exceeds the maximum length.');
        }
        context.primaryUserSet = true;
        push({ type: 'authentication.setPrimaryUser', primaryUserId });
    },
});
