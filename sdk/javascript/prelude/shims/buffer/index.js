module.exports = require('../../src/node/buffer/module.js').default;
