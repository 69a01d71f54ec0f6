exports.onExecutePostLogin = async (event, api) => {
    const enrolled = event.user.enrolledFactors.map(({ type, options }) => (options ? { type, options } : { type }));
    api.authentication.challengeWithAny(enrolled);
    api.authentication.challengeWith({ type: 'otp' });
    api.authentication.challengeWith(
        { type: 'phone', options: { preferredMethod: 'sms' } },
        { additionalFactors: [{ type: 'push-notification', options: { otpFallback: true } }, { type: 'email' }] },
    );
    api.authentication.challengeWith({ type: 'email' }, {});
    api.authentication.enrollWith({ type: 'webauthn-roaming' }, { additionalFactors: [{ type: 'recovery-code' }] });
    api.authentication.enrollWithAny([{ type: 'otp' }, { type: 'webauthn-platform' }]);
    api.access.deny(String(api.authentication.enrollWith({ type: 'otp' })));
};
