// api.samlResponse

import { bytesOf, context, push, snapshot } from './context.js';
import { boolean, check, list, number, object, oneOf, text } from './rules.js';

const ATTRIBUTES_BYTES = 102400;
const VALUE_CHARS = 2048;

const isScalar = (value) =>
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

function scalar(findings, place, value) {
    if (!isScalar(value)) findings.add(place, 'must be string,number,boolean');
    else if (typeof value === 'string') text(VALUE_CHARS)(findings, place, value);
}

function attributeValue(findings, place, value) {
    if (Array.isArray(value)) list(Infinity, scalar)(findings, place, value);
    else if (value !== null && !isScalar(value)) findings.add(place, 'must be string,number,boolean,null,array');
    else if (typeof value === 'string') text(VALUE_CHARS)(findings, place, value);
}

const ATTRIBUTE = object({ 'attribute!': text(1024), 'value!': attributeValue });

// The attributes' size as one JSON object, of which only the sizes of the members are kept.
function limitSize(attribute, value) {
    context.samlSizes ??= new Map();
    const member = JSON.stringify({ [attribute]: value });
    context.samlSizes.set(String(attribute), bytesOf(member) - 2);
    let total = 1;
    for (const size of context.samlSizes.values()) total += size + 1;
    if (total > ATTRIBUTES_BYTES) {
        throw new Error(`The total size of the SAML attributes exceeds the limit of ${ATTRIBUTES_BYTES} bytes.`);
    }
}

/** Setting: its rule, and the name that Auth0 checks it by where that is another one. */
const SETTINGS = {
    audience: [text(2048)],
    recipient: [text(2048)],
    createUpnClaim: [boolean],
    passthroughClaimsWithNoMapping: [boolean],
    mapUnknownClaimsAsIs: [boolean],
    mapIdentities: [boolean],
    signatureAlgorithm: [oneOf('rsa-sha256', 'rsa-sha1')],
    digestAlgorithm: [oneOf('sha256', 'sha1')],
    destination: [text(2048)],
    lifetimeInSeconds: [number],
    signResponse: [boolean],
    nameIdentifierFormat: [text(512)],
    nameIdentifierProbes: [list(10, text(512))],
    authnContextClassRef: [text(512)],
    signingCert: [text(4096)],
    includeAttributeNameFormat: [boolean],
    typedAttributes: [boolean],
    encryptionCert: [text(4096)],
    encryptionPublicKey: [text(4096)],
    cert: [text(4096)],
    key: [text(4096)],
    relayState: [text(512), 'RelayState'],
    issuer: [text(512)],
    encryptionAlgorithm: [oneOf('aes256-gcm', 'aes256-cbc')],
};

const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';

function setter(api, name, rule, known) {
    const type = `samlResponse.set${name[0].toUpperCase()}${name.slice(1)}`;
    const rules = object({ [known]: rule });
    const standard = name === 'nameIdentifierFormat' ? UNSPECIFIED : undefined;
    return function (value = standard) {
        check(rules, { [known]: value });
        // Nothing was given: nothing is set.
        if (value !== undefined) push({ type, [name]: snapshot(value) });
        return api;
    };
}

/** `api.samlResponse` */
export const samlResponse = (api) => {
    const methods = {
        setAttribute(attribute, value) {
            const given = value ?? null;
            limitSize(attribute, given);
            check(ATTRIBUTE, { attribute, value: given });
            push({ type: 'samlResponse.setAttribute', attribute, value: snapshot(given) });
            return api;
        },
    };
    for (const [name, [rule, known = name]] of Object.entries(SETTINGS)) {
        methods[`set${name[0].toUpperCase()}${name.slice(1)}`] = setter(api, name, rule, known);
    }
    return methods;
};
