// An identity provider made with npm oidc-provider: it signs in whom the test names, without a page.
import readline from "node:readline";
import Provider from "oidc-provider";

console.info = console.log = console.warn = console.error; // its warnings are no answers
const [port, redirectUri] = [Number(process.argv[2]), process.argv[3]];
const issuer = `http://127.0.0.1:${port}`;
const people = new Map();
const provider = new Provider(issuer, {
  clients: [{ client_id: "esik", client_secret: "a-secret-of-this-test", redirect_uris: redirectUri.split(","), token_endpoint_auth_method: "client_secret_basic" }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "iin"] },
  conformIdTokenClaims: false, // the claims stand in the ID token
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  cookies: { keys: ["a-key-of-this-test"] },
  async findAccount(_context, id) {
    return { accountId: id, claims: async () => ({ sub: id, ...people.get(id) }) };
  },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
});
let who = "";
provider.use(async (context, next) => {
  const match = /^\/interaction\/([\w-]+)$/.exec(context.path);
  if (!match) return next();
  const { prompt, params, session } = await provider.interactionDetails(context.req, context.res);
  if (prompt.name === "login") {
    await provider.interactionFinished(context.req, context.res, { login: { accountId: who } }, { mergeWithLastSubmission: false });
  } else {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope("openid profile email");
    await provider.interactionFinished(context.req, context.res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
  context.respond = false;
});
await new Promise((listening) => { provider.listen(port, "127.0.0.1", listening); });

const doing = {
  person({ sub, claims }) { people.set(sub, claims); who = sub; return {}; },
};
process.stdout.write(`${JSON.stringify({ listening: port })}\n`);
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { act, ...given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(doing[act](given))}\n`);
}
