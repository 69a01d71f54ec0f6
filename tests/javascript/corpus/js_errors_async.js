// Errors around await, and what an error shows of itself.
exports.onExecutePostLogin = async (event, api) => {
    const texts = [];
    const u = {};
    const attempt = async (run) => {
        try {
            await run();
            texts.push('nothing thrown');
        } catch (error) {
            texts.push(`${error.name}: ${error.message}`);
        }
    };
    await attempt(async () => (await u.f)());
    await attempt(async () => (await u).foo());
    await attempt(async () => (await u.x).foo);
    await attempt(async () => { const { a } = await u.x; return a; });
    await attempt(async () => { const [a] = await u.x; return a; });
    await attempt(async () => { for (const a of await u.x) return a; });
    await attempt(async () => { for await (const a of 5) return a; });
    await attempt(async () => { for await (const a of u.x) return a; });
    await attempt(async () => [...(await u.x)]);
    await attempt(async () => Math.max(...(await u.x)));
    await attempt(async () => (await (async () => ({ data: {} }))()).data.foo());
    await attempt(async () => { const { data } = await (async () => {})(); return data; });
    await attempt(async () => Promise.all(5));
    await attempt(async () => Promise.any([Promise.reject(1)]));
    await attempt(() => new Promise((resolve) => resolve.x.y));
    await attempt(() => Promise.resolve().then(() => u.q.z));
    await attempt(() => new Promise(5));
    class Refused extends Error {
        constructor(message) {
            super(message);
            this.name = 'Refused';
        }
    }
    const error = new Refused('no');
    texts.push(error.stack.split('\n')[0], Object.getOwnPropertyNames(error).join(), Object.keys(error).join());
    error.message = 'never';
    texts.push(error.stack.split('\n')[0], String(error), JSON.stringify(error, Object.getOwnPropertyNames(error)).slice(0, 25));
    const plain = {};
    Error.captureStackTrace(plain);
    texts.push(plain.stack.split('\n')[0], typeof Error.stackTraceLimit);
    try {
        null.x;
    } catch (caught) {
        texts.push(Object.getOwnPropertyNames(caught).join(), JSON.stringify(caught), /\n    at .*action\.js:\d+:\d+/.test(caught.stack));
    }
    const recursive = () => recursive() + 1;
    await attempt(async () => recursive());
    api.user.setAppMetadata('texts', texts);
};
