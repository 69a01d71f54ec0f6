// api.cache: synchronous, and it reports what goes wrong instead of throwing.

import { context } from './context.js';

function received(value) {
    if (value === null || value === undefined) return `Received ${value}`;
    if (typeof value === 'function') return value.name ? `Received function ${value.name}` : 'Received function ';
    if (typeof value === 'object') {
        const name = value.constructor?.name;
        return name ? `Received an instance of ${name}` : 'Received [Object: null prototype] {}';
    }
    const shown = typeof value === 'bigint' ? `${value}n` : String(value);
    return `Received type ${typeof value} (${shown})`;
}

// The sizes are counted with Node's Buffer, which throws for what is no text.
function text(value) {
    if (typeof value === 'string') return value;
    const error = new TypeError(
        `The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. ${received(value)}`,
    );
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
}

const failed = (code) => ({ type: 'error', code });

// A call that the host refuses, such as one too many.
const answered = (answer, code) => (answer?.type === undefined ? failed(code) : answer);

const isTime = (value) => value === undefined || (typeof value === 'number' && Number.isFinite(value));

/** `api.cache` */
export const cache = () => ({
    get(key) {
        if (typeof key !== 'string') return undefined;
        const answer = context.run.callSync({ type: 'cache.get', key });
        if (answer === null || answer === undefined || answer.error) return undefined;
        return answer;
    },
    set(key, value, options) {
        const call = { type: 'cache.set', key: text(key), value: text(value), ttl: options?.ttl };
        call.expires_at = options?.expires_at;
        if (!isTime(call.ttl) || !isTime(call.expires_at)) return failed('InvalidExpiry');
        return answered(context.run.callSync(call), 'FailedToSetCacheRecord');
    },
    delete(key) {
        if (typeof key !== 'string') return failed('CacheKeyDoesNotExist');
        return answered(context.run.callSync({ type: 'cache.delete', key }), 'FailedToDeleteCacheRecord');
    },
});
