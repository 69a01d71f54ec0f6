exports.onExecutePostLogin = async (event, api) => {
    const quota = event.user.app_metadata.quota ?? { used: 0, max: 1 };
    quota.used += 1;
    api.user.setAppMetadata('quota', quota);
    quota.used += 100;
    api.user.setUserMetadata('theme', null).user.setUserMetadata('lang', undefined);
    api.user.setUserMetadata('list', [...(event.user.user_metadata.list || []), 'first']);
    // Setting does not change what this action sees.
    api.user.setAppMetadata('seen', event.user.user_metadata.theme);
    const { user } = api;
    user.setAppMetadata('detached', typeof user.setUserMetadata);
};
