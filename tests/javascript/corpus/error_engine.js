// What the engine itself throws, uncaught.
const frozen = Object.freeze({ a: 1 });
const CASES = {
    'read of undefined': (event) => event.prompt.fields,
    'read of null': (event) => event.experiment.config,
    'deep read': (event) => event.user.user_metadata.address.street,
    'call of undefined': (event) => event.user.getEmail(),
    'call of number': (event) => event.stats.logins_count(),
    'call of missing': (event, api) => api.user.setRoles(['a']),
    'call through index': (event) => event.user['get' + 'Name'](),
    'not defined': () => notDefinedAnywhere,
    'constant': () => { const x = 1; x = 2; },
    'iterate object': () => { const [a] = { a: 1 }; return a; },
    'iterate undefined': () => { for (const x of undefined) return x; },
    'spread null': () => [...null],
    'destructure undefined': () => { const { a } = undefined; return a; },
    'destructure parameter': () => (({ a }) => a)(),
    'new of arrow': () => new (() => 1)(),
    'class without new': () => { class A {} return A(); },
    'not a constructor': (event) => new event.user.name(),
    'in of text': () => 'a' in 'text',
    'instanceof': () => ({}) instanceof 5,
    'before use': () => { later; let later = 1; },
    'json': () => JSON.parse('{"a":1,}'),
    'json empty': () => JSON.parse(''),
    'json html': () => JSON.parse('<html></html>'),
    'json undefined': () => JSON.parse(undefined),
    'big and number': () => 1n + 1,
    'bigint of text': () => BigInt('1.5'),
    'array length': () => new Array(-1),
    'repeat': () => 'x'.repeat(-1),
    'to fixed': () => (1).toFixed(101),
    'radix': () => (1).toString(1),
    'invalid date': () => new Date('nonsense').toISOString(),
    'regexp': () => new RegExp('['),
    'uri': () => decodeURIComponent('%'),
    'symbol to text': () => `${Symbol('s')}`,
    'reduce': () => [].reduce((a, b) => a + b),
    'frozen write': () => { 'use strict'; frozen.a = 2; },
    'frozen add': () => { 'use strict'; frozen.b = 2; },
    'undeclared': () => { 'use strict'; undeclaredName = 1; },
    'delete frozen': () => { 'use strict'; delete frozen.a; },
    'getter only': () => { 'use strict'; ({ get x() { return 1; } }).x = 2; },
    'promise': () => Promise(),
    'promise executor': () => new Promise(),
    'map call': () => Map(),
    'map of number': () => new Map([1]),
    'weak key': () => new WeakMap().set(1, 1),
    'to primitive': () => +{ valueOf: () => ({}), toString: () => ({}) },
    'null prototype': () => `${Object.create(null)}`,
    'replaceAll': () => 'a'.replaceAll(/a/, 'b'),
    'match of undefined': (event) => event.user.middle_name.match(/x/),
    'undefined length': (event) => event.user.middle_name.length,
    'call result': () => (() => undefined)().x,
    'async call': async () => (await undefined).x,
    'set of undefined': () => { let x; x.y = 1; },
    'module': () => require('not-installed-anywhere'),
    'url': () => new URL('not a url'),
    'atob': () => atob('*'),
    'private': () => { class A { #x = 1; static get(o) { return o.#x; } } return A.get({}); },
    'super': () => { class A {} class B extends A { constructor() {} } return new B(); },
    'stack': () => { const again = () => again() + 1; return again(); },
    'eval syntax': () => eval('let = ;'),
    'function syntax': () => new Function('return }'),
};

exports.onExecutePostLogin = async (event, api) => {
    const texts = {};
    for (const [name, run] of Object.entries(CASES)) {
        try {
            await run(event, api);
            texts[name] = 'nothing thrown';
        } catch (error) {
            texts[name] = `${error.name}: ${error.message.split('\n')[0]}`;
        }
    }
    api.user.setAppMetadata('texts', texts);
    event.user.address.street.toUpperCase();
};
