// dependencies: @slack/webhook@7.0.3
const { IncomingWebhook } = require('@slack/webhook');
exports.onExecutePostLogin = async (event, api) => {
    const webhook = new IncomingWebhook(`${event.secrets.SERVICE}/hook`);
    api.idToken.setCustomClaim('sent', await webhook.send({ text: `${event.user.email} logged in` }));
    await new IncomingWebhook(`${event.secrets.SERVICE}/status/404`).send('x').catch((error) => {
        api.idToken.setCustomClaim('error', [error.code, error.message]);
    });
};
