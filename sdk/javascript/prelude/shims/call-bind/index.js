exports.callBound = require('./callBound.js');
