/**
 * Puts the user's roles and organization into the tokens.
 */
exports.onExecutePostLogin = async (event, api) => {
    const namespace = 'https://acme.example';
    if (event.authorization) {
        api.idToken.setCustomClaim(`${namespace}/roles`, event.authorization.roles);
        api.accessToken.setCustomClaim(`${namespace}/roles`, event.authorization.roles);
        const scopes = event.authorization.roles.flatMap((role) => role.split(':').map((part) => `role:${part}`));
        scopes.forEach((scope) => api.accessToken.addScope(scope));
    }
    if (event.organization) {
        const { id, name, metadata } = event.organization;
        api.accessToken.setCustomClaim(`${namespace}/org`, { id, name, seats: Number(metadata.seats) || null });
    }
    if (!event.user.email_verified) return api.access.deny('Verify your e-mail address first.');
};
