// Keeps a short history of logins in the metadata.
exports.onExecutePostLogin = async (event, api) => {
    const history = Array.isArray(event.user.app_metadata.history) ? event.user.app_metadata.history : [];
    const entry = { at: new Date().toISOString(), ip: event.request.ip, place: [event.request.geoip.cityName, event.request.geoip.countryCode].filter(Boolean).join(', ') };
    const next = [entry, ...history].slice(0, 5);
    api.user.setAppMetadata('history', next);
    const days = (Date.parse(entry.at) - Date.parse(event.user.last_password_reset ?? event.user.created_at)) / 864e5;
    if (days > 90) api.user.setUserMetadata('password_age', `${Math.round(days)} days`);
    const [first, ...rest] = event.user.name.split(' ');
    api.idToken.setCustomClaim('initials', `${first[0]}${rest.map((part) => part.charAt(0)).join('')}`.toUpperCase());
    api.idToken.setCustomClaim('week', Math.ceil((new Date() - new Date(new Date().getFullYear(), 0, 1)) / 864e5 / 7));
};
