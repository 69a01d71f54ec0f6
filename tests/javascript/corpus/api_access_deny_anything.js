// What is not a text is taken as JSON, what is missing is left out.
exports.onExecutePostLogin = async (event, api) => {
    api.access.deny();
    api.access.deny(null);
    api.access.deny(new Error('not shown'));
    api.access.deny({ code: 'blocked', at: new Date(0) });
    api.access.deny('code', 'and a reason that is surplus');
};
