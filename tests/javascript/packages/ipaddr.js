// dependencies: ipaddr.js@2.2.0
const ipaddr = require('ipaddr.js');
exports.onExecutePostLogin = async (event, api) => {
    const ip = ipaddr.parse('10.1.2.3');
    api.idToken.setCustomClaim('ip', [ip.kind(), ip.range(), ip.match(ipaddr.parseCIDR('10.0.0.0/8')), ipaddr.process('::ffff:1.2.3.4').toString()]);
    ipaddr.parse('not an address');
};
