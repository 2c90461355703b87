import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { World } from "./world.ts";

/** What becomes of a request that came to a gate. `hang`: no answer, ever; `lose-answer`: it arrives, its answer does not. */
export type Passage =
  | "forward"
  | "lose-answer"
  | "hang"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

/** A server in front of another one that lets requests through, or not. */
export const startGate = async (
  world: World,
  target: string,
  decide: (incoming: IncomingMessage) => Passage,
  port = 0,
): Promise<{ readonly url: string }> => {
  const server = createServer((incoming, response) => {
    const passage = decide(incoming);
    if (passage === "hang") return;
    if (typeof passage === "object") {
      response.writeHead(passage.status, { ...passage.headers }).end();
      return;
    }
    const { method = "GET", url = "/", headers } = incoming;
    const outgoing = request(new URL(url, target), { method, headers }, (answer) => {
      if (passage === "lose-answer") {
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  world.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}` };
};
