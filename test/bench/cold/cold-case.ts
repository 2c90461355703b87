/** How one process is started that answers one event and ends. */
export interface ColdProcess {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A function that is started in another way. */
export interface ColdWay {
  readonly name: string;
  readonly process: ColdProcess;
}

/** One function of one cloud, beside what cannot be avoided. */
export interface ColdCase {
  /** `AWS evaluate` */
  readonly name: string;
  readonly ours: ColdProcess;
  /** The same platform and the same SDK calls, and nothing else. */
  readonly bare: ColdProcess;
  /** The same platform, and no call at all. */
  readonly empty: ColdProcess;
  readonly bundleBytes: number;
  /** Reads a registry and verifies as well, which no handler beside it does: no goal is set. */
  readonly verifies?: boolean;
  /** The same function, started in other ways. */
  readonly ways?: readonly ColdWay[];
}

/** The cases of one cloud, and what ends with them. */
export interface ColdCloud {
  readonly cases: readonly ColdCase[];
  close(): Promise<void>;
}

export const withSourceMaps = (one: ColdProcess): ColdWay => ({
  name: "with --enable-source-maps",
  process: { ...one, env: { ...one.env, NODE_OPTIONS: "--enable-source-maps" } },
});
