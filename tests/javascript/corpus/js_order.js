// Microtasks, timers and what is awaited, in order.
exports.onExecutePostLogin = async (event, api) => {
    const order = [];
    const done = new Promise((resolve) => setTimeout(resolve, 200));
    setTimeout(() => order.push('timer 5'), 5);
    setTimeout(() => order.push('timer 1'), 1);
    const cancelled = setTimeout(() => order.push('never'), 2);
    clearTimeout(cancelled);
    Promise.resolve().then(() => order.push('then 1')).then(() => order.push('then 2'));
    queueMicrotask(() => order.push('microtask'));
    process.nextTick(() => order.push('tick'));
    (async () => { order.push('async start'); await null; order.push('async end'); })();
    order.push('sync');
    let beats = 0;
    const beaten = new Promise((resolve) => {
        const interval = setInterval(() => {
            beats += 1;
            if (beats < 3) return;
            clearInterval(interval);
            resolve();
        }, 1);
    });
    await done;
    await beaten;
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`beats ${beats}`);
    api.user.setAppMetadata('order', order);
    setTimeout(() => api.access.deny('after the end'), 1);
};
