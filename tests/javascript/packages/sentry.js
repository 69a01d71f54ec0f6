// dependencies: @sentry/node@7.120.3
const Sentry = require('@sentry/node');
exports.onExecutePostLogin = async (event, api) => {
    const { host } = new URL(event.secrets.SERVICE);
    Sentry.init({ dsn: `https://key@${host}/1`, tracesSampleRate: 0 });
    Sentry.setUser({ id: event.user.user_id });
    const id = Sentry.captureException(new Error('from an action'));
    api.idToken.setCustomClaim('captured', typeof id);
    api.idToken.setCustomClaim('flushed', await Sentry.flush(2000));
};
