// What actions do with errors that they catch.
exports.onExecutePostLogin = async (event, api) => {
    const log = [];
    const services = [
        async () => { throw new Error('down'); },
        async () => { throw Object.assign(new Error('limited'), { statusCode: 429, response: { data: { retry: 5 } } }); },
        async () => JSON.parse('<!doctype html>'),
        () => Promise.reject({ error: 'invalid_grant' }),
        async () => event.user.app_metadata.billing.customer,
        async () => 'fine',
    ];
    for (const service of services) {
        try {
            log.push(await service());
        } catch (error) {
            const { name, message, statusCode, response } = error;
            log.push({
                name, message, statusCode, response,
                text: String(error),
                json: JSON.stringify(error),
                is: [error instanceof Error, error instanceof TypeError, error instanceof SyntaxError],
                tag: Object.prototype.toString.call(error),
                keys: Object.keys(error),
                constructor: error.constructor.name,
            });
        }
    }
    const settled = await Promise.allSettled(services.map((service) => service()));
    log.push(settled.map(({ status, reason }) => [status, reason?.message]));
    api.user.setAppMetadata('log', log);
};
