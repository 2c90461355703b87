import { toFloatText, toPattern } from "./patterns.ts";
import { createRandom, type Random } from "./random.ts";
import { toConstraint, toTag, toVersionText } from "./texts.ts";

/** One line for the judge and, where it selects, for `sluice select --batch`. */
export interface Case {
  readonly id: string;
  readonly op?: "check" | "parse" | "compare" | "regexp" | "float";
  readonly kind?: "OCIRepository" | "HelmChart" | "ImagePolicy";
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly tags?: readonly string[];
  readonly exclusionList?: readonly string[];
  readonly range?: string;
  readonly versions?: readonly string[];
  readonly pattern?: string;
  readonly template?: string;
  readonly texts?: readonly string[];
}

type Body = Omit<Case, "id">;

const CHART_MEDIA_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/** Ranges that take most versions, so that many tags compete. */
const WIDE_RANGES = [
  "*",
  ">=0.0.0-0",
  ">=0",
  ">=1.0.0-0 <11.0.0-0",
  "^1",
  "~1.2",
  "1.x",
  ">0.0.0",
  "x.x.x-0",
];

const toRange = (random: Random): string =>
  random.chance(0.35) ? random.pick(WIDE_RANGES) : toConstraint(random);

/** The same version, written otherwise: the two tie. */
const toTwin = (random: Random, tag: string): string =>
  random.pick([`v${tag}`, `0${tag}`, `${tag}_b`, `${tag}_a`, tag.replace(/^v/, "")]);

const toTags = (random: Random): string[] => {
  const tags = random.times(random.below(24), () => toTag(random));
  if (tags.length > 0 && random.chance(0.4))
    tags.push(...random.times(4, () => toTwin(random, random.pick(tags))));
  return random.chance(0.1) ? [...tags, ...tags.slice(0, 3)] : tags;
};

const toRepositoryCase = (random: Random): Body => {
  const tags = toTags(random);
  const wanted = random.chance(0.7) && tags.length > 0 ? random.pick(tags) : toTag(random);
  const kind = "OCIRepository";
  if (random.chance(0.05)) return { kind, spec: { ref: { tag: wanted } }, tags };
  if (random.chance(0.02)) return { kind, spec: {}, tags };
  const digest = `sha256:${"ab".repeat(32)}`;
  if (random.chance(0.02)) return { kind, spec: { ref: { digest, semver: "*" } }, tags };
  const ref = {
    semver: toRange(random),
    ...(random.chance(0.2) ? { semverFilter: toPattern(random).pattern } : {}),
    ...(random.chance(0.1) ? { tag: "ignored" } : {}),
  };
  const layerSelector = { mediaType: random.chance(0.8) ? CHART_MEDIA_TYPE : "application/other" };
  return { kind, spec: { ref, ...(random.chance(0.3) ? { layerSelector } : {}) }, tags };
};

const toChartCase = (random: Random): Body => {
  const tags = toTags(random);
  const exact = random.chance(0.5) && tags.length > 0 ? random.pick(tags) : toVersionText(random);
  const version = random.chance(0.2) ? exact : random.chance(0.1) ? "" : toRange(random);
  return { kind: "HelmChart", spec: { version }, tags };
};

const toOrder = (random: Random): Readonly<Record<string, unknown>> => {
  const order = random.pick([{}, { order: "asc" }, { order: "desc" }]);
  return random.pick([{ semver: { range: toRange(random) } }, { alphabetical: order }, { numerical: order }]);
};

const toPolicyCase = (random: Random): Body => {
  const policy = toOrder(random);
  const numbers = "numerical" in policy && random.chance(0.8);
  const tags = numbers
    ? random.times(random.below(8), () =>
        random.chance(0.93)
          ? `${random.pick(["", "", "0"])}${random.below(20)}${random.pick(["", "", ".0"])}`
          : toFloatText(random),
      )
    : toTags(random);
  const { pattern, template } = toPattern(random);
  const filterTags = random.pick([{ pattern }, { pattern, extract: template }]);
  return {
    kind: "ImagePolicy",
    spec: { policy, ...(random.chance(0.5) && !numbers ? { filterTags } : {}) },
    tags,
    ...(random.chance(0.3) ? { exclusionList: ["^.*\\.sig$"] } : {}),
    ...(random.chance(0.05) ? { exclusionList: [toPattern(random).pattern] } : {}),
  };
};

const LIST_LENGTH = 12;

const MAKERS: readonly ((random: Random) => Body)[] = [
  toRepositoryCase,
  toRepositoryCase,
  toChartCase,
  toPolicyCase,
  toPolicyCase,
  (random) => ({
    op: "check",
    range: toConstraint(random),
    versions: random.times(LIST_LENGTH, () => toVersionText(random)),
  }),
  (random) => ({ op: "parse", versions: random.times(LIST_LENGTH, () => toVersionText(random)) }),
  (random) => ({ op: "compare", versions: random.times(LIST_LENGTH, () => toVersionText(random)) }),
  (random) => ({
    op: "regexp",
    ...toPattern(random),
    texts: random.times(LIST_LENGTH, () => toTag(random)),
  }),
  (random) => ({ op: "float", texts: random.times(LIST_LENGTH, () => toFloatText(random)) }),
];

/** The same cases for the same seed. */
export function* generateCases(seed: number, count: number): Generator<Case> {
  for (let index = 0; index < count; index++) {
    const random = createRandom(Math.imul(seed, 1_000_003) + index);
    yield { id: `${seed}:${index}`, ...random.pick(MAKERS)(random) };
  }
}
