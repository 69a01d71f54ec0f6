exports.onExecutePostLogin = async (event, api) => {
    api.multifactor.enable('any');
    api.multifactor.enable('any', {});
    api.multifactor.enable('guardian', { allowRememberBrowser: false, surplus: 1 });
    api.multifactor.enable('duo', {
        allowRememberBrowser: true,
        providerOptions: { host: 'api-1.duosecurity.com', ikey: 'i', skey: 's', username: event.user.nickname },
    });
    api.multifactor.enable('google-authenticator', undefined).multifactor.enable('none', null);
};
