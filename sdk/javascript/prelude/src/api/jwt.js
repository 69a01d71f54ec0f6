// JSON Web Tokens signed with HS256, and what is wrong with one in the words of npm's `jsonwebtoken`, as Auth0 has it.

import { builtins } from '../wiring.js';

const HEADER = { alg: 'HS256', typ: 'JWT' };
const FORM = /^[a-zA-Z0-9\-_]+?\.[a-zA-Z0-9\-_]+?\.([a-zA-Z0-9\-_]+)?$/;

const encoded = (value) => builtins.buffer().Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');

function signature(text, secret) {
    return builtins.crypto().createHmac('sha256', secret).update(text).digest('base64url');
}

function decoded(part) {
    try {
        return JSON.parse(builtins.buffer().Buffer.from(part, 'base64url').toString('utf8'));
    } catch {
        return undefined;
    }
}

/** A token with these claims. */
export function sign(payload, secret) {
    if (!secret) throw new Error('secretOrPrivateKey must have a value');
    for (const name of ['exp', 'iat', 'nbf']) {
        if (payload[name] !== undefined && typeof payload[name] !== 'number') {
            throw new Error(`"${name}" should be a number of seconds`);
        }
    }
    const text = `${encoded(HEADER)}.${encoded(payload)}`;
    return `${text}.${signature(text, secret)}`;
}

function dateOf(payload, now) {
    if (typeof payload?.nbf === 'number' && payload.nbf > now) return 'jwt not active';
    if (typeof payload?.exp === 'number' && now >= payload.exp) return 'jwt expired';
    return undefined;
}

/** The payload of a token, or the reason why it is refused. */
export function verify(token, secret) {
    if (typeof token !== 'string') return { reason: 'jwt must be a string' };
    if (token.split('.').length !== 3) return { reason: 'jwt malformed' };
    const [head, body, signed] = token.split('.');
    const header = FORM.test(token) ? decoded(head) : undefined;
    const payload = header === undefined ? undefined : decoded(body);
    if (header === undefined || payload === undefined) return { reason: 'invalid token' };
    if (signed === '') return { reason: 'jwt signature is required' };
    if (!secret) return { reason: 'secret or public key must be provided' };
    if (header.alg !== 'HS256') return { reason: 'invalid algorithm' };
    const wanted = signature(`${head}.${body}`, secret);
    const { Buffer } = builtins.buffer();
    const same = wanted.length === signed.length;
    if (!same || !builtins.crypto().timingSafeEqual(Buffer.from(wanted), Buffer.from(signed))) {
        return { reason: 'invalid signature' };
    }
    const reason = dateOf(payload, Math.floor(Date.now() / 1000));
    return reason === undefined ? { payload } : { reason };
}
