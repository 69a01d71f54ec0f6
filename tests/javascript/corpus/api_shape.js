// The api is an object like any other.
exports.onExecutePostLogin = async (event, api) => {
    api.helper = (key) => api.idToken.setCustomClaim(key, 1);
    api.helper('a');
    api.access.originalDeny = api.access.deny;
    api.access.deny = (reason) => api.access.originalDeny(`wrapped: ${reason}`);
    api.access.deny('b');
    const { deny } = api.access;
    deny('c');
    api.user.setAppMetadata('names', Object.keys(api).sort());
    api.user.setAppMetadata('checks', [
        'cache' in api,
        api.noop === undefined,
        typeof api.user.setRoles,
        delete api.helper,
        Object.isExtensible(api),
        Object.isFrozen(api),
        JSON.stringify(api.session),
    ]);
    api.noop?.();
    api.user.linkUser();
};
