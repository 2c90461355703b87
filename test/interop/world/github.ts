import { createHmac } from "node:crypto";
import { startServiceDouble } from "../../support/service-double.ts";
import type { World } from "./world.ts";

/** What a hook tells when a version of a container appears, as far as a receiver reads it. */
const toPackageEvent = (registry: string): string =>
  JSON.stringify({
    action: "published",
    package: {
      name: "nobody-follows-this",
      ecosystem: "CONTAINER",
      package_type: "CONTAINER",
      owner: { login: "Acme" },
      package_version: {
        package_url: `${registry}/Acme/nobody-follows-this:1.0.0`,
        container_metadata: {
          tag: { name: "1.0.0", digest: `sha256:${"a".repeat(64)}` },
          manifest: { media_type: "application/vnd.oci.image.manifest.v1+json" },
        },
      },
    },
  });

export interface GitHub {
  readonly url: string;
  /** Path and `authorization` of each request to deliver something again. */
  readonly redelivered: readonly string[];
  /** What the hook's receiver answered to what was delivered again. */
  readonly answers: readonly number[];
  /** From now on what is asked for again is sent there, signed with `secret`. */
  deliverTo(receiver: { readonly url: string; readonly secret: string }): void;
}

/** GitHub, where one delivery of each hook did not arrive, until it is asked to deliver it again. */
export const startGitHub = async (world: World): Promise<GitHub> => {
  const redelivered: string[] = [];
  const answers: number[] = [];
  const failed = { id: 7, guid: "lost", event: "package", status_code: 503, status: "failed" };
  const deliveries: object[] = [{ ...failed, delivered_at: new Date() }];
  let receiver: Parameters<GitHub["deliverTo"]>[0] | undefined;

  const deliver = async ({ url, secret }: NonNullable<typeof receiver>): Promise<void> => {
    const body = toPackageEvent("ghcr.io");
    const headers = {
      "content-type": "application/json",
      "x-github-event": "package",
      "x-github-delivery": failed.guid,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    };
    const { status } = await fetch(url, { method: "POST", headers, body });
    answers.push(status);
    const arrived = { ...failed, id: 8, status_code: status, status: status < 300 ? "OK" : "failed" };
    deliveries.unshift({ ...arrived, delivered_at: new Date() });
  };

  const double = await startServiceDouble(async ({ method, target, headers }) => {
    if (method === "GET") return { body: JSON.stringify(deliveries) };
    redelivered.push(`${target} ${headers.authorization}`);
    if (receiver !== undefined) await deliver(receiver);
    return { status: 202, body: "{}" };
  });
  world.atEnd(() => double.close());
  return {
    url: double.url,
    redelivered,
    answers,
    deliverTo: (now) => {
      receiver = now;
    },
  };
};
