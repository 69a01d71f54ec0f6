exports.onExecutePostLogin = function (event, api) {
    return Promise.resolve(api.access.deny('never'));
};
