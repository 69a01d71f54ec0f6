exports.onExecutePostLogin = async (event, api) => {
    const texts = ['', undefined, 7, null, 'x'.repeat(129)].map((id) => {
        try {
            return api.authentication.setPrimaryUser(id);
        } catch (error) {
            return error.message;
        }
    });
    api.authentication.setPrimaryUser(`${event.user.identities[1].provider}|${event.user.identities[1].user_id}`);
    api.user.setAppMetadata('texts', texts);
    api.authentication.setPrimaryUser('auth0|again');
};
