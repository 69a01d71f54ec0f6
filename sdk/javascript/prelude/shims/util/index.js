// No more of "util" than the libraries ask for: the whole of it asks for them.
module.exports = {
    inspect: require('../../src/node/inspect.js').inspect,
    types: require('../../src/node/types.js').default,
};
