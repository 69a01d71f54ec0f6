// The api of the credentials-exchange trigger: a machine asks for a token of its own.

import { push, snapshot } from './context.js';

/** `api.access` */
export const access = (api) => ({
    deny(code, reason) {
        push({ type: 'access.deny', code: snapshot(code), reason: snapshot(reason) });
        return api;
    },
});

/** `api.accessToken` */
export const accessToken = (api) => ({
    setCustomClaim(key, value) {
        push({ type: 'accessToken.setCustomClaim', key: snapshot(key), value: snapshot(value) });
        return api;
    },
});
