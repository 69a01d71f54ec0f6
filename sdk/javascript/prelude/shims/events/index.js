// What libraries of the prelude import as "events" is the prelude's own.
module.exports = require('../../src/node/events.js').default;
