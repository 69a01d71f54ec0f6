// A token that the other page made, and all that can be wrong with it.
const crypto = require('crypto');

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(claims, secret, header = { alg: 'HS256', typ: 'JWT' }) {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${crypto.createHmac('sha256', secret).update(text).digest('base64url')}`;
}

exports.onContinuePostLogin = async (event, api) => {
    const secret = event.secrets.SIGNING_SECRET;
    const now = Math.floor(Date.now() / 1000);
    const good = { iat: now, exp: now + 60, sub: event.user.user_id, state: 'st_1', iss: 'page', answer: 42 };
    const results = [];
    const attempt = (label, value, options = {}) => {
        event.request.body = { session_token: value, state: 'st_1' };
        try {
            results.push([label, api.redirect.validateToken({ secret, ...options })]);
        } catch (error) {
            results.push([label, `${error.name}: ${error.message}`]);
        }
    };
    attempt('good', token(good, secret));
    attempt('other secret', token(good, 'other'));
    attempt('expired', token({ ...good, exp: now - 1 }, secret));
    attempt('state', token({ ...good, state: 'st_2' }, secret));
    attempt('no state', token({ ...good, state: undefined }, secret));
    attempt('subject', token({ ...good, sub: 'auth0|other' }, secret));
    attempt('no expiry', token({ ...good, exp: undefined }, secret));
    attempt('malformed', 'x.y');
    attempt('empty', '');
    attempt('parameter', token(good, secret), { tokenParameterName: 'elsewhere' });
    api.user.setAppMetadata('results', results);
};
