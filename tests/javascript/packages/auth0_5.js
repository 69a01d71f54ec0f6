// dependencies: auth0@5.0.0
const { ManagementClient } = require('auth0');
exports.onExecutePostLogin = async (event, api) => {
    const management = new ManagementClient({ domain: event.secrets.DOMAIN, clientId: 'c', clientSecret: 's' });
    api.idToken.setCustomClaim('user', await management.users.get('auth0|1'));
    api.idToken.setCustomClaim('updated', await management.users.update('auth0|1', { app_metadata: { plan: 'silver' } }));
    try {
        await management.users.get('missing');
    } catch (error) {
        api.idToken.setCustomClaim('missing', [error.name, error.statusCode, error.message]);
    }
};
