import { assert, assertEquals, assertRejects } from "@std/assert";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { InvalidTokenError } from "./invalid_token_error.ts";
import { type KeySetOptions, publicKeys } from "./token_keys.ts";
import { TokenVerifier } from "./token_verifier.ts";

/** An issuer with a server for its keys, and a verifier of its tokens. */
class Issuer implements AsyncDisposable {
  /** Keys as the server names them; instead of them, whatever it answers. */
  keys: JWK[] | (() => Response | Promise<Response>) = [];
  asked = 0;
  readonly verifier: TokenVerifier;
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    this.asked++;
    return typeof this.keys === "function" ? this.keys() : Response.json({ keys: this.keys });
  });

  constructor(options: KeySetOptions = {}) {
    this.verifier = new TokenVerifier(publicKeys(this.url, options), { issuer: "us", audience: "chris" });
  }

  get url() {
    return `http://127.0.0.1:${this.#server.addr.port}/certs`;
  }

  /** A new pair of keys, its public one named `kid`. */
  async pair(kid: string | undefined, alg = "ES256") {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...await exportJWK(publicKey), ...(kid ? { kid } : {}), alg, use: "sig" };
    const sign = () =>
      new SignJWT({ iss: "us", aud: "chris", sub: kid ?? "nameless" }).setExpirationTime("1m")
        .setProtectedHeader({ alg, ...(kid ? { kid } : {}) }).sign(privateKey);
    return { jwk, sign };
  }

  async [Symbol.asyncDispose]() {
    await this.#server.shutdown();
  }
}

Deno.test("G12 publicKeys() asks once for the keys of many tokens, of whatever kind", async () => {
  await using issuer = new Issuer();
  const pairs = await Promise.all(["RS256", "ES256", "Ed25519"].map((alg) => issuer.pair(alg, alg)));
  issuer.keys = pairs.map(({ jwk }) => jwk);
  const subjects = await Promise.all(
    pairs.map(async ({ sign }) => (await issuer.verifier.verify(await sign())).subject),
  );
  assertEquals([subjects, issuer.asked], [["RS256", "ES256", "Ed25519"], 1]);
});

Deno.test("G12 publicKeys() finds a key that was rotated in, and no longer one that was rotated out", async () => {
  await using issuer = new Issuer({ cooldownMs: 0 });
  const [old, young] = [await issuer.pair("old"), await issuer.pair("young")];
  issuer.keys = [old.jwk];
  await issuer.verifier.verify(await old.sign());
  issuer.keys = [young.jwk];
  assertEquals((await issuer.verifier.verify(await young.sign())).subject, "young");
  await assertRejects(
    async () => issuer.verifier.verify(await old.sign()),
    InvalidTokenError,
    "does not name",
  );
});

Deno.test("G12 publicKeys() is not made to ask again and again by tokens of unknown keys", async () => {
  await using issuer = new Issuer({ cooldownMs: 60_000 });
  const [known, unknown] = [await issuer.pair("known"), await issuer.pair("unknown")];
  issuer.keys = [known.jwk];
  for (let i = 0; i < 10; i++) {
    await assertRejects(async () => issuer.verifier.verify(await unknown.sign()), InvalidTokenError);
  }
  await issuer.verifier.verify(await known.sign());
  assertEquals(issuer.asked, 1);
});

Deno.test("G12 publicKeys() takes no keys from where its issuer's address only leads to", async () => {
  await using elsewhere = new Issuer();
  await using issuer = new Issuer({ retryMs: 0 });
  const pair = await elsewhere.pair("foreign");
  elsewhere.keys = [pair.jwk];
  for (const status of [301, 302, 303, 307, 308]) {
    issuer.keys = () => new Response(null, { status, headers: { location: elsewhere.url } });
    await assertRejects(async () => issuer.verifier.verify(await pair.sign()), OutageError);
  }
  assertEquals([issuer.asked, elsewhere.asked], [5, 0]);
});

Deno.test("G12 a token that does not name its key is tried with all that fit, and forged ones with none", async () => {
  await using issuer = new Issuer();
  const [first, second, stranger] = await Promise.all([1, 2, 3].map(() => issuer.pair(undefined)));
  assert(first && second && stranger);
  issuer.keys = [first.jwk, second.jwk];
  for (const { sign } of [first, second]) await issuer.verifier.verify(await sign());
  await assertRejects(
    async () => issuer.verifier.verify(await stranger.sign()),
    InvalidTokenError,
    "signature",
  );
});

Deno.test("G12 an issuer that is away or talks nonsense is an outage, no fault of the token, and never a hang", async () => {
  const answers: (() => Response | Promise<Response>)[] = [
    () => new Response("busy", { status: 500 }),
    () => new Response("<html>"),
    () => Response.json({ keys: "none" }),
    () => Response.json(null),
    () => Response.json({ keys: [{ kty: 5 }, null] }),
    () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
    () => new Response(`{"keys":["${"x".repeat(2_000_000)}"]}`),
  ];
  for (const answer of answers) {
    await using issuer = new Issuer();
    const { sign } = await issuer.pair("key");
    issuer.keys = answer;
    await assertRejects(async () => issuer.verifier.verify(await sign()), OutageError, "token issuer");
  }
  const hanging = Promise.withResolvers<Response>();
  await using issuer = new Issuer({ timeoutMs: 50 });
  const { sign } = await issuer.pair("key");
  issuer.keys = () => hanging.promise;
  await assertRejects(async () => issuer.verifier.verify(await sign()), OutageError);
  hanging.resolve(new Response());
});

Deno.test("G12 publicKeys() spares an issuer in trouble, and uses the keys it has meanwhile", async () => {
  await using issuer = new Issuer({ retryMs: 60_000, cooldownMs: 0 });
  const [known, late] = [await issuer.pair("known"), await issuer.pair("late")];
  issuer.keys = [known.jwk];
  await issuer.verifier.verify(await known.sign());
  issuer.keys = () => new Response(null, { status: 503 });
  for (let i = 0; i < 10; i++) {
    await assertRejects(async () => issuer.verifier.verify(await late.sign()), OutageError);
    await issuer.verifier.verify(await known.sign());
    await issuer.verifier.ping();
  }
  assertEquals(issuer.asked, 2);
});

Deno.test("G12 publicKeys() recovers by itself once its issuer is back", async () => {
  await using issuer = new Issuer({ retryMs: 10 });
  const { jwk, sign } = await issuer.pair("key");
  issuer.keys = () => new Response(null, { status: 503 });
  await assertRejects(() => issuer.verifier.ping(), OutageError);
  issuer.keys = [jwk];
  for (;;) {
    const caller = await issuer.verifier.verify(await sign()).catch((error) => {
      if (!(error instanceof OutageError)) throw error;
    });
    if (caller) break;
    await sleep(5);
  }
  await issuer.verifier.ping();
});

Deno.test("G12 a key that is too weak to use lets nobody in", async () => {
  await using issuer = new Issuer();
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  issuer.keys = [{ ...await exportJWK(publicKey), kid: "weak", alg: "RS256" }];
  const encode = (part: unknown) => btoa(JSON.stringify(part)).replaceAll("=", "");
  const exp = Math.floor(Date.now() / 1_000) + 60;
  const text = `${encode({ alg: "RS256", kid: "weak" })}.${encode({ iss: "us", aud: "chris", exp })}`;
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, new TextEncoder().encode(text));
  const tail = btoa(String.fromCharCode(...new Uint8Array(signature)));
  const token = `${text}.${tail.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  await assertRejects(() => issuer.verifier.verify(token), OutageError);
});
