exports.onExecutePostLogin = async (event, api) => {
    const caught = [];
    const attempt = (call) => {
        try {
            call();
            caught.push('went well');
        } catch (error) {
            caught.push(`${error.constructor.name} ${error.name}: ${error.message}`);
        }
    };
    attempt(() => api.idToken.setCustomClaim('scope', 'x'));
    attempt(() => api.accessToken.setCustomClaim('scope', 'x'));
    attempt(() => api.accessToken.setCustomClaim('big', 10n));
    const round = { name: 'round' };
    round.self = round;
    attempt(() => api.idToken.setCustomClaim('round', round));
    const a = { b: { c: [] } };
    a.b.c.push(a);
    attempt(() => api.idToken.setCustomClaim('deep', { a }));
    attempt(() => api.idToken.setCustomClaim('throws', { toJSON() { throw new SyntaxError('no JSON'); } }));
    attempt(() => api.idToken.setCustomClaim('getter', { get x() { throw new Error('no x'); } }));
    api.user.setAppMetadata('caught', caught);
};
