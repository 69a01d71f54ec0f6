exports.onExecutePostLogin = async (event, api) => {
    const texts = [];
    const attempt = (method, ...given) => {
        try {
            texts.push([method, String(api.session[method](...given))]);
        } catch (error) {
            texts.push([method, `${error.name}: ${error.message}`]);
        }
    };
    attempt('setExpiresAt');
    attempt('setExpiresAt', 0);
    attempt('setExpiresAt', '2027-01-01');
    attempt('setExpiresAt', new Date(5));
    attempt('setIdleExpiresAt', Infinity);
    attempt('setIdleExpiresAt', NaN);
    attempt('revoke', 5);
    attempt('revoke', null, null);
    attempt('revoke', 'r', { preserveRefreshTokens: 'yes', other: 1, more: 2 });
    attempt('setCookieMode');
    attempt('setCookieMode', 'sometimes');
    attempt('setMetadata', 5, 'v');
    attempt('setMetadata', 'k', 5);
    attempt('setMetadata', 'k');
    attempt('setMetadata', 'bad key', 'v');
    // Once a key was refused, the next is too.
    attempt('setMetadata', 'good', 'v');
    api.user.setAppMetadata('texts', texts);
};
