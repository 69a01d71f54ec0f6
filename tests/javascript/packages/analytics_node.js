// dependencies: analytics-node@6.2.0
const Analytics = require('analytics-node');
exports.onExecutePostLogin = async (event, api) => {
    const analytics = new Analytics('write-key', { host: event.secrets.SERVICE, flushAt: 1 });
    analytics.identify({ userId: event.user.user_id, traits: { email: event.user.email } });
    await new Promise((resolve, reject) => {
        analytics.track({ userId: event.user.user_id, event: 'Logged In' }, (error) => (error ? reject(error) : resolve()));
    });
    const [, data] = await new Promise((resolve) => analytics.flush((...given) => resolve(given)));
    api.idToken.setCustomClaim('sent', data === undefined || Array.isArray(data.batch));
};
