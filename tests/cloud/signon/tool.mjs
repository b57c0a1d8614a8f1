// A tool made with npm ltijs: it listens on the port given to it, and does what lines of JSON tell.
import { createRequire } from "node:module";
import readline from "node:readline";

const { Provider } = createRequire(import.meta.url)("ltijs");

// ltijs keeps what it knows in a database; here in memory, for one test.
const rows = new Map();
const all = (name) => rows.get(name) ?? rows.set(name, []).get(name);
const fits = (query) => (row) => Object.entries(query ?? {}).every(([name, value]) => row[name] === value);
const memory = {
  async setup() {},
  async Close() {},
  async Get(_key, name, query) {
    const found = all(name).filter(fits(query)).map((row) => ({ ...row }));
    return found.length ? found : false;
  },
  async Insert(_key, name, item, index) { all(name).push({ ...index, ...item, createdAt: Date.now() }); return true; },
  async Replace(key, name, query, item, index) { await this.Delete(name, query); return this.Insert(key, name, item, index); },
  async Modify(_key, name, query, change) { for (const row of all(name).filter(fits(query))) Object.assign(row, change); return true; },
  async Delete(name, query) { rows.set(name, all(name).filter((row) => !fits(query)(row))); return true; },
};

const lti = Provider;
const port = Number(process.argv[2]);
lti.setup("a-key-of-this-test-and-of-no-other", { plugin: memory }, { appRoute: "/launch", loginRoute: "/login", keysetRoute: "/keys", tokenMaxAge: 60 });
let opened;
lti.onConnect((token, _request, response) => {
  opened = token;
  const { roles, context, resource } = token.platformContext;
  return response.json({ user: token.user, name: token.userInfo.name ?? "", deployment: token.deploymentId, roles, context, resource });
});
lti.onInvalidToken((_request, response) => response.status(401).json({ refused: response.locals.err }));
await lti.deploy({ serverless: true, silent: true });
await new Promise((listening) => { lti.app.listen(port, "127.0.0.1", listening); });

const doing = {
  async register({ issuer, clientId }) {
    await lti.registerPlatform({
      url: issuer, name: "Esik", clientId, authenticationEndpoint: `${issuer}/lti/authorize`,
      accesstokenEndpoint: `${issuer}/lti/token`, authConfig: { method: "JWK_SET", key: `${issuer}/oidc/keys` },
    });
    return {};
  },
  async members() {
    return lti.NamesAndRoles.getMembers(opened);
  },
  async lines() {
    return lti.Grade.getLineItems(opened);
  },
  async add({ label, most }) {
    return lti.Grade.createLineItem(opened, { label, scoreMaximum: most, tag: "test" });
  },
  async score({ line, points, most, user }) {
    return lti.Grade.submitScore(opened, line, {
      userId: user, scoreGiven: points, scoreMaximum: most, activityProgress: "Completed", gradingProgress: "FullyGraded",
    });
  },
  async results({ line }) {
    return lti.Grade.getScores(opened, line);
  },
};

process.stdout.write(`${JSON.stringify({ listening: port })}\n`);
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { act, ...given } = JSON.parse(line);
  let told;
  try {
    told = await doing[act](given);
  } catch (error) {
    told = { error: error.message, body: error.response?.body };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
