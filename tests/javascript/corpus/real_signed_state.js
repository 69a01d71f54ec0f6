const crypto = require('node:crypto');
exports.onExecutePostLogin = async (event, api) => {
    const sign = (text) => crypto.createHmac('sha256', event.secrets.SIGNING_SECRET).update(text).digest('base64url');
    const payload = Buffer.from(JSON.stringify({ sub: event.user.user_id, org: event.organization?.id, t: Date.now() })).toString('base64url');
    const url = new URL('https://terms.example.com/accept');
    url.searchParams.set('payload', payload);
    url.searchParams.set('signature', sign(payload));
    api.redirect.sendUserTo(url.toString(), { query: { lang: event.transaction.ui_locales[1], back: `https://${event.request.hostname}/continue` } });
};
exports.onContinuePostLogin = async (event, api) => {
    const accepted = event.request.query.accepted === 'true';
    if (!accepted) return api.access.deny('The terms have to be accepted.');
    api.user.setAppMetadata('terms', { version: 3, at: Math.floor(Date.now() / 1000) });
    api.idToken.setCustomClaim('terms', 3);
};
