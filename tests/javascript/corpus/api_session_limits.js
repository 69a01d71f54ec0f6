exports.onExecutePostLogin = async (event, api) => {
    const [method, at] = event.request.query.what.split(':');
    try {
        if (method === 'long key') api.session.setMetadata('k'.repeat(256), 'v');
        if (method === 'long value') api.session.setMetadata('k', 'v'.repeat(256));
        if (method === 'nul') api.session.setMetadata('k', 'a\0b');
        if (method === 'empty key') api.session.setMetadata('', 'v');
        if (method === 'many') for (let n = 0; n < Number(at); n += 1) api.session.setMetadata(`k${n}`, String(n));
    } catch (error) {
        api.access.deny(error.message);
    }
};
