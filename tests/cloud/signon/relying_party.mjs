// A resource that people sign in to, made with npm openid-client: it is told what to do by lines of JSON, and answers so.
import readline from "node:readline";
import * as client from "openid-client";

const insecure = { execute: [client.allowInsecureRequests] }; // plain http, on loopback only
const open = new Map();
let config;

const doing = {
  async discover({ issuer, clientId, secret }) {
    config = await client.discovery(new URL(issuer), clientId, secret, undefined, insecure);
    return config.serverMetadata();
  },
  async begin({ redirectUri, scope, prompt }) {
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    open.set(state, { verifier, nonce });
    const asked = {
      redirect_uri: redirectUri, scope, state, nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    };
    if (prompt) asked.prompt = prompt;
    return { url: client.buildAuthorizationUrl(config, asked).href, state };
  },
  async finish({ url, state }) {
    const { verifier, nonce } = open.get(state);
    const tokens = await client.authorizationCodeGrant(config, new URL(url), {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
    });
    return { ...tokens, claims: tokens.claims() };
  },
  async userinfo({ access, subject }) {
    return client.fetchUserInfo(config, access, subject);
  },
  async refresh({ token }) {
    return client.refreshTokenGrant(config, token);
  },
  async revoke({ token }) {
    await client.tokenRevocation(config, token);
    return {};
  },
  async leave({ idToken, after, state }) {
    const asked = { id_token_hint: idToken, post_logout_redirect_uri: after, state };
    return { url: client.buildEndSessionUrl(config, asked).href };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { act, ...given } = JSON.parse(line);
  let told;
  try {
    told = await doing[act](given);
  } catch (error) {
    told = { error: error.code ?? error.name, why: error.message, cause: error.error ?? String(error.cause ?? "") };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
