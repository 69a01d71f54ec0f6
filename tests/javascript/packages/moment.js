// dependencies: moment@2.30.1 moment-timezone@0.5.46
const moment = require('moment');
const zoned = require('moment-timezone');
exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('now', [moment().format(), moment().unix(), moment().add(1, 'month').toISOString()]);
    api.idToken.setCustomClaim('parsed', [moment('2024-02-29').isValid(), moment('29/02/2023', 'DD/MM/YYYY', true).isValid(), moment('2020-01-01').fromNow()]);
    api.idToken.setCustomClaim('diff', moment('2024-03-01').diff(moment('2024-02-01'), 'days'));
    api.idToken.setCustomClaim('zone', zoned('2024-07-01T12:00:00Z').tz('America/New_York').format('YYYY-MM-DD HH:mm z'));
    api.idToken.setCustomClaim('utc', moment.utc('2024-07-01').format('dddd, MMMM Do YYYY'));
};
