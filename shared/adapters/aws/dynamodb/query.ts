import { setTimeout as wait } from "node:timers/promises";
import { BatchGetItemCommand, QueryCommand, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { answered, type Item, type Table, unavailable } from "./table.ts";

const MAX_BATCH = 100;
const MAX_ROUNDS = 8;
const FIRST_WAIT_MS = 20;

/** Every item of a query, page by page, until the caller has enough. */
export async function* queryAll(
  { client, name }: Table,
  what: string,
  input: Omit<QueryCommandInput, "TableName">,
): AsyncGenerator<Item, void, undefined> {
  let start: QueryCommandInput["ExclusiveStartKey"];
  do {
    const page = await answered(
      what,
      client.send(
        new QueryCommand({
          ...input,
          TableName: name,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      ),
    );
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

const keyText = ({ pk, sk }: Item): string => `${pk?.S}\0${sk?.S}`;

const getBatch = async ({ client, name }: Table, what: string, batch: readonly Item[]): Promise<Item[]> => {
  const found: Item[] = [];
  let left: Item[] = [...batch];
  for (let round = 0; left.length > 0; round++) {
    if (round === MAX_ROUNDS) throw unavailable(what, new Error("throttled"));
    if (round > 0) await wait(FIRST_WAIT_MS * 2 ** round);
    const RequestItems = { [name]: { Keys: left, ConsistentRead: true } };
    const answer = await answered(what, client.send(new BatchGetItemCommand({ RequestItems })));
    found.push(...(answer.Responses?.[name] ?? []));
    left = answer.UnprocessedKeys?.[name]?.Keys ?? [];
  }
  return found;
};

/** Whole items by their keys, in the order of the keys; what is gone is left out. */
export const getAll = async (
  table: Table,
  what: string,
  itemKeys: readonly Item[],
): Promise<readonly Item[]> => {
  const wanted = itemKeys.map(({ pk, sk }): Item => ({ ...(pk && { pk }), ...(sk && { sk }) }));
  const batches: Promise<Item[]>[] = [];
  for (let at = 0; at < wanted.length; at += MAX_BATCH) {
    batches.push(getBatch(table, what, wanted.slice(at, at + MAX_BATCH)));
  }
  const byKey = new Map((await Promise.all(batches)).flat().map((item) => [keyText(item), item]));
  return wanted.map((key) => byKey.get(keyText(key))).filter((item) => item !== undefined);
};
