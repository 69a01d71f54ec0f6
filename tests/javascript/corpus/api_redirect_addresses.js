exports.onExecutePostLogin = async (event, api) => {
    const addresses = [
        'https://example.com',
        'HTTPS://EXAMPLE.com:443/a/../b/./c',
        'http://user:pa%20ss@example.com:8080/?q=1#f',
        'https://münchen.example/straße?x=ü',
        'myapp://callback',
        'myapp:callback',
        '  https://example.com/trimmed  ',
        'https://example.com/a b"c<d>',
        'https://[2001:DB8::1]/',
        'https://0x7f.1/',
    ];
    for (const address of addresses) api.redirect.sendUserTo(address, { query: { q: '1 2' } });
    const texts = ['', '/path', 'example.com', 'https://', undefined, null, 'https://exa mple.com', 'http://a:99999'].map(
        (address) => {
            try {
                return api.redirect.sendUserTo(address) === api;
            } catch (error) {
                return [error.name, error.message, error.code];
            }
        },
    );
    api.user.setAppMetadata('texts', texts);
};
