// A value is what JSON makes of it at the time of the call.
exports.onExecutePostLogin = async (event, api) => {
    const set = (key, value) => api.idToken.setCustomClaim(key, value);
    set('absent', event.user.not_there);
    set('nan', NaN);
    set('infinite', -Infinity);
    set('minus zero', -0);
    set('date', new Date(Date.UTC(2026, 1, 28)));
    set('map', new Map([[1, 2]]));
    set('set', new Set([1]));
    set('regexp', /x/g);
    set('function', () => 1);
    set('symbol', Symbol('s'));
    set('holes', [1, , undefined, () => 1, Symbol('x'), NaN]);
    set('boxed', [new Number(3), new String('s'), new Boolean(false), Object(1n) instanceof BigInt]);
    set('toJSON', { toJSON: (key) => `as ${key || 'value'}` });
    set('error', new RangeError('lost'));
    set('typed', new Uint8Array([1, 2]));
    set('null prototype', Object.assign(Object.create(null), { a: 1 }));
    set('inherited', Object.create({ hidden: 1 }, { own: { value: 2, enumerable: true }, quiet: { value: 3 } }));
    set('lone surrogate', '\ud800x');
    set('long', 'x'.repeat(300));
    const later = { a: 1 };
    set('later', later);
    later.a = 2;
};
