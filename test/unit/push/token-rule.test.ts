import { expect, test } from "vitest";
import { createTokenRule } from "../../../shared/push/token-rule.ts";
import { NOW_MS } from "./event-fixtures.ts";

const TENANT = "11111111-2222-4333-8444-555555555555";
const AUDIENCE = "https://sluice.example.com/events";

test.each([
  { source: "gar", issuer: "https://issuer.example" },
  { source: "acr-eventgrid", issuer: undefined },
  { source: "acr-eventgrid", issuer: "https://login.microsoftonline.com/common/v2.0" },
  { source: "acr-eventgrid", issuer: `https://login.microsoftonline.com.evil.example/${TENANT}/v2.0` },
] as const)("no rule for $source with issuer $issuer", ({ source, issuer }) => {
  expect(() => createTokenRule({ source, audience: AUDIENCE, issuer }, async () => ({}))).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID" }),
  );
});

test.each([
  {
    shows: "another cloud's issuer with its keys",
    settings: {
      source: "acr-eventgrid",
      issuer: "https://login.partner.example/t/v2.0",
      keysUrl: "https://keys.example/k",
    },
    expected: { issuers: ["https://login.partner.example/t/v2.0"], url: "https://keys.example/k" },
  },
  {
    shows: "a tenant, by either of its issuers",
    settings: {
      source: "acr-eventgrid",
      issuer: `https://sts.windows.net/${TENANT}/`,
      authorizedParty: "app",
    },
    expected: {
      issuers: [`https://login.microsoftonline.com/${TENANT}/v2.0`, `https://sts.windows.net/${TENANT}/`],
      url: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`,
    },
  },
  {
    shows: "Google, unless said otherwise",
    settings: { source: "gar" },
    expected: {
      issuers: ["https://accounts.google.com", "accounts.google.com"],
      url: "https://www.googleapis.com/oauth2/v3/certs",
    },
  },
] as const)("a rule for $shows", async ({ settings, expected }) => {
  const urls: string[] = [];
  const rule = createTokenRule({ ...settings, audience: AUDIENCE }, async (url) => {
    urls.push(url);
    return { keys: [] };
  });
  expect(rule.issuers).toEqual(expected.issuers);
  expect(rule.authorizedParty).toBe("authorizedParty" in settings ? settings.authorizedParty : undefined);
  await expect(
    rule.keys.at(NOW_MS)({ alg: "RS256", kid: "x" }, { payload: "", signature: "" }),
  ).rejects.toThrow();
  expect(urls).toEqual([expected.url]);
});
