exports.onExecutePostLogin = async (event, api) => {
    const wanted = event.client.metadata.require_mfa === 'true' || event.transaction?.acr_values?.includes('http://schemas.openid.net/pape/policies/2007/06/multi-factor');
    const done = event.authentication?.methods?.some(({ name }) => name === 'mfa');
    const risky = event.authentication?.riskAssessment?.assessments?.NewDevice?.confidence === 'low';
    if ((wanted || risky) && !done) {
        const enrolled = event.user.enrolledFactors ?? [];
        if (enrolled.length === 0) api.authentication.enrollWithAny([{ type: 'otp' }, { type: 'phone' }]);
        else if (enrolled.some((factor) => factor.type === 'otp')) api.authentication.challengeWith({ type: 'otp' }, { additionalFactors: enrolled.filter((f) => f.type !== 'otp') });
        else api.multifactor.enable('any', { allowRememberBrowser: false });
    }
};
