// dependencies: auth0@3.7.2
const { ManagementClient, AuthenticationClient } = require('auth0');
exports.onExecutePostLogin = async (event, api) => {
    const domain = event.secrets.DOMAIN;
    const management = new ManagementClient({ domain, clientId: 'c', clientSecret: 's', scope: 'read:users update:users' });
    api.idToken.setCustomClaim('user', await management.getUser({ id: 'auth0|1' }));
    api.idToken.setCustomClaim('users', await management.getUsersByEmail('ada@example.com'));
    api.idToken.setCustomClaim('updated', await management.updateAppMetadata({ id: 'auth0|1' }, { plan: 'silver' }));
    api.idToken.setCustomClaim('roles', await management.getUserRoles({ id: 'auth0|1' }));
    await management.assignRolestoUser({ id: 'auth0|1' }, { roles: ['rol_1'] });
    const authentication = new AuthenticationClient({ domain, clientId: 'c', clientSecret: 's' });
    api.idToken.setCustomClaim('grant', await authentication.clientCredentialsGrant({ audience: 'a' }));
    await management.getUser({ id: 'missing' });
};
