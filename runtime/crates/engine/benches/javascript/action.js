/** A small action as people write them. */
const NAMESPACE = 'https://example.com';
const TIERS = new Map([['premium', 3], ['basic', 1]]);

function tierOf(metadata) {
    return TIERS.get(metadata.plan) ?? 0;
}

exports.onExecutePostLogin = async (event, api) => {
    const { user, request } = event;
    if (!user.email_verified) {
        return api.access.deny('Please verify your email address first.');
    }
    const roles = event.authorization?.roles ?? [];
    api.idToken.setCustomClaim(`${NAMESPACE}/tier`, tierOf(user.app_metadata));
    api.accessToken.setCustomClaim(`${NAMESPACE}/roles`, roles.filter((role) => /^[a-z]+$/.test(role)));
    api.user.setAppMetadata('last_country', request.geoip.countryCode);
};
