// fetch without a network: what it refuses before anything is sent, data addresses, and http's arguments.
const http = require('http');
const https = require('https');

exports.onExecutePostLogin = async (event, api) => {
    const outcome = async (work) => {
        try {
            return await work();
        } catch (error) {
            const { name, message, code, cause } = Object(error);
            return [name, message, code, cause?.name, cause?.message, cause?.code, error instanceof Error];
        }
    };
    const works = [
        () => fetch(), () => fetch('/foo'), () => fetch(undefined), () => fetch('http://x/', { body: 'x' }), () => fetch('http://127.0.0.1:9/'), () => fetch('foo://x'), () => fetch('http://u:p@x/'),
        () => fetch('http://x/', { headers: { 'a b': 'x' } }), () => fetch('http://x/', { headers: { a: 'x\n y' } }), () => fetch('http://x/', { signal: AbortSignal.abort() }), () => fetch('http://x/', { signal: AbortSignal.abort('why') }), () => fetch('http://x/', { signal: 3 }), () => fetch('http://x/', { method: 'CONNECT' }), () => fetch('http://x/', 3),
        async () => (await fetch('data:text/plain;base64,aGk=')).text(), async () => (await fetch('data:application/json,{"a":1}')).json(), async () => (await fetch('data:,h%20i')).headers.get('content-type'),
        () => http.request('foo://x'), () => http.request('https://x'), () => https.get('http://x'), () => http.request({ path: 'a b' }), () => http.request({ method: 'a b' }), () => http.request({ headers: { 'a b': 1 } }), () => http.request({ headers: { a: undefined } }), () => http.request({ hostname: 3 }), () => http.request('foo'),
    ];
    for (const [at, work] of works.entries()) api.user.setAppMetadata(`fetch ${at}`, (await outcome(work)) ?? null);
    api.user.setAppMetadata('names', [http.STATUS_CODES[404], http.METHODS.includes('PATCH'), new https.Agent({ keepAlive: true }).keepAlive, typeof http.globalAgent.maxSockets, fetch.name, typeof http.IncomingMessage]);
};
