// dependencies: stripe@17.5.0
const Stripe = require('stripe');
exports.onExecutePostLogin = async (event, api) => {
    const { hostname, port } = new URL(event.secrets.SERVICE);
    const stripe = Stripe('sk_test_x', { host: hostname, port, maxNetworkRetries: 0, telemetry: false });
    const customer = await stripe.customers.create({ email: event.user.email, metadata: { id: event.user.user_id } });
    api.user.setAppMetadata('customer', JSON.parse(JSON.stringify(customer)));
    const { data } = await stripe.customers.list({ limit: 1, email: event.user.email });
    api.user.setAppMetadata('listed', data.length);
};
