// Types of post-login actions: the event and the api that a handler gets, and the run of an action in a test.
// The facts are those of Auth0's post-login trigger, version 3.

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A value that a caller need not know. */
export interface Dictionary {
    [key: string]: any;
}

export interface GeoIp {
    cityName?: string;
    continentCode?: string;
    countryCode?: string;
    countryCode3?: string;
    countryName?: string;
    latitude?: number;
    longitude?: number;
    subdivisionCode?: string;
    subdivisionName?: string;
    timeZone?: string;
    [key: string]: unknown;
}

export interface Device {
    initial_asn?: string;
    initial_ip?: string;
    initial_user_agent?: string;
    last_asn?: string;
    last_ip?: string;
    last_user_agent?: string;
}

export interface Identity {
    connection?: string;
    isSocial?: boolean;
    profileData?: Dictionary;
    provider?: string;
    user_id?: string;
    [key: string]: unknown;
}

export interface User {
    user_id: string;
    app_metadata: Dictionary;
    user_metadata: Dictionary;
    created_at: string;
    updated_at: string;
    email?: string;
    email_verified: boolean;
    username?: string;
    name?: string;
    given_name?: string;
    family_name?: string;
    nickname?: string;
    picture?: string;
    phone_number?: string;
    phone_verified?: boolean;
    last_password_reset?: string;
    multifactor?: string[];
    enrolledFactors?: { type: string; options?: Dictionary }[];
    identities: Identity[];
    [key: string]: any;
}

export interface Assessment {
    code: string;
    confidence: 'low' | 'medium' | 'high' | 'neutral';
    details?: Dictionary;
}

export interface PostLoginEvent {
    authentication?: {
        methods: { name: string; timestamp: string; type?: string }[];
        riskAssessment?: {
            confidence: 'low' | 'medium' | 'high' | 'neutral';
            version: string;
            assessments: {
                ImpossibleTravel?: Assessment;
                NewDevice?: Assessment;
                UntrustedIP?: Assessment;
                AgentDetection?: Assessment;
            };
            supplemental?: Dictionary;
        };
    };
    authorization?: { roles: string[] };
    client: { client_id: string; name: string; metadata: Record<string, string>; [key: string]: any };
    configuration: Dictionary;
    connection: { id: string; name: string; strategy: string; metadata?: Record<string, string> };
    custom_domain?: { domain: string; domain_metadata: Record<string, string> };
    organization?: { id: string; name: string; display_name: string; metadata: Record<string, string>; [key: string]: any };
    /** After a form only. */
    prompt?: { id: string; fields?: Dictionary; vars?: Dictionary };
    refresh_token?: {
        id: string;
        client_id?: string;
        created_at: string;
        expires_at?: string;
        idle_expires_at?: string;
        last_exchanged_at?: string;
        rotating?: boolean;
        session_id?: string;
        user_id?: string;
        device?: Device;
        resource_servers?: { audience: string; scopes: string }[];
        metadata?: Record<string, string>;
    };
    request: {
        ip: string;
        method: string;
        query: Dictionary;
        body: Dictionary;
        geoip: GeoIp;
        hostname?: string;
        language?: string;
        user_agent?: string;
        asn?: string;
    };
    resource_server?: { identifier: string };
    /** The action's own secrets. */
    secrets: Record<string, string>;
    security_context?: { ja3?: string; ja4?: string };
    session?: {
        id: string;
        user_id?: string;
        created_at?: string;
        updated_at?: string;
        authenticated_at?: string;
        last_interacted_at?: string;
        expires_at?: string;
        idle_expires_at?: string;
        clients?: { client_id: string }[];
        device?: Device;
        cookie?: { mode: 'persistent' | 'non-persistent' };
        metadata?: Record<string, string>;
    };
    stats: { logins_count: number };
    tenant: { id: string };
    transaction?: {
        id?: string;
        acr_values?: string[];
        linking_id?: string;
        locale?: string;
        login_hint?: string;
        prompt?: string[];
        protocol?: string;
        redirect_uri?: string;
        requested_scopes?: string[];
        requested_authorization_details?: { type: string; [key: string]: unknown }[];
        response_mode?: string;
        response_type?: string[];
        state?: string;
        ui_locales?: string[];
        correlation_id?: string;
        metadata: Record<string, string | number | boolean>;
        [key: string]: any;
    };
    user: User;
    [key: string]: any;
}

export type Factor =
    | { type: 'otp' | 'email' | 'webauthn-platform' | 'webauthn-roaming' | 'recovery-code'; options?: Dictionary }
    | { type: 'phone'; options?: { preferredMethod?: 'sms' | 'voice' | 'both' } }
    | { type: 'push' | 'push-notification'; options?: { otpFallback?: boolean } };

export type CacheResult =
    | { type: 'success'; record?: { value: string; expires_at: number } }
    | { type: 'error'; code: string };

/** Page of a list: at most `take`, from where `next` of the page before said. */
export interface Page {
    take?: number;
    from?: string;
}

export interface Role {
    id: string;
    name: string;
    type: string;
}

export interface TokenMetadataApi {
    /** At most 25 entries of at most 255 characters; `null` deletes. */
    setMetadata(key: string, value: string | null): void;
    deleteMetadata(key: string): void;
    evictMetadata(): void;
    /** Milliseconds since the epoch. */
    setExpiresAt(absolute: number): void;
    /** Milliseconds since the epoch. */
    setIdleExpiresAt(inactivity: number): void;
}

export interface PostLoginApi {
    access: {
        /** Ends the login after this action; what was asked for before is still saved. */
        deny(reason: string): PostLoginApi;
    };
    accessToken: {
        setCustomClaim(name: string, value: unknown): PostLoginApi;
        addScope(scope: string): void;
        removeScope(scope: string): void;
    };
    authentication: {
        challengeWith(factor: Factor, options?: { additionalFactors?: Factor[] }): void;
        challengeWithAny(factors: Factor[]): void;
        enrollWith(factor: Factor, options?: { additionalFactors?: Factor[] }): void;
        enrollWithAny(factors: Factor[]): void;
        /** In `onContinuePostLogin` only. */
        recordMethod(providerUrl: string): PostLoginApi;
        /** Once in a login. */
        setPrimaryUser(userId: string): void;
    };
    cache: {
        get(key: string): { value: string; expires_at: number } | undefined;
        /** Never throws. At most 64 bytes of key and 4096 bytes of value, for at most 24 hours. */
        set(key: string, value: string, options?: { ttl?: number; expires_at?: number }): CacheResult;
        delete(key: string): CacheResult;
    };
    groups: {
        getUserGroups(page?: Page): Promise<{ groups: Dictionary[]; next?: string }>;
        hasGroupMembership(groups: string[]): Promise<{ memberships: Record<string, { is_member: boolean; matches?: Dictionary[] }>; errors?: Dictionary[] }>;
    };
    idToken: { setCustomClaim(name: string, value: unknown): PostLoginApi };
    multifactor: {
        enable(
            provider: 'none' | 'any' | 'guardian' | 'google-authenticator' | 'duo' | (string & {}),
            options?: { allowRememberBrowser?: boolean; providerOptions?: { host: string; ikey: string; skey: string; username?: string } },
        ): PostLoginApi;
    };
    prompt: { render(promptId: string, options?: { fields?: Dictionary; vars?: Dictionary }): void };
    redirect: {
        encodeToken(options: { secret: string; payload: Dictionary; expiresInSeconds?: number }): string;
        sendUserTo(url: string, options?: { query?: Record<string, string> }): PostLoginApi;
        validateToken(options: { secret: string; tokenParameterName?: string }): Dictionary;
        canRedirect(): boolean;
    };
    refreshToken: TokenMetadataApi & { revoke(reason: string): void };
    roles: {
        getUserEffectiveRoles(page?: Page): Promise<{ roles: Role[]; next?: string }>;
        getUserEffectiveRolesByIds(ids: string[]): Promise<{ roles: Role[] }>;
        getUserEffectiveRolesByNames(names: string[]): Promise<{ roles: Role[] }>;
    };
    rules: { wasExecuted(ruleId: string): boolean };
    samlResponse: {
        setAttribute(attribute: string, value: string | number | boolean | null | undefined | (string | number | boolean)[]): void;
        setAudience(audience: string): void;
        setRecipient(recipient: string): void;
        setDestination(destination: string): void;
        setIssuer(issuer: string): void;
        setRelayState(relayState: string): void;
        setNameIdentifierFormat(format: string): void;
        setNameIdentifierProbes(probes: string[]): void;
        setAuthnContextClassRef(reference: string): void;
        setSigningCert(cert: string): void;
        setEncryptionCert(cert: string): void;
        setEncryptionPublicKey(key: string): void;
        setCert(cert: string): void;
        setKey(key: string): void;
        setSignatureAlgorithm(algorithm: 'rsa-sha256' | 'rsa-sha1'): void;
        setDigestAlgorithm(algorithm: 'sha256' | 'sha1'): void;
        setEncryptionAlgorithm(algorithm: 'aes256-gcm' | 'aes256-cbc'): void;
        setLifetimeInSeconds(seconds: number): void;
        setSignResponse(on: boolean): void;
        setCreateUpnClaim(on: boolean): void;
        setPassthroughClaimsWithNoMapping(on: boolean): void;
        setMapUnknownClaimsAsIs(on: boolean): void;
        setMapIdentities(on: boolean): void;
        setIncludeAttributeNameFormat(on: boolean): void;
        setTypedAttributes(on: boolean): void;
    };
    session: TokenMetadataApi & {
        revoke(reason: string, options?: { preserveRefreshTokens?: boolean }): void;
        setCookieMode(mode: 'persistent' | 'non-persistent'): void;
    };
    transaction: {
        /** Seen at once in `event.transaction.metadata`; `null` deletes. */
        setMetadata(key: string, value: string | number | boolean | null): void;
    };
    user: {
        /** Replaces one top-level key; `null` removes it. Later actions see it, this one does not. */
        setAppMetadata(key: string, value: unknown): PostLoginApi;
        setUserMetadata(key: string, value: unknown): PostLoginApi;
    };
    validation: { error(code: string, message: string): PostLoginApi };
    /** The object is the action's own. */
    [key: string]: any;
}

export type PostLoginHandler = (event: PostLoginEvent, api: PostLoginApi) => Promise<unknown>;

export interface CredentialsExchangeEvent {
    accessToken: { customClaims: Dictionary; scope: string[] };
    client: { client_id: string; name: string; metadata: Record<string, string> };
    request: PostLoginEvent['request'];
    resource_server: { identifier: string };
    secrets: Record<string, string>;
    tenant: { id: string };
    transaction: { requested_scopes: string[] };
    [key: string]: any;
}

export interface CredentialsExchangeApi {
    access: { deny(code: string, reason: string): CredentialsExchangeApi };
    accessToken: { setCustomClaim(name: string, value: unknown): CredentialsExchangeApi };
    cache: PostLoginApi['cache'];
    [key: string]: any;
}

export type CredentialsExchangeHandler = (event: CredentialsExchangeEvent, api: CredentialsExchangeApi) => Promise<unknown>;

/** A change that an action asked for: `type` is the method of `api`, the other keys are its arguments. */
export interface Mutation {
    type: string;
    [argument: string]: any;
}

/** What came of a run. */
export interface Run {
    mutations: Mutation[];
    /** Set when the action failed; then there are no mutations. */
    error?: { name: string; message: string; stack?: string };
}

/**
 * Runs an action in a test: under Node, or inside of the sandbox, as `postern actions test` asks for. The path is
 * relative to the project's folder.
 */
export function run(file: string, event: object, options?: { resume?: boolean }): Promise<Run>;
