// What JSON.parse says of texts that are none, and JSON.stringify of what it cannot write.
const TEXTS = [
    '', '{', '[', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '[1,', '[1,]', '[1', '[1 2]', '{"a" 1}', '{a:1}', "{'a':1}", 'undefined',
    'null x', 'nul', 'tru', 'abc', '<html><body>', '<!DOCTYPE html>', '"abc', '"a\nb"', '"\\x"', '"\\u12"', '01', '1.', '1e', '-', '-a', '+1', '.5',
    'NaN', 'Infinity', '{"a":undefined}', '{"a":1 "b":2}', '{} {}', '1 2', '"a" "b"', 'not json', 'Unauthorized', '{"a":1}}', '{"a":"b\tc"}',
    'é', '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":xx,"g":6,"h":7,"i":8,"j":9}', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,x]', '{"a":nulll}', '[,1]', '{,}', '{"a":]}', ']', '   ', ' [object Object]', '[object Object]',
    '// c\n{}', '0x10', '{"x":1,,}', '\ufeff{}', '"\\', 'nul1', '["a"b]', '{"a":"b" "c"}', '[1 "a"]',
];
const VALUES = [undefined, NaN, {}, [], [1, 2], () => 1, new Date(NaN), Symbol.iterator, 5n];

exports.onExecutePostLogin = async (event, api) => {
    const texts = [];
    const attempt = (run) => {
        try {
            texts.push(JSON.stringify(run()) ?? 'undefined');
        } catch (error) {
            texts.push(`${error.name}: ${error.message}`);
        }
    };
    for (const text of TEXTS) attempt(() => JSON.parse(text));
    for (const value of VALUES.slice(0, -4)) attempt(() => JSON.parse(value));
    attempt(() => JSON.parse(VALUES[6]));
    attempt(() => JSON.parse(Symbol.iterator));
    class Node {}
    const node = new Node();
    node.child = { list: [1, { up: node }] };
    for (const value of [node, 1n, { a: 1n }]) attempt(() => JSON.stringify(value));
    const list = [];
    list.push(list);
    attempt(() => JSON.stringify(list));
    const deep = { a: { b: { c: { d: { e: {} } } } } };
    deep.a.b.c.d.e.top = deep;
    attempt(() => JSON.stringify(deep));
    api.user.setAppMetadata('texts', texts);
};
