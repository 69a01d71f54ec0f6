// An action that changes built-in objects changes only its own login.
Object.prototype.polluted = 'yes';
Array.prototype.last = function () { return this[this.length - 1]; };
String.prototype.shout = function () { return `${this.toUpperCase()}!`; };
const stringify = JSON.stringify;
JSON.stringify = (value) => `wrapped ${stringify(value)}`;
exports.onExecutePostLogin = async (event, api) => {
    delete Object.prototype.polluted;
    api.idToken.setCustomClaim('a', [event.authorization.roles.last(), 'x'.shout(), JSON.stringify({ a: 1 })]);
    api.samlResponse.setAttribute('b', ['x']);
    api.session.setMetadata('k', 'v');
    try { api.validation.error(1, 2); } catch (error) { api.access.deny(error.message); }
};
