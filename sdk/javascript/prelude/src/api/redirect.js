// api.redirect: sending the user away, and the signed tokens that travel along.

import { context, push } from './context.js';
import { sign, verify } from './jwt.js';
import { abort, NOT_BOTH } from './prompt.js';

const EXPIRES_IN_SECONDS = 60 * 15;
const PARAMETER = 'session_token';
const WITHOUT_BROWSER = ['oauth2-resource-owner', 'oauth2-refresh-token', 'oauth2-password', 'oauth2-webauthn'];

function claimsOf(payload, { state, sub }) {
    if (payload === null || typeof payload !== 'object' || typeof payload.exp !== 'number') {
        return 'Missing or invalid standard claims';
    }
    if (payload.state === undefined || payload.state !== state) {
        return 'State in the token does not match the /continue state.';
    }
    return payload.sub === sub ? undefined : 'Missing or invalid standard claims';
}

/** `api.redirect` */
export const redirect = (api) => ({
    encodeToken(options) {
        const { event } = context.run;
        const issuedAt = Math.floor(Date.now() / 1000);
        const payload = {
            iat: issuedAt,
            iss: event.request.hostname,
            sub: event.user.user_id,
            exp: issuedAt + (options.expiresInSeconds ?? EXPIRES_IN_SECONDS),
            ip: event.request.ip,
            ...options.payload,
        };
        return sign(payload, options.secret);
    },
    sendUserTo(baseUrl, options) {
        if (context.suspends === 'prompt') abort(NOT_BOTH);
        const url = new URL(baseUrl);
        if (options?.query) {
            for (const name in options.query) url.searchParams.set(name, options.query[name]);
        }
        context.suspends = 'redirect';
        push({ type: 'redirect.sendUserTo', url: url.href });
        return api;
    },
    canRedirect() {
        const { event } = context.run;
        const query = event?.request?.query ?? {};
        if (query.prompt === 'none') return false;
        const protocol = (event.transaction && event.transaction.protocol) || 'unknown-protocol';
        return !WITHOUT_BROWSER.includes(protocol);
    },
    validateToken(options) {
        const { event } = context.run;
        const parameter = options.tokenParameterName || PARAMETER;
        const { request } = event;
        const given = { ...((request && request.query) || {}), ...((request && request.body) || {}) };
        const token = given[parameter];
        if (!token) {
            throw new Error(
                `There is no parameter called '${parameter}' available in either the POST body or query string.`,
            );
        }
        const { payload, reason } = verify(token, options.secret);
        const wrong = reason ?? claimsOf(payload, { state: given.state, sub: event.user.user_id });
        if (wrong !== undefined) throw new Error(`The session token is invalid: ${wrong}`);
        return payload;
    },
});
