// dependencies: auth0@4.18.0
const { ManagementClient, AuthenticationClient } = require('auth0');
exports.onExecutePostLogin = async (event, api) => {
    const domain = event.secrets.DOMAIN;
    const management = new ManagementClient({ domain, clientId: 'c', clientSecret: 's' });
    const user = await management.users.get({ id: 'auth0|1' });
    api.idToken.setCustomClaim('user', [user.status, user.statusText, user.data]);
    api.idToken.setCustomClaim('users', (await management.usersByEmail.getByEmail({ email: 'ada@example.com' })).data);
    api.idToken.setCustomClaim('updated', (await management.users.update({ id: 'auth0|1' }, { app_metadata: { plan: 'silver' } })).data);
    await management.users.assignRoles({ id: 'auth0|1' }, { roles: ['rol_1'] });
    const authentication = new AuthenticationClient({ domain, clientId: 'c', clientSecret: 's' });
    api.idToken.setCustomClaim('grant', (await authentication.oauth.clientCredentialsGrant({ audience: 'a' })).data);
    try {
        await management.users.get({ id: 'missing' });
    } catch (error) {
        api.idToken.setCustomClaim('missing', [error.name, error.statusCode, error.error, error.errorCode, error.msg, error.message]);
    }
    await management.users.get({});
};
