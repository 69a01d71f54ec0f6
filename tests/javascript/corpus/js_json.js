exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    out.push(JSON.stringify({ b: 1, a: [undefined, null, () => 1], c: undefined, 2: 'x', 1: 'y' }), JSON.stringify('\u2028\ud800"\\\n'), JSON.stringify({ a: { b: [1] } }, null, 2), JSON.stringify([1, { x: 2 }], null, '--'));
    out.push(JSON.stringify({ a: 1, b: 2 }, ['b']), JSON.stringify({ a: 5 }, (key, value) => (typeof value === 'number' ? value * 2 : value)), JSON.parse('{"a":[1,2,{"b":null}]}', (key, value) => (Array.isArray(value) ? value.length : value)), JSON.parse(' 1e3 '), JSON.stringify(undefined) === undefined);
    out.push(JSON.parse('{"__proto__": {"x": 1}}').x === undefined, Object.keys(JSON.parse('{"__proto__": 1, "a": 2}')), JSON.parse('"\\u00e9"'), JSON.stringify(new Map([[1, 2]])), JSON.stringify([NaN, Infinity, -0, 1e300, 1e-10]), JSON.stringify({ date: new Date(0) }));
    for (const text of ['{', '[1,', '{"a" 1}', "{'a':1}", 'nul', '1 2', '"\n"', '{"a":1}x', '\\', '[1,]', 'undefined', '{"a":}', '"abc', '01', '<p>']) {
        try { JSON.parse(text); out.push('parsed'); } catch (error) { out.push(error.message); }
    }
    api.user.setAppMetadata('out', out);
};
