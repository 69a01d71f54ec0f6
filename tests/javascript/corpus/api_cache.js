exports.onExecutePostLogin = async (event, api) => {
    const seen = [];
    seen.push(api.cache.get('token') ?? 'nothing yet');
    seen.push(api.cache.set('token', 'secret', { ttl: 60000 }));
    seen.push(api.cache.get('token'));
    seen.push(api.cache.set('until', 'v', { expires_at: Date.now() + 5000, ttl: 10000 }));
    seen.push(api.cache.set('default', 'v'));
    seen.push(api.cache.set('k'.repeat(65), 'v').code);
    seen.push(api.cache.set('k', 'v'.repeat(4097)).code);
    seen.push(api.cache.set('k', 'v', { ttl: -1 }).code);
    seen.push(api.cache.set('k', 'v', { ttl: 'soon' }).code);
    seen.push(api.cache.set('k', 'v', { expires_at: NaN }).code);
    seen.push(api.cache.delete('token'));
    seen.push(api.cache.delete('token'));
    seen.push(String(api.cache.get('token')));
    for (const value of [undefined, 5, { a: 1 }, null]) {
        try {
            seen.push(api.cache.set('k', value));
        } catch (error) {
            seen.push(`${error.name}: ${error.message}`);
        }
    }
    api.user.setAppMetadata('seen', seen);
};
