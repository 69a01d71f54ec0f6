class Refused extends Error {
    constructor(message, code) {
        super(message);
        this.name = 'Refused';
        this.code = code;
    }
}

exports.onExecutePostLogin = async (event, api) => {
    api.user.setAppMetadata('lost', true);
    switch (event.request.query.how) {
        case 'error': throw new Error('plain');
        case 'type': throw new TypeError('of another type');
        case 'own': throw new Refused('own class', 7);
        case 'cause': throw new Error('outer', { cause: new Error('inner') });
        case 'aggregate': throw new AggregateError([new Error('a'), 1], 'many');
        case 'string': throw 'just a text';
        case 'number': throw 42;
        case 'object': throw { code: 'x', message: 'no error' };
        case 'undefined': throw undefined;
        case 'null': throw null;
        case 'array': throw [1, 2];
        case 'empty': throw new Error();
        case 'renamed': throw Object.assign(new Error('m'), { name: 'Renamed' });
        case 'nameless': throw Object.assign(new Error('m'), { message: { not: 'a text' } });
        case 'symbol': throw Object(Symbol.iterator).description;
        case 'reject': return Promise.reject(new RangeError('rejected'));
        case 'later': await new Promise((_, reject) => setTimeout(() => reject(new Error('later')), 1)); break;
        case 'date': throw new Date(0).toISOString();
        case 'finally': try { throw new Error('first'); } finally { throw new Error('second'); }
        case 'any': await Promise.any([Promise.reject(1), Promise.reject(2)]); break;
        case 'dom': throw new DOMException('aborted', 'AbortError');
    }
};
