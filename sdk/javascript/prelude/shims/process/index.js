module.exports = require('../../src/node/process.js').default;
