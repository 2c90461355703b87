import type { Bench, BenchResult, Effort } from "./bench.ts";
import { toAwsEnv } from "./cold/aws-env.ts";
import { type AwsCall, answerEmpty, startAwsServices } from "./cold/aws-services.ts";
import { bundleText, toBareHandler } from "./cold/bare-handler.ts";
import { type BenchRow, median } from "./row.ts";
import { createTableDouble, writesOf } from "./warm/table-double.ts";
import { startWarm } from "./warm/warm-process.ts";
import { openWarmWorld } from "./warm/warm-world.ts";

type World = Awaited<ReturnType<typeof openWarmWorld>>;
type Services = Awaited<ReturnType<typeof startAwsServices>>;

const SUBSCRIPTIONS = [1, 10] as const;
const WARM_UP = { quick: 3, full: 200 } as const;
const PUSHES = { quick: 3, full: 100 } as const;
const PER_PUSH = 4;
const PER_SUBSCRIPTION = 3;
const TABLE = "DynamoDB_20120810";
const SERVICE: Readonly<Record<string, string>> = { AmazonSQS: "SQS", AWSEvents: "EventBridge" };

interface Pushed {
  readonly cpuMs: number;
  readonly calls: readonly AwsCall[];
}

/** One push after the other, each a new signed version. */
const push = async (world: World, bundle: string, services: Services, effort: Effort): Promise<Pushed[]> => {
  const instance = await startWarm(bundle, { ...toAwsEnv(services.url), SLUICE_EVENT_BUS: "default" });
  const pushed: Pushed[] = [];
  try {
    for (let at = 0; at < WARM_UP[effort] + PUSHES[effort]; at++) {
      const event = await world.release();
      services.calls.length = 0;
      const cpuMs = await instance.invoke(event);
      pushed.push({ cpuMs, calls: [...services.calls] });
    }
  } finally {
    await instance.close();
  }
  return pushed.slice(WARM_UP[effort]);
};

/** The same SDK calls again and again, by a handler that does nothing else. */
const repeat = async (world: World, calls: readonly AwsCall[], url: string, effort: Effort) => {
  const bundle = await bundleText(toBareHandler(calls), world.folder, `bare-${calls.length}`);
  const instance = await startWarm(bundle, toAwsEnv(url));
  const times: number[] = [];
  try {
    for (let at = 0; at < WARM_UP[effort] + PUSHES[effort]; at++) times.push(await instance.invoke({}));
  } finally {
    await instance.close();
  }
  return median(times.slice(WARM_UP[effort]));
};

const isWrite = (call: AwsCall): boolean => call.service === TABLE && writesOf(call).length > 0;

/** Each push must have cost the same, or one figure would not describe them. */
const countEach = (pushed: readonly Pushed[], count: (calls: readonly AwsCall[]) => number): number => {
  const counts = new Set(pushed.map(({ calls }) => count(calls)));
  const [only = Number.NaN] = counts;
  if (counts.size !== 1) throw new Error(`pushes differ: ${[...counts].join(", ")}`);
  return only;
};

const countWrites = (calls: readonly AwsCall[]): number =>
  calls.filter((call) => call.service === TABLE).flatMap(writesOf).length;

const describeOthers = (calls: readonly AwsCall[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const call of calls.filter((one) => !isWrite(one))) {
    const name = `${SERVICE[call.service] ?? "DynamoDB"} ${call.operation}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
};

const toRows = (subscriptions: number, pushed: readonly Pushed[], bareMs: number): readonly BenchRow[] => {
  const matching = `${subscriptions} matching subscription${subscriptions === 1 ? "" : "s"}`;
  const others = [...describeOthers(pushed[0]?.calls ?? [])].sort(([a], [b]) => a.localeCompare(b));
  return [
    {
      name: `items written to DynamoDB per push, ${matching}`,
      value: countEach(pushed, countWrites),
      unit: "",
      goal: { of: "value", atMost: PER_PUSH + PER_SUBSCRIPTION * subscriptions },
    },
    {
      name: `requests that write them, ${matching}`,
      value: countEach(pushed, (calls) => calls.filter(isWrite).length),
      unit: "",
    },
    ...others.map(([name]) => ({
      name: `${name}: requests per push, ${matching}`,
      value: countEach(pushed, (calls) => describeOthers(calls).get(name) ?? 0),
      unit: "",
    })),
    {
      name: `processor time per push, ${matching}`,
      value: median(pushed.map(({ cpuMs }) => cpuMs)),
      unit: "ms",
      beside: { name: "bare handler, same SDK calls", value: bareMs },
    },
  ];
};

const measure = async (world: World, subscriptions: number, effort: Effort): Promise<readonly BenchRow[]> => {
  const table = createTableDouble();
  let answer = (call: AwsCall): unknown => (call.service === TABLE ? table.answer(call) : answerEmpty(call));
  const services = await startAwsServices((call) => answer(call));
  try {
    const pushed = await push(world, await world.bundle(subscriptions), services, effort);
    // The same writes over and over: no condition would hold a second time.
    answer = answerEmpty;
    const bareMs = await repeat(world, pushed.at(-1)?.calls ?? [], services.url, effort);
    return toRows(subscriptions, pushed, bareMs);
  } finally {
    await services.close();
  }
};

const run = async (effort: Effort): Promise<BenchResult> => {
  const world = await openWarmWorld();
  try {
    const rows: BenchRow[] = [];
    for (const subscriptions of SUBSCRIPTIONS) rows.push(...(await measure(world, subscriptions, effort)));
    return {
      rows,
      remarks: [
        "An item of a transaction counts as one written. Of one push: what is remembered of the event; of one subscription: its row, the decision's record, and what is due for its receiver.",
        "Requests to ECR are not among them: the login is kept for half a day, and tags are listed by the sweep.",
        "What ours spends beyond the bare handler goes to the registry's protocol and to the verification, on a new certificate each time.",
      ],
    };
  } finally {
    await world.close();
  }
};

export const warmEvaluate: Bench = {
  name: "warm",
  title: "A push on AWS, by a warm function",
  about:
    "The bundled evaluate in Lambda's environment, handed one push after the other, each a new signed version with a new certificate that every subscription takes. The in-memory registry and doubles of AWS's services on loopback, in another process; the table's double keeps what is written. What is counted is what the doubles were asked; every push of a run cost the same, or the run fails.",
  run,
};
