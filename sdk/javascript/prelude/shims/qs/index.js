// The legacy url of Node parses queries with its querystring, which knows no nesting.
const querystring = require('../../src/node/querystring.js').default;

module.exports = {
    parse: (text) => querystring.parse(text),
    stringify: (query) => querystring.stringify(query),
};
