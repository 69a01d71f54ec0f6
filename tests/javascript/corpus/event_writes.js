// An action may write to its event as it likes; only what it asks the api for counts.
exports.onExecutePostLogin = async (event, api) => {
    event.user.app_metadata.plan = 'platinum';
    event.user.nickname = null;
    event.note = { from: 'me' };
    delete event.organization;
    event.tenant = 'overwritten';
    Object.assign(event, { stats: { logins_count: 99 }, extra: 1 });
    Object.defineProperty(event, 'hidden', { value: 5, enumerable: false });
    event['with/slash~and tilde'] = 1;
    event.client.metadata = undefined;
    api.user.setAppMetadata('seen', [
        event.user.app_metadata,
        event.user.nickname,
        event.note,
        event.organization === undefined,
        'organization' in event,
        event.tenant,
        event.stats,
        event.hidden,
        event['with/slash~and tilde'],
        Object.keys(event),
        JSON.stringify(event.client),
    ]);
    event.authorization.roles.push('added');
    event.authorization.roles.sort();
    api.idToken.setCustomClaim('roles', event.authorization.roles);
    event.user = undefined;
    api.idToken.setCustomClaim('user', event.user?.name);
    api.user.setUserMetadata('never', 'as the event has no user any more');
};
