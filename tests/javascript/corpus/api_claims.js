exports.onExecutePostLogin = async (event, api) => {
    const namespace = event.secrets.NAMESPACE;
    const { roles } = event.authorization;
    api.idToken.setCustomClaim(`${namespace}/roles`, roles);
    api.accessToken.setCustomClaim(`${namespace}/roles`, roles);
    api.idToken
        .setCustomClaim('text', 'ü✓😀')
        .idToken.setCustomClaim('number', -1.5e-7)
        .accessToken.setCustomClaim('flag', false)
        .accessToken.setCustomClaim('nothing', null);
    api.accessToken.setCustomClaim('nested', { list: [1, [2, { three: '3' }]], empty: {}, none: undefined });
};
