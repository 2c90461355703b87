import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../../ports.ts";
import type { StateStore } from "../../../state.ts";
import {
  answered,
  keys,
  num,
  numberOf,
  succeeded,
  type Table,
  TTL_ATTRIBUTE,
  textOf,
  toTtl,
} from "./table.ts";

type Marks = Pick<StateStore, "isDone" | "markDone" | "loadDocument" | "saveDocument" | "claim" | "release">;

/** Leases, marks of what is done, and small documents: one item each. */
export const createMarks = ({ client, name: TableName }: Table, clock: Clock): Marks => ({
  async isDone(key) {
    const { Item } = await answered(
      "a mark",
      client.send(new GetItemCommand({ TableName, Key: keys.done(key), ConsistentRead: true })),
    );
    return Item !== undefined && numberOf(Item, "untilMs") > clock.nowMs();
  },
  async markDone(key, expiresAtMs) {
    const Item = { ...keys.done(key), untilMs: num(expiresAtMs), [TTL_ATTRIBUTE]: toTtl(expiresAtMs) };
    await answered("a mark", client.send(new PutItemCommand({ TableName, Item })));
  },
  async loadDocument(key) {
    const { Item } = await answered(
      "a document",
      client.send(new GetItemCommand({ TableName, Key: keys.document(key), ConsistentRead: true })),
    );
    if (Item === undefined) return undefined;
    return { version: numberOf(Item, "version"), value: JSON.parse(textOf(Item, "value")) as unknown };
  },
  saveDocument: (key, expectedVersion, value) =>
    succeeded(
      "a document",
      client.send(
        new PutItemCommand({
          TableName,
          Item: {
            ...keys.document(key),
            version: num(expectedVersion + 1),
            value: { S: JSON.stringify(value) },
          },
          ...(expectedVersion === 0
            ? { ConditionExpression: "attribute_not_exists(pk)" }
            : {
                ConditionExpression: "version = :expected",
                ExpressionAttributeValues: { ":expected": num(expectedVersion) },
              }),
        }),
      ),
    ),
  claim: (key, owner, leaseUntilMs) =>
    succeeded(
      "a lease",
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: keys.claim(key),
          UpdateExpression: "SET #owner = :owner, untilMs = :until, #ttl = :ttl",
          // Free, abandoned by an invocation that died, or our own to extend.
          ConditionExpression: "attribute_not_exists(pk) OR untilMs <= :now OR #owner = :owner",
          ExpressionAttributeNames: { "#owner": "owner", "#ttl": TTL_ATTRIBUTE },
          ExpressionAttributeValues: {
            ":owner": { S: owner },
            ":until": num(leaseUntilMs),
            ":ttl": toTtl(leaseUntilMs),
            ":now": num(clock.nowMs()),
          },
        }),
      ),
    ),
  async release(key, owner) {
    await succeeded(
      "a lease",
      client.send(
        new DeleteItemCommand({
          TableName,
          Key: keys.claim(key),
          ConditionExpression: "#owner = :owner",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: { ":owner": { S: owner } },
        }),
      ),
    );
  },
});
