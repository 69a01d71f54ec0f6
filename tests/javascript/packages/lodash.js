// dependencies: lodash@4.17.21
const _ = require('lodash');
const get = require('lodash/get');
exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('get', [get(event, 'user.email'), _.get(event, 'a.b.c', 'default')]);
    api.idToken.setCustomClaim('more', [_.uniq([1, 1, 2]), _.groupBy(['a', 'bb', 'c'], 'length'), _.camelCase('foo bar'), _.isEqual({ a: [1] }, { a: [1] })]);
    api.idToken.setCustomClaim('merge', _.merge({}, { a: { b: 1 } }, { a: { c: 2 } }));
    api.idToken.setCustomClaim('template', _.template('hello <%= name %>')({ name: 'Ada' }));
    api.idToken.setCustomClaim('chain', _([3, 1, 2]).sortBy().map((n) => n * 2).value());
    api.idToken.setCustomClaim('pick', _.pick(event.user, ['email', 'name']));
};
