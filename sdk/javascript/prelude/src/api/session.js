// api.session and api.refreshToken: how long they live, and notes on them.
//
// A key that is too long or a value that is refused stays in what the next call checks, as with Auth0: once one was
// refused, every later one of the action is.

import { context, original, push, snapshot } from './context.js';
import { boolean, check, number, object, oneOf, text } from './rules.js';

const KEYS = 25;
const CHARS = 255;
const NEEDS_A_TIME = 'Either inactivity or absolute expiration time must be provided';
const EXPIRY = object({ absolute: number, inactivity: number });

function wrongEntry(key, value) {
    if (key.length > CHARS) return `All metadata keys must be at most ${CHARS} characters long`;
    if (key.includes('\0')) return 'Metadata keys must not contain null bytes (\0)';
    if (!/^[a-zA-Z0-9_-]{1,255}$/.test(key)) {
        return 'Metadata keys may only include letters, numbers, underscores, or hyphens';
    }
    if (value.length > CHARS) return `All metadata values must be at most ${CHARS} characters long`;
    return value.includes('\0') ? 'Metadata values must not contain null bytes (\0)' : undefined;
}

function wrongMetadata(metadata) {
    const entries = Object.entries(metadata);
    if (entries.length > KEYS) return `Metadata must not contain more than ${KEYS} entries`;
    for (const [key, value] of entries) {
        const wrong = wrongEntry(key, value);
        if (wrong !== undefined) return wrong;
    }
    return undefined;
}

// Whether the key was set or removed; false when there was nothing to remove.
function changed(metadata, key, value) {
    if (typeof key !== 'string') throw new Error('Invalid metadata: Metadata key must be a string');
    if (value === null) {
        if (!(key in metadata)) return false;
        delete metadata[key];
        return true;
    }
    if (typeof value !== 'string') throw new Error('Invalid metadata: Metadata value must be a string');
    metadata[key] = value;
    const wrong = wrongMetadata(metadata);
    if (wrong !== undefined) throw new Error(`Invalid metadata: ${wrong}`);
    return true;
}

function setExpiry(kind, type, absolute) {
    if (!absolute) throw new Error(NEEDS_A_TIME);
    check(EXPIRY, { [kind]: absolute });
    push({ type, [kind]: absolute });
}

const messageOf = (thrown) => (thrown instanceof Error ? thrown.message : String(thrown));

const REVOKE_SESSION = object({ message: text(), options: object({ preserveRefreshTokens: boolean }) });
const COOKIE_MODES = ['persistent', 'non-persistent'];
const COOKIE_MODE = object({ 'mode!': oneOf(...COOKIE_MODES) });

// What the session's metadata will be; undefined without a session.
function ofSession() {
    if (context.sessionMetadata === undefined && context.run.event.session) {
        context.sessionMetadata = original('/session') ? { ...original('/session/metadata') } : null;
    }
    return context.run.event.session ? context.sessionMetadata : undefined;
}

function setCookieMode(mode) {
    if (!mode) throw new Error('Cookie mode must be provided');
    if (!COOKIE_MODES.includes(mode)) {
        throw new Error(`Invalid cookie mode: ${mode}. Valid values are 'persistent' and 'non-persistent'.`);
    }
    check(COOKIE_MODE, { mode });
    push({ type: 'session.setCookieMode', mode });
    const { event } = context.run;
    // There are logins without a session whose session is an empty object.
    if (event.session && typeof event.session === 'object' && Object.keys(event.session).length > 0) {
        event.session = { ...event.session, cookie: { ...event.session.cookie, mode } };
    }
}

/** `api.session` */
export const session = () => ({
    setExpiresAt(absolute) {
        setExpiry('absolute', 'session.setExpiresAt', absolute);
    },
    setIdleExpiresAt(inactivity) {
        setExpiry('inactivity', 'session.setIdleExpiresAt', inactivity);
    },
    revoke(reason, options) {
        check(REVOKE_SESSION, { message: reason, options });
        push({ type: 'session.revoke', reason, options: snapshot(options) });
    },
    setCookieMode,
    setMetadata(key, value) {
        try {
            const metadata = ofSession();
            if (!metadata) throw new Error('Cannot set metadata on a session that does not exist.');
            if (!changed(metadata, key, value)) return;
            context.run.event.session.metadata = { ...metadata };
            push({ type: 'session.setMetadata', key, value });
        } catch (thrown) {
            throw new Error(`Failed to set session metadata: ${messageOf(thrown)}`);
        }
    },
    deleteMetadata(key) {
        const metadata = ofSession();
        if (!metadata || !(key in metadata)) return;
        delete metadata[key];
        context.run.event.session.metadata = { ...metadata };
        push({ type: 'session.deleteMetadata', key: snapshot(key) });
    },
    evictMetadata() {
        const metadata = ofSession();
        if (!metadata || Object.keys(metadata).length === 0) return;
        context.sessionMetadata = {};
        context.run.event.session.metadata = {};
        push({ type: 'session.evictMetadata' });
    },
});

const REVOKE_REFRESH_TOKEN = object({ message: text(1024) });

// Notes can be set before there is a token: they are kept for the one that will be issued.
function ofRefreshToken() {
    context.refreshTokenMetadata ??= { ...original('/refresh_token/metadata') };
    return context.refreshTokenMetadata;
}

function offline(method) {
    if (context.run.event.refresh_token?.access === 'online') {
        throw new Error(`Cannot call ${method} on an online refresh token.`);
    }
}

function showRefreshToken(metadata) {
    const token = context.run.event.refresh_token;
    if (token) token.metadata = { ...metadata };
}

/** `api.refreshToken` */
export const refreshToken = () => ({
    setExpiresAt(absolute) {
        offline('setExpiresAt');
        setExpiry('absolute', 'refreshToken.setExpiresAt', absolute);
    },
    setIdleExpiresAt(inactivity) {
        offline('setIdleExpiresAt');
        setExpiry('inactivity', 'refreshToken.setIdleExpiresAt', inactivity);
    },
    revoke(reason) {
        check(REVOKE_REFRESH_TOKEN, { message: reason });
        push({ type: 'refreshToken.revoke', reason });
    },
    setMetadata(key, value) {
        try {
            offline('setMetadata');
            const metadata = ofRefreshToken();
            if (!changed(metadata, key, value)) return;
            showRefreshToken(metadata);
            push({ type: 'refreshToken.setMetadata', key, value });
        } catch (thrown) {
            throw new Error(`Failed to set refresh token metadata: ${messageOf(thrown)}`);
        }
    },
    deleteMetadata(key) {
        offline('deleteMetadata');
        const metadata = ofRefreshToken();
        if (Object.keys(metadata).length === 0 || !(key in metadata)) return;
        delete metadata[key];
        showRefreshToken(metadata);
        push({ type: 'refreshToken.deleteMetadata', key: snapshot(key) });
    },
    evictMetadata() {
        offline('evictMetadata');
        if (Object.keys(ofRefreshToken()).length === 0) return;
        context.refreshTokenMetadata = {};
        showRefreshToken({});
        push({ type: 'refreshToken.evictMetadata' });
    },
});
