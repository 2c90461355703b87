import type { AwsCall } from "../cold/aws-services.ts";

type Value = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, Value>>;

/** A write, alone or one of a transaction. */
interface Write {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>;
}

interface Read {
  readonly Key?: Item;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>;
}

const WRITES: ReadonlySet<string> = new Set(["PutItem", "UpdateItem", "DeleteItem"]);

const keyOf = (item: Item | undefined): string => JSON.stringify([item?.pk, item?.sk]);

/** Each write of a call, under the name of the request that would make it alone. */
export const writesOf = ({
  operation,
  input,
}: Pick<AwsCall, "operation" | "input">): readonly (readonly [operation: string, write: Write])[] => {
  if (WRITES.has(operation)) return [[operation, input as Write]];
  if (operation !== "TransactWriteItems") return [];
  const { TransactItems } = input as { readonly TransactItems: readonly Readonly<Record<string, Write>>[] };
  return TransactItems.flatMap((one) =>
    Object.entries(one).map(([kind, write]) => [`${kind}Item`, write] as const),
  );
};

const ASSIGNMENT = /^(#\w+) = (?:if_not_exists\(\1, (:\w+)\)|(:\w+))$/;

/** `SET` with names and values alone, which is all that Sluice writes. */
const update = (item: Item, write: Write): Item => {
  const assignments = (write.UpdateExpression ?? "").replace(/^SET /, "").split(/, (?=#)/);
  const next: Record<string, Value> = { ...item };
  for (const assignment of assignments) {
    const [, name = "", ifMissing, always] = ASSIGNMENT.exec(assignment) ?? [];
    const attribute = write.ExpressionAttributeNames?.[name];
    const value = write.ExpressionAttributeValues?.[ifMissing ?? always ?? ""];
    if (attribute === undefined || value === undefined) throw new Error(`no double for ${assignment}`);
    if (ifMissing === undefined || next[attribute] === undefined) next[attribute] = value;
  }
  return next;
};

/**
 * A DynamoDB table in memory, as far as a warm evaluate goes: it keeps what it is given, checks the two conditions on
 * rows, and knows nothing else, so that whatever else were asked would fail the bench.
 */
export const createTableDouble = () => {
  const items = new Map<string, Item>();

  const holds = ({ ConditionExpression, ExpressionAttributeValues, ...write }: Write): boolean => {
    const item = items.get(keyOf(write.Item ?? write.Key));
    switch (ConditionExpression) {
      case undefined:
        return true;
      case "attribute_not_exists(pk)":
        return item === undefined;
      case "version = :expected":
        return item?.version?.N === ExpressionAttributeValues?.[":expected"]?.N;
      default:
        throw new Error(`no double for the condition ${ConditionExpression}`);
    }
  };

  const apply = ([operation, write]: readonly [string, Write]): void => {
    const key = keyOf(write.Item ?? write.Key);
    if (operation === "DeleteItem") items.delete(key);
    else items.set(key, write.Item ?? update(items.get(key) ?? write.Key ?? {}, write));
  };

  return {
    answer(call: AwsCall): unknown {
      const { operation, input } = call;
      const writes = writesOf(call);
      if (writes.length > 0) {
        // The bench has one writer: a condition that does not hold is a fault of the double or of the handler.
        if (!writes.every(([, write]) => holds(write))) throw new Error(`${operation}: a condition failed`);
        for (const write of writes) apply(write);
        return {};
      }
      const { Key, ExpressionAttributeValues } = input as Read;
      switch (operation) {
        case "GetItem": {
          const Item = items.get(keyOf(Key));
          return Item === undefined ? {} : { Item };
        }
        case "Query": {
          const pk = JSON.stringify(ExpressionAttributeValues?.[":pk"]);
          const Items = [...items.values()].filter((item) => JSON.stringify(item.pk) === pk);
          return { Items, Count: Items.length, ScannedCount: Items.length };
        }
        default:
          throw new Error(`no double for ${operation}`);
      }
    },
  };
};
