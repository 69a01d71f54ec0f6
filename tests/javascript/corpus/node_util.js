const util = require('node:util');
const assert = require('assert');
const { EventEmitter, once } = require('events');
const path = require('path');
const os = require('os');
const { StringDecoder } = require('string_decoder');
exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    out.push(util.format('%s %d %i %f %j %o %O %% %s', 'a', '1.5', 2.9, '3.1', { a: 1 }, [1], { b: { c: {} } }, 'rest', { x: 1 }), util.inspect(event.user.app_metadata), util.inspect(new Map([[{ a: 1 }, new Set(['b'])]]), { depth: 0 }));
    out.push(util.inspect({ date: new Date(0), re: /x/, fn() {}, sym: Symbol('s'), nul: null, nested: { a: { b: { c: 1 } } }, big: 1n, long: 'x'.repeat(120), list: Array(120).fill(1) }));
    out.push(util.isDeepStrictEqual({ a: [1, new Date(0)] }, { a: [1, new Date(0)] }), util.types.isPromise(Promise.resolve()), util.inspect('it\'s'), util.inspect(new Error('x')).split('\n')[0]);
    out.push(await util.promisify((a, callback) => setTimeout(callback, 1, null, a * 2))(21), util.inspect(Object.create(null)), util.inspect(class A {}), util.inspect([, 1]));
    try { assert.strictEqual(1, 2); } catch (error) { out.push(error.name, error.code, error.message); }
    try { assert(false, 'own text'); } catch (error) { out.push(error.message); }
    try { assert.deepStrictEqual({ a: 1 }, { a: 1 }); out.push('equal'); } catch (error) { out.push(error.message); }
    try { await assert.rejects(Promise.resolve()); } catch (error) { out.push(error.message); }
    const emitter = new EventEmitter(); const heard = []; emitter.on('x', (v) => heard.push(v)); emitter.once('x', (v) => heard.push(-v)); emitter.emit('x', 1); emitter.emit('x', 2);
    setTimeout(() => emitter.emit('y', 'late'), 1); out.push(heard, await once(emitter, 'y'), emitter.listenerCount('x'));
    try { emitter.emit('error', new Error('unheard')); } catch (error) { out.push(error.message); }
    out.push(path.join('/a', '../b', 'c.js'), path.extname('x.tar.gz'), path.basename('/a/b.js', '.js'), path.resolve('/a', 'b', '../c'), path.parse('/x/y.z'), os.EOL, new StringDecoder('utf8').write(Buffer.from([0xe2, 0x9c])), util.inspect(new Proxy({ a: 1 }, {})));
    api.user.setAppMetadata('out', out);
};
