// The event as an object: parts that are not there, keys, copies, text.
exports.onExecutePostLogin = async (event, api) => {
    const { user: { app_metadata: { quota = {}, missing = 'default' } = {}, ...profile }, ...others } = event;
    api.user.setAppMetadata('destructured', [quota, missing, Object.keys(profile).length, Object.keys(others).sort()]);
    api.user.setAppMetadata('keys', Object.keys(event));
    api.user.setAppMetadata('presence', [
        'organization' in event,
        'refresh_token' in event,
        event.hasOwnProperty('experiment'),
        Object.hasOwn(event, 'prompt'),
        event.experiment === null,
        event.prompt === undefined,
        event?.prompt?.fields?.x ?? 'none',
        typeof event.toString,
        Object.getPrototypeOf(event) === Object.prototype,
        Object.isFrozen(event),
    ]);
    const seen = [];
    for (const key in event) seen.push(key);
    api.user.setAppMetadata('seen', seen);
    api.user.setAppMetadata('text', JSON.stringify(event).length);
    api.user.setAppMetadata('copy', { ...event }.tenant);
    api.user.setAppMetadata('entries', Object.entries(event).map(([key, value]) => [key, typeof value]));
    api.user.setAppMetadata('same', event.user === event.user && event.user.identities === event.user.identities);
    api.user.setAppMetadata('clone', structuredClone(event.client));
    api.user.setAppMetadata('descriptor', Object.getOwnPropertyDescriptor(event, 'tenant'));
};
