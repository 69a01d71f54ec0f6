/** Denies who has not verified the address. */
exports.onExecutePostLogin = async (event, api) => {
    if (!event.user.email_verified) {
        api.access.deny(`Please verify ${event.user.email ?? 'your e-mail address'} first.`);
    }
};
