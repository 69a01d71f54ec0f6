exports.onExecutePostLogin = async () => {};

exports.onContinuePostLogin = async (event, api) => {
    const back = api.authentication.recordMethod('https://kyc.example.com/');
    if (back === api) api.idToken.setCustomClaim('kyc', true);
};
