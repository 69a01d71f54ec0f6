exports.onExecutePostLogin = async (event, api) => {
    const steps = [
        () => api.refreshToken.setMetadata('device', 'laptop'),
        () => api.refreshToken.setMetadata('gone', null),
        () => api.refreshToken.deleteMetadata('a'),
        () => api.refreshToken.deleteMetadata('zzz'),
        () => api.refreshToken.setExpiresAt(Date.now() + 1000),
        () => api.refreshToken.setIdleExpiresAt(Date.now() + 10),
        () => api.refreshToken.setExpiresAt(null),
        () => api.refreshToken.setIdleExpiresAt({}),
        () => api.refreshToken.evictMetadata(),
        () => api.refreshToken.evictMetadata(),
        () => api.refreshToken.setMetadata('not good', 'x'),
        () => api.refreshToken.revoke('r'.repeat(1025)),
        () => api.refreshToken.revoke(1),
        () => api.refreshToken.revoke(),
        () => api.refreshToken.revoke('stolen'),
    ];
    const seen = steps.map((step) => {
        try {
            step();
            return event.refresh_token?.metadata ?? 'none';
        } catch (error) {
            return error.message;
        }
    });
    api.user.setAppMetadata('seen', seen);
};
