// Old style: no strict mode, var, hoisting, with, labels, arguments.
var result = [];
undeclared = 5;
result.push(typeof hoisted, hoisted());
function hoisted() { return this === globalThis; }
var duplicate = 1;
var duplicate = 2;
with ({ inner: 'in with' }) result.push(inner);
outer: for (var i = 0; i < 3; i++) {
    for (;;) {
        if (i === 1) continue outer;
        if (i === 2) break outer;
        break;
    }
    result.push(i);
}
(function (a, b) { arguments[0] = 'changed'; result.push(a, arguments.length, typeof arguments.callee); })('x');
result.push(010, '\101', 0b11, 0o17, 0xff, 1_000);
result.push(delete globalThis.undeclared, typeof undeclared, void 0 === undefined);
if (true) { function inBlock() { return 'block'; } }
result.push(inBlock(), typeof null, typeof document, NaN !== NaN, [] + {}, [] == false, null == 0, '5' * '2', '5' + 2);
switch (3) { case 1: result.push('one'); default: result.push('default'); case 2: result.push('two'); }
exports.onExecutePostLogin = async function (event, api) { api.user.setAppMetadata('result', result); };
