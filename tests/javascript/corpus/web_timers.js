// The order of timers, immediates, microtasks and answers; what aborts.
const { promisify } = require('util');
const { setTimeout: sleep, setImmediate: soon } = require('timers/promises');

exports.onExecutePostLogin = async (event, api) => {
    const seen = [];
    const say = (what) => () => seen.push(what);
    setTimeout(say('t60'), 60);
    setTimeout(say('t20'), 20);
    setTimeout(say('t20b'), 20);
    setTimeout(say('t0'), 0);
    setTimeout(say('negative'), -5);
    setTimeout(say('not a number'), 'x');
    queueMicrotask(say('micro'));
    Promise.resolve().then(say('promise'));
    process.nextTick(say('tick'));
    clearTimeout(setTimeout(say('never'), 5));
    clearTimeout(undefined);
    clearTimeout(12345);
    clearImmediate(setImmediate(say('never')));
    let count = 0;
    const interval = setInterval((what) => {
        count += 1;
        if (count === 3) clearInterval(interval);
        seen.push(`${what}${count}`);
    }, 100, 'tick');
    await new Promise((resolve) => setTimeout(resolve, 400));
    api.user.setAppMetadata('order', seen);
    const timer = setTimeout(() => {}, 3);
    api.user.setAppMetadata('timer', [timer.hasRef(), timer.unref() === timer, timer.hasRef(), timer.constructor.name, Number(timer) > 0, await sleep(2, 'slept'), await soon('soon'), (await promisify(setTimeout)(2)) === undefined]);
    const refused = [() => setTimeout('x'), () => setTimeout(), () => setImmediate({}), () => setInterval(null), () => queueMicrotask(3), () => new AbortSignal(), () => AbortSignal.timeout(-1), () => AbortSignal.any([3]), () => AbortSignal.abort(new RangeError('mine')).throwIfAborted(), () => new EventTarget().dispatchEvent({}), () => new Event()];
    api.user.setAppMetadata('refused', refused.map((work) => {
        try {
            return work();
        } catch ({ name, message, code }) {
            return { name, message, code };
        }
    }));
    const controller = new AbortController();
    const race = await Promise.race([
        new Promise((resolve, reject) => controller.signal.addEventListener('abort', () => reject(controller.signal.reason))),
        sleep(20).then(() => controller.abort(new Error('late'))),
    ]).catch((error) => error.message);
    const either = AbortSignal.any([controller.signal, AbortSignal.timeout(5000)]);
    api.user.setAppMetadata('abort', [race, either.aborted, either.reason.message, await sleep(1000, 'x', { signal: either }).catch(({ name, code }) => [name, code])]);
};
