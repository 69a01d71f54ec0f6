// dependencies: js-yaml@4.1.0
const yaml = require('js-yaml');
exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('loaded', yaml.load('a: 1\nb: [x, y]\nc:\n  - d: true\n'));
    api.idToken.setCustomClaim('dumped', yaml.dump({ a: [1, { b: 'c' }], d: null }));
    yaml.load('a: [');
};
