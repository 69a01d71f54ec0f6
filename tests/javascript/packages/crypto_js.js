// dependencies: crypto-js@4.2.0
const CryptoJS = require('crypto-js');
const sha256 = require('crypto-js/sha256');
const Base64 = require('crypto-js/enc-base64');
exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('hash', [Base64.stringify(sha256('a')), CryptoJS.MD5('a').toString(), CryptoJS.HmacSHA256('a', 'k').toString(CryptoJS.enc.Hex)]);
    const key = CryptoJS.enc.Utf8.parse('0123456789abcdef');
    const sealed = CryptoJS.AES.encrypt('text', key, { iv: key }).toString();
    api.idToken.setCustomClaim('aes', [sealed, CryptoJS.AES.decrypt(sealed, key, { iv: key }).toString(CryptoJS.enc.Utf8)]);
    const open = CryptoJS.AES.decrypt(CryptoJS.AES.encrypt('secret', 'pass').toString(), 'pass').toString(CryptoJS.enc.Utf8);
    api.idToken.setCustomClaim('pass', open);
};
