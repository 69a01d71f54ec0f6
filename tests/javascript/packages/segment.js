// dependencies: @segment/analytics-node@2.2.0
const { Analytics } = require('@segment/analytics-node');
exports.onExecutePostLogin = async (event, api) => {
    const analytics = new Analytics({ writeKey: 'k', host: event.secrets.SERVICE, flushAt: 1 });
    const sent = await new Promise((resolve, reject) => {
        analytics.on('error', reject);
        analytics.track({ userId: event.user.user_id, event: 'Logged In', properties: { a: 1 } }, (error, context) => (error ? reject(error) : resolve(context.event)));
    });
    api.idToken.setCustomClaim('sent', [sent.event, sent.userId, sent.type, sent.properties]);
    await analytics.closeAndFlush();
};
