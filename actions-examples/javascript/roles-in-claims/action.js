const NAMESPACE = 'https://example.com';

/** Copies roles and the client's metadata into the tokens. */
exports.onExecutePostLogin = async (event, api) => {
    const roles = event.authorization?.roles ?? [];
    api.idToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
    api.accessToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
    for (const [name, value] of Object.entries(event.client.metadata)) {
        if (name.startsWith('claim_')) {
            api.accessToken.setCustomClaim(`${NAMESPACE}/${name.slice('claim_'.length)}`, value);
        }
    }
};
