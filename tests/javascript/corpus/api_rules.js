exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('rule ran', api.rules.wasExecuted('rul_1'));
};
