import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../shared/artifact/secret.ts";
import { toDeliveryBodies } from "../../shared/delivery/body.ts";
import { type Change, objectKey } from "../../shared/delivery/change.ts";
import { toBinaryEvent, toStructuredEvent } from "../../shared/delivery/cloud-event.ts";
import { parseFluxEvent } from "../../shared/delivery/flux-events.ts";
import { parseFluxRevision } from "../../shared/delivery/flux-revision.ts";
import { PipelineError } from "../../shared/errors.ts";

const text = fc.string({ unit: "binary", maxLength: 40 });
const digest = fc.constant(`sha256:${"a".repeat(64)}` as const);

const change: fc.Arbitrary<Change> = fc.record(
  {
    decisionId: text,
    object: fc.record({ apiVersion: text, kind: text, namespace: text, name: text }),
    repository: fc.record({ registry: text, repository: text }),
    tag: text,
    digest,
    identity: fc.record({ issuer: text, subject: text }),
  },
  { requiredKeys: ["decisionId", "object", "repository", "digest"] },
);

test("splitting keeps every change once, and every part in its limit", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const content = { timeMs: 0, cluster: "c", receiver: "r", changes };
      const parts = toDeliveryBodies(content, 3_000);
      for (const { id, bytes, changes: own } of parts) {
        expect(bytes.length).toBeLessThanOrEqual(3_000);
        const body = JSON.parse(new TextDecoder().decode(bytes));
        expect(body.id).toBe(id);
        // As JSON carries it: a lone surrogate is text for us and an escape on the wire.
        expect(body.objects).toEqual([...new Set(own.map(({ object }) => objectKey(object)))]);
      }
      const kept = parts.flatMap((part) => part.changes);
      expect(kept).toHaveLength(changes.length);
      expect(new Set(kept)).toEqual(new Set(changes));
    }),
  );
});

test("event headers hold printable ASCII alone, and structured events stay JSON", () => {
  fc.assert(
    fc.property(text, text, (cluster, receiver) => {
      const context = { id: "dlv_1", type: "sluice.selection.changed", timeMs: 0, cluster, receiver };
      const body = new TextEncoder().encode('{"a":1}');
      for (const value of Object.values(toBinaryEvent(context, body).headers)) {
        expect(value).toMatch(/^[\x20-\x7e]*$/);
      }
      const event = JSON.parse(new TextDecoder().decode(toStructuredEvent(context, body).body));
      expect(event.data).toEqual({ a: 1 });
    }),
  );
});

const anything = fc.oneof(
  fc.json().map((json) => Buffer.from(json)),
  fc.uint8Array({ maxLength: 200 }),
  fc
    .record(
      {
        involvedObject: fc.oneof(
          fc.anything(),
          fc.record({ apiVersion: text, kind: text, namespace: text, name: text }),
        ),
        severity: fc.oneof(text, fc.constant("info")),
        timestamp: fc.oneof(text, fc.constant("2026-11-22T14:05:00Z")),
        reason: fc.oneof(text, fc.anything()),
        metadata: fc.oneof(fc.anything(), fc.dictionary(text, text)),
      },
      { requiredKeys: [] },
    )
    .map((value) => Buffer.from(JSON.stringify(value, (_key, v) => (typeof v === "bigint" ? String(v) : v)))),
);

test("a signed body of any kind is an event or a typed error", () => {
  const context = { cluster: "c", secrets: [new Secret("k")], nowMs: Date.UTC(2026, 10, 22, 14, 5) };
  fc.assert(
    fc.property(anything, (body) => {
      const signature = `sha256=${createHmac("sha256", "k").update(body).digest("hex")}`;
      try {
        parseFluxEvent({ headers: { "x-signature": signature }, body }, context);
      } catch (error) {
        expect(error).toBeInstanceOf(PipelineError);
        expect(error).toMatchObject({ code: expect.stringMatching(/^PUSH_(MALFORMED|UNAUTHENTIC)$/) });
      }
    }),
    { numRuns: 500 },
  );
});

test("a revision never has a digest that is not one", () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), fc.option(text, { nil: undefined }), (revision, oci) => {
      const { digest: found } = parseFluxRevision(revision, oci) ?? {};
      if (found !== undefined) expect(found).toMatch(/^sha256:[0-9a-f]{64}$/);
    }),
  );
});
