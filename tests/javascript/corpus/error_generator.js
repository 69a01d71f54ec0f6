exports.onExecutePostLogin = async function* (event, api) {
    yield api.access.deny('never');
};
