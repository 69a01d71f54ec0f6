const GOOD = {
    setAudience: 'urn:app',
    setRecipient: 'https://sp.example.com/acs',
    setDestination: 'https://sp.example.com/acs',
    setIssuer: 'urn:idp',
    setRelayState: 'state',
    setNameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    setNameIdentifierProbes: ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier'],
    setAuthnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified',
    setSigningCert: 'cert',
    setEncryptionCert: 'cert',
    setEncryptionPublicKey: 'key',
    setCert: 'cert',
    setKey: 'key',
    setSignatureAlgorithm: 'rsa-sha256',
    setDigestAlgorithm: 'sha256',
    setEncryptionAlgorithm: 'aes256-gcm',
    setLifetimeInSeconds: 600,
    setSignResponse: true,
    setCreateUpnClaim: false,
    setPassthroughClaimsWithNoMapping: false,
    setMapUnknownClaimsAsIs: true,
    setMapIdentities: false,
    setIncludeAttributeNameFormat: true,
    setTypedAttributes: false,
};

exports.onExecutePostLogin = async (event, api) => {
    for (const [method, value] of Object.entries(GOOD)) {
        if (api.samlResponse[method](value) !== api) api.access.deny(method);
    }
    api.samlResponse.setNameIdentifierFormat();
    api.samlResponse.setAudience(undefined);
    const texts = {};
    for (const method of Object.keys(GOOD)) {
        texts[method] = [5, 'x'.repeat(5000), null, ['x', 5], new Array(11).fill('p')].map((value) => {
            if (method === 'setLifetimeInSeconds' && value === 5) return 'skipped';
            try {
                api.samlResponse[method](value);
                return 'ok';
            } catch (error) {
                return error.message;
            }
        });
    }
    api.user.setAppMetadata('texts', texts);
};
