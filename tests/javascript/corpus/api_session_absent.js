exports.onExecutePostLogin = async (event, api) => {
    api.session.deleteMetadata('first');
    api.session.evictMetadata();
    api.session.setCookieMode('persistent');
    api.idToken.setCustomClaim('session', event.session);
    api.session.setMetadata('k', 'v');
};
