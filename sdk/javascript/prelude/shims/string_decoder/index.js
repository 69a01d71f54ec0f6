module.exports = require('../../src/node/string_decoder.js').default;
