import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { Scope } from "./caller.ts";
import { InvalidTokenError } from "./invalid_token_error.ts";
import { secretKeys, type TokenKeys } from "./token_keys.ts";
import { TokenVerifier } from "./token_verifier.ts";

const SECRET = "the secret that is long enough for HS256";
const NOW = 1_800_000_000_000;
const NOW_S = NOW / 1_000;
const EXPECTED = { issuer: "https://issuer.example", audience: "chris" };
const CLAIMS: JWTPayload = {
  iss: EXPECTED.issuer,
  aud: EXPECTED.audience,
  sub: "ada",
  exp: NOW_S + 60,
  scope: "openid jobs:read jobs:run",
};

const keys = await secretKeys(SECRET);
const verifier = new TokenVerifier(keys, EXPECTED, () => NOW);
const bytes = (text: string) => new TextEncoder().encode(text);
const signed = (claims: JWTPayload, alg = "HS256", key: Uint8Array | CryptoKey = bytes(SECRET)) =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(key);

async function refusal(token: string, by = verifier): Promise<[string, string]> {
  const error = await assertRejects(() => by.verify(token), InvalidTokenError) as InvalidTokenError;
  return [error.code, error.reason];
}

Deno.test("G12 TokenVerifier tells who bears a token and what they may do", async () => {
  assertEquals(await verifier.verify(await signed(CLAIMS)), {
    subject: "ada",
    scopes: new Set<Scope>(["jobs:read", "jobs:run"]),
    jobs: null,
    expiresAtMs: NOW + 60_000,
  });
  const limited = await verifier.verify(
    await signed({ ...CLAIMS, aud: ["other", "chris"], sub: undefined, jobs: ["a", "b-*"] } as JWTPayload),
  );
  assertEquals([limited.subject, limited.jobs], [null, ["a", "b-*"]]);
  // What can name no job limits all the same, and no database gets to see it.
  for (const jobs of [["\0*", "a"], ["a\n", "a"], ["%*", "\ud800", "a"]]) {
    assertEquals((await verifier.verify(await signed({ ...CLAIMS, jobs }))).jobs, ["a"]);
  }
  assertEquals((await verifier.verify(await signed({ ...CLAIMS, jobs: ["\0"] }))).jobs, []);
  assertEquals((await verifier.verify(await signed({ ...CLAIMS, scope: undefined }))).scopes.size, 0);
});

Deno.test("G12 TokenVerifier names what is wrong with the claims of a token", async () => {
  const cases: [claims: JWTPayload, code: string, reason: string][] = [
    [{ exp: NOW_S }, "token_expired", "the token has expired"],
    [{ exp: NOW_S - 3_600 }, "token_expired", "the token has expired"],
    [{ exp: undefined }, "invalid_token", 'the token has no time of expiry (claim "exp")'],
    [{ exp: 1e300 }, "invalid_token", 'the token has no time in its claim "exp"'],
    [{ iss: "https://evil.example" }, "invalid_token", 'the token is of another issuer (claim "iss")'],
    [{ iss: undefined }, "invalid_token", 'the token is of another issuer (claim "iss")'],
    [{ aud: "other" }, "invalid_token", 'the token is for another audience (claim "aud")'],
    [{ aud: undefined }, "invalid_token", 'the token is for another audience (claim "aud")'],
    [{ nbf: NOW_S + 30 }, "invalid_token", 'the token is not valid yet (claim "nbf")'],
  ];
  for (const [claims, code, reason] of cases) {
    const token = await signed(Object.fromEntries(
      Object.entries({ ...CLAIMS, ...claims }).filter(([, value]) => value !== undefined),
    ));
    assertEquals(await refusal(token), [code, reason], JSON.stringify(claims));
  }
  await verifier.verify(await signed({ ...CLAIMS, nbf: NOW_S + 3 }));
});

Deno.test("G12 TokenVerifier refuses claims in shapes that could have been meant as a limit", async () => {
  const shapes = [{ jobs: "job-1" }, { jobs: { id: 1 } }, { jobs: [1] }, { jobs: null }, { scope: 5 }, {
    scope: [5],
  }];
  for (const claims of [...shapes, { sub: "" }, { sub: "a\0b" }, { sub: "a\nb" }, { sub: "x".repeat(256) }]) {
    assertEquals((await refusal(await signed({ ...CLAIMS, ...claims }))).at(0), "invalid_token");
  }
});

Deno.test("G12 TokenVerifier accepts no token that was signed with something else", async () => {
  const forged = await signed(CLAIMS, "HS256", bytes("another secret that is long enough, too"));
  assertEquals(await refusal(forged), ["invalid_token", "the token's signature is not its issuer's"]);
  const [, payload = "", signature = ""] = (await signed(CLAIMS)).split(".");
  const unsigned = `${base64url.encode('{"alg":"none"}')}.${payload}.`;
  for (const token of [unsigned, `${base64url.encode('{"alg":"nOnE"}')}.${payload}.${signature}`]) {
    assertEquals((await refusal(token)).at(0), "invalid_token");
  }
  const richer = base64url.encode(JSON.stringify({ ...CLAIMS, scope: "jobs:admin" }));
  assertEquals(
    (await refusal((await signed(CLAIMS)).replace(payload, richer))).at(1),
    "the token's signature is not its issuer's",
  );
  for (const alg of ["HS384", "HS512"]) {
    const key = bytes(SECRET + SECRET);
    const other = new TokenVerifier(await secretKeys(SECRET + SECRET), EXPECTED, () => NOW);
    const reason = "the token is signed with an algorithm that is not accepted";
    assertEquals((await refusal(await signed(CLAIMS, alg, key), other)).at(1), reason);
  }
});

Deno.test("G12 TokenVerifier never takes a public key for a secret, nor the other way round", async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const publicOnly: TokenKeys = {
    algorithms: ["RS256"],
    find: () => Promise.resolve(publicKey),
    ping: () => Promise.resolve(),
  };
  const byKeyPair = new TokenVerifier(publicOnly, EXPECTED, () => NOW);
  await byKeyPair.verify(await signed(CLAIMS, "RS256", privateKey));
  const pem = await exportSPKI(publicKey);
  const modulus = base64url.decode((await exportJWK(publicKey)).n ?? "");
  const reason = "the token is signed with an algorithm that is not accepted";
  for (const secret of [bytes(pem), bytes(pem.trim()), modulus, bytes(SECRET)]) {
    assertEquals((await refusal(await signed(CLAIMS, "HS256", secret), byKeyPair)).at(1), reason);
  }
  assertEquals((await refusal(await signed(CLAIMS, "RS256", privateKey))).at(1), reason);
});

Deno.test("G12 TokenVerifier refuses whatever else comes instead of a token, and says no more", async () => {
  const token = await signed(CLAIMS);
  const [header = "", payload = "", signature = ""] = token.split(".");
  const critical = base64url.encode('{"alg":"HS256","crit":["b64"],"b64":false}');
  const odd = [
    "",
    ".",
    "..",
    "...",
    `${header}.${payload}`,
    `${token}.`,
    `${critical}.${payload}.${signature}`,
  ];
  const embedded = base64url.encode(
    '{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://evil.example"}',
  );
  for (const text of [...odd, `${embedded}.${payload}.${signature}`, "x".repeat(20_000)]) {
    assertEquals((await refusal(text)).at(0), "invalid_token");
  }
  const pieces = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json().map((text) => base64url.encode(text)),
    fc.constantFrom(header, payload, signature),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 5 }), async (parts) => {
      if (parts.join(".") !== token) await refusal(parts.join("."));
    }),
    { numRuns: 100 },
  );
});
