// dependencies: node-fetch@2.7.0
const fetch = require('node-fetch');
exports.onExecutePostLogin = async (event, api) => {
    const base = event.secrets.SERVICE;
    const got = await fetch(`${base}/json`);
    api.user.setAppMetadata('get', [got.ok, got.status, got.headers.get('content-type'), await got.json()]);
    const posted = await fetch(`${base}/echo`, { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'Content-Type': 'application/json' } });
    api.user.setAppMetadata('post', await posted.json());
    api.user.setAppMetadata('form', await (await fetch(`${base}/f`, { method: 'POST', body: new URLSearchParams({ a: '1' }) })).json());
    api.user.setAppMetadata('redirected', await (await fetch(`${base}/redirect`)).json());
    const missing = await fetch(`${base}/status/404`);
    api.user.setAppMetadata('missing', [missing.ok, missing.status, missing.statusText, await missing.text()]);
    try {
        await (await fetch(`${base}/text`)).json();
    } catch (error) {
        api.user.setAppMetadata('error', [error.name, error.type]);
    }
    await fetch('not a url');
};
