exports.onExecutePostLogin = async (event, api) => {
    if (!api.redirect.canRedirect()) {
        api.access.deny('interaction is needed');
        return;
    }
    const token = api.redirect.encodeToken({
        secret: event.secrets.SIGNING_SECRET,
        expiresInSeconds: 60,
        payload: { email: event.user.email, name: 'Zoë 🚀', nested: { list: [1, null] } },
    });
    api.redirect.sendUserTo('https://Consent.example.com/form?step=1&lang=de#top', {
        query: { session_token: token, step: 2, 'with space': 'a&b=c+d/é', undefined, list: ['x', 'y'] },
    });
};

exports.onContinuePostLogin = async (event, api) => {
    const payload = api.redirect.validateToken({ secret: event.secrets.SIGNING_SECRET, tokenParameterName: 'token' });
    api.user.setAppMetadata('payload', payload);
};
