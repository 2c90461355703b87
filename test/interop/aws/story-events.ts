import { createHmac } from "node:crypto";

/** A request as API Gateway's HTTP API hands it to a function, payload format 2.0. */
export const toHttpEvent = (
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  isBase64Encoded = false,
) => ({
  version: "2.0",
  routeKey: "ANY /{path+}",
  rawPath: path,
  rawQueryString: "",
  headers,
  requestContext: { http: { method: "POST", path }, stage: "$default" },
  body: isBase64Encoded ? Buffer.from(body).toString("base64") : body,
  isBase64Encoded,
});

/** What notification-controller sends for an Alert with a Provider of type `generic-hmac`, once an object has a version. */
export const toFluxEvent = (object: string, revision: string, token: string) => {
  const body = JSON.stringify({
    involvedObject: {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "OCIRepository",
      namespace: "apps",
      name: object,
    },
    severity: "info",
    timestamp: new Date().toISOString(),
    message: `stored artifact for digest '${revision}'`,
    reason: "NewArtifact",
    metadata: { revision },
    reportingController: "source-controller",
  });
  const signature = createHmac("sha256", token).update(body).digest("hex");
  return toHttpEvent(
    "/clusters/c/events",
    { "content-type": "application/json", "x-signature": `sha256=${signature}` },
    body,
  );
};
