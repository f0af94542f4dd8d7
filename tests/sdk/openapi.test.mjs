// What the gateway says of itself is OpenAPI, by the specification's own schema.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";

import { startGateway } from "./sdk.mjs";

describe("the gateway's description", () => {
  let demo;
  before(async () => (demo = await startGateway()));
  after(() => demo?.stop());

  for (const path of ["/openapi.json", "/admin/openapi.json"]) {
    test(`${path} is OpenAPI 3.1`, async () => {
      const authorization = `Bearer ${demo.card.admin_secret}`;
      const answer = await fetch(demo.url + path, { headers: { authorization } });
      assert.equal(answer.status, 200);
      const document = await answer.json();
      const validator = new Validator();
      const { valid, errors } = await validator.validate(structuredClone(document));
      assert.ok(valid, JSON.stringify(errors, null, 2));
      assert.equal(validator.version, "3.1");
      document.paths["/broken"] = { get: { responses: "none" } };
      assert.equal((await new Validator().validate(document)).valid, false);
    });
  }
});
