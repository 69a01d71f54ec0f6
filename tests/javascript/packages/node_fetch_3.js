// dependencies: node-fetch@3.3.2
exports.onExecutePostLogin = async (event, api) => {
    const { default: fetch } = require('node-fetch');
    const base = event.secrets.SERVICE;
    const got = await fetch(`${base}/json`);
    api.user.setAppMetadata('get', [got.ok, got.status, await got.json()]);
    const posted = await fetch(`${base}/echo`, { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'Content-Type': 'application/json' } });
    api.user.setAppMetadata('post', await posted.json());
};
