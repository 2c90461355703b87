import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerBinary } from "../install/cache.ts";
import { run } from "../install/command.ts";
import { isIsolated } from "../namespace.ts";
import { fulcioConfig } from "./fulcio-config.ts";
import { type OidcIssuer, startOidcIssuer } from "./oidc-issuer.ts";
import { answers } from "./process.ts";
import { freePorts, type World } from "./world.ts";

/** A keyless Sigstore on loopback: real CA, CT timestamps, transparency log and timestamp authority. */
export interface Sigstore extends Pick<OidcIssuer, "mintToken" | "mintRaw"> {
  /** The issuer that its certificates name. */
  readonly issuer: string;
  readonly fulcioUrl: string;
  readonly timestampUrl: string;
  readonly timestampChainFile: string;
  readonly rekorUrl: string;
  /** `trusted_root.json` as cosign and Flux read it. */
  readonly trustedRootFile: string;
  readonly signingConfigFile: string;
  /** The same without a transparency log: bundles then carry a signed timestamp alone. */
  readonly unloggedSigningConfigFile: string;
}

const START = "2020-01-01T00:00:00Z";
const LOG_NAME = "rekor.local";

const save = async (url: string, file: string): Promise<string> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await writeFile(file, await response.text());
  return file;
};

const startCtLog = async (world: World, folder: string, port: number) => {
  const publicKeyFile = join(folder, "ctlog.pub");
  await world.start({
    name: "ctlog",
    file: peerBinary("ctlog"),
    args: [`-address=127.0.0.1:${port}`, `-public-key=${publicKeyFile}`],
    isReady: answers(`http://127.0.0.1:${port}/healthz`),
  });
  return { url: `http://127.0.0.1:${port}/log`, publicKeyFile };
};

const startFulcio = async (
  world: World,
  folder: string,
  issuer: string,
  ctLog: { readonly url: string; readonly publicKeyFile: string },
  [port = 0, grpcPort = 0, metricsPort = 0]: readonly number[],
) => {
  const configFile = join(folder, "fulcio.yaml");
  await writeFile(configFile, fulcioConfig(issuer));
  const url = `http://127.0.0.1:${port}`;
  await world.start({
    name: "fulcio",
    file: peerBinary("fulcio"),
    args: [
      "serve",
      "--ca=ephemeralca",
      `--ct-log-url=${ctLog.url}`,
      `--ct-log-public-key-path=${ctLog.publicKeyFile}`,
      `--config-path=${configFile}`,
      "--host=127.0.0.1",
      `--port=${port}`,
      "--grpc-host=127.0.0.1",
      `--grpc-port=${grpcPort}`,
      `--metrics-port=${metricsPort}`,
      `--legacy-unix-domain-socket=@sluice-fulcio-${port}`,
    ],
    isReady: answers(`${url}/api/v1/rootCert`),
  });
  return { url, chainFile: await save(`${url}/api/v1/rootCert`, join(folder, "fulcio.pem")) };
};

const startTimestampServer = async (world: World, folder: string, port: number) => {
  const url = `http://127.0.0.1:${port}/api/v1/timestamp`;
  await world.start({
    name: "timestamp-server",
    file: peerBinary("timestamp-server"),
    args: [
      "serve",
      "--host=127.0.0.1",
      `--port=${port}`,
      "--timestamp-signer=memory",
      "--disable-ntp-monitoring",
    ],
    isReady: answers(`${url}/certchain`),
  });
  return { url, chainFile: await save(`${url}/certchain`, join(folder, "tsa.pem")) };
};

const startRekor = async (
  world: World,
  folder: string,
  [port = 0, grpcPort = 0, metricsPort = 0]: readonly number[],
) => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const keyFile = join(folder, "rekor.key");
  const publicKeyFile = join(folder, "rekor.pub");
  const storage = join(folder, "rekor");
  await mkdir(storage);
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  const url = `http://127.0.0.1:${port}`;
  await world.start({
    name: "rekor",
    file: peerBinary("rekor", "posix"),
    args: [
      "serve",
      "--http-address=127.0.0.1",
      `--http-port=${port}`,
      "--grpc-address=127.0.0.1",
      `--grpc-port=${grpcPort}`,
      `--http-metrics-port=${metricsPort}`,
      `--hostname=${LOG_NAME}`,
      `--storage-dir=${storage}`,
      `--signer-filepath=${keyFile}`,
      "--checkpoint-interval=1s",
    ],
    isReady: answers(`${url}/healthz`),
  });
  return { url, publicKeyFile };
};

export interface SigstoreOptions {
  /** Names its folder, where a world has two. */
  readonly name?: string;
  /** Use this one's timestamp authority: a second cannot run, its metrics port is fixed. */
  readonly timestampsOf?: Sigstore;
}

/** Starts every part on free ports and has cosign write the two files that its users would be given. */
export const startSigstore = async (world: World, options: SigstoreOptions = {}): Promise<Sigstore> => {
  if (!isIsolated()) {
    throw new Error(
      "a local Sigstore needs a network namespace of its own: parts of it listen on every interface",
    );
  }
  const folder = join(world.folder, options.name ?? "sigstore");
  await mkdir(folder);
  const [ctPort = 0, timestampPort = 0, ...rest] = await freePorts(8);
  const issuer = await startOidcIssuer(world);
  const [ctLog, timestamps, rekor] = await Promise.all([
    startCtLog(world, folder, ctPort),
    options.timestampsOf === undefined
      ? startTimestampServer(world, folder, timestampPort)
      : { url: options.timestampsOf.timestampUrl, chainFile: options.timestampsOf.timestampChainFile },
    startRekor(world, folder, rest.slice(0, 3)),
  ]);
  const fulcio = await startFulcio(world, folder, issuer.url, ctLog, rest.slice(3));
  const trustedRootFile = join(folder, "trusted_root.json");
  const signingConfigFile = join(folder, "signing_config.json");
  const operator = `start-time=${START},operator=local`;
  const cosign = (args: readonly string[]) =>
    run(peerBinary("cosign"), args, { cwd: folder, env: { HOME: folder }, timeoutMs: 30_000 });
  await cosign([
    "trusted-root",
    "create",
    `--fulcio=url=${fulcio.url},certificate-chain=${fulcio.chainFile},start-time=${START}`,
    `--ctfe=url=${ctLog.url},public-key=${ctLog.publicKeyFile},start-time=${START}`,
    `--tsa=url=${timestamps.url},certificate-chain=${timestamps.chainFile},start-time=${START}`,
    `--rekor=url=http://${LOG_NAME},public-key=${rekor.publicKeyFile},start-time=${START},origin=${LOG_NAME}`,
    `--out=${trustedRootFile}`,
  ]);
  const createSigningConfig = (log: readonly string[], file: string) =>
    cosign([
      "signing-config",
      "create",
      `--fulcio=url=${fulcio.url},api-version=1,${operator}`,
      ...log,
      `--tsa=url=${timestamps.url},api-version=1,${operator}`,
      "--tsa-config=ANY",
      `--oidc-provider=url=${issuer.url},api-version=1,${operator}`,
      `--out=${file}`,
    ]);
  const unloggedSigningConfigFile = join(folder, "signing_config_unlogged.json");
  await createSigningConfig(
    [`--rekor=url=${rekor.url},api-version=2,${operator}`, "--rekor-config=ANY"],
    signingConfigFile,
  );
  await createSigningConfig([], unloggedSigningConfigFile);
  return {
    issuer: issuer.url,
    mintToken: issuer.mintToken,
    mintRaw: issuer.mintRaw,
    fulcioUrl: fulcio.url,
    timestampUrl: timestamps.url,
    timestampChainFile: timestamps.chainFile,
    rekorUrl: rekor.url,
    trustedRootFile,
    signingConfigFile,
    unloggedSigningConfigFile,
  };
};
