// Drives a simulated portal with the official client. It knows nothing of the
// simulator: base URL and credentials come from the environment, everything
// else is read through the API. Prints one line per finding and fails at the
// first that does not hold.
import assert from "node:assert/strict";
import { Client } from "@hubspot/api-client";

const env = (name) => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
};

const basePath = env("HUBSPOT_BASE");
const client = new Client({ accessToken: env("HUBSPOT_TOKEN"), basePath, limiterOptions: { maxConcurrent: 4 } });
const { crm } = client;

const steps = [];
const step = (name, run) => steps.push([name, run]);

// refusal runs a call that must fail and returns the client's exception.
const refusal = async (call) => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  assert.fail("the call was accepted");
};

let won; // ids of won deals, by keyset
let listed; // ids of all deals, by list

step("search is capped at 10,000 and keyset gets past it", async () => {
  const ask = (filters, after) =>
    crm.deals.searchApi.doSearch({
      filterGroups: filters.length ? [{ filters }] : [],
      sorts: ["hs_object_id"],
      properties: ["dealname"],
      limit: 200,
      after,
    });
  const first = await ask([], "0");
  assert.equal(first.results.length, 200);
  assert.equal(first.paging.next.after, "200");
  assert.ok(first.total > 10000, `total ${first.total}`);
  const last = await ask([], "9800");
  assert.equal(last.results.length, 200);
  const error = await refusal(() => ask([], "10000"));
  assert.equal(error.code, 400);

  won = [];
  let bound = "0";
  for (;;) {
    const page = await ask(
      [
        { propertyName: "hs_is_closed_won", operator: "EQ", value: "true" },
        { propertyName: "hs_object_id", operator: "GT", value: bound },
      ],
      "0",
    );
    won.push(...page.results.map((r) => r.id));
    if (page.results.length === 0) break;
    bound = page.results.at(-1).id;
  }
  assert.equal(new Set(won).size, won.length);
  assert.ok(won.length > 10000, `${won.length} won`);
  return `${won.length} won deals`;
});

step("list pages by record id", async () => {
  listed = [];
  let after;
  do {
    const page = await crm.deals.basicApi.getPage(100, after, ["amount", "no_such_property"], undefined, undefined, false);
    listed.push(...page.results.map((r) => r.id));
    assert.ok(!("no_such_property" in page.results[0].properties));
    after = page.paging?.next.after;
  } while (after && listed.length < 2000);
  assert.equal(new Set(listed).size, listed.length);
  const error = await refusal(() => crm.deals.basicApi.getPage(101));
  assert.equal(error.code, 400);
  return `${listed.length} deals listed`;
});

step("batch read answers 207 for unknown ids", async () => {
  const ids = won.slice(0, 99);
  const answer = await crm.deals.batchApi.read({
    inputs: [...ids, "999"].map((id) => ({ id })),
    properties: ["dealname", "description", "no_such_property"],
    propertiesWithHistory: [],
  });
  assert.deepEqual(new Set(answer.results.map((r) => r.id)), new Set(ids));
  assert.equal(answer.numErrors, 1);
  assert.deepEqual(answer.errors[0].context.ids, ["999"]);
  assert.equal(answer.results[0].properties.description, null);
  assert.ok(!("no_such_property" in answer.results[0].properties));
  const history = await crm.deals.batchApi.read({
    inputs: [{ id: ids[0] }],
    properties: [],
    propertiesWithHistory: ["dealstage"],
  });
  assert.ok(history.results[0].propertiesWithHistory.dealstage.length >= 2);
  const error = await refusal(() =>
    crm.deals.batchApi.read({ inputs: won.slice(0, 101).map((id) => ({ id })), properties: [], propertiesWithHistory: [] }),
  );
  assert.equal(error.code, 400);
});

step("groups come before properties, and both only once", async () => {
  const group = { name: "node_group", label: "Node group", displayOrder: -1 };
  const score = { name: "node_score", label: "Score", groupName: "node_group", type: "number", fieldType: "number" };
  assert.equal((await refusal(() => crm.properties.coreApi.create("deals", score))).code, 400);
  await crm.properties.groupsApi.create("deals", group);
  assert.equal((await refusal(() => crm.properties.groupsApi.create("deals", group))).code, 409);
  const made = await crm.properties.coreApi.create("deals", score);
  assert.equal(made.name, "node_score");
  assert.equal((await refusal(() => crm.properties.coreApi.create("deals", score))).code, 409);
  const option = (value, displayOrder) => ({ label: `Answer ${value}`, value, hidden: false, displayOrder });
  const batch = await crm.properties.batchApi.create("deals", {
    inputs: [
      { ...score, name: "node_item", type: "enumeration", fieldType: "select", options: ["0", "1", "2"].map(option) },
      { ...score, name: "node_wrong", type: "number", fieldType: "select" },
    ],
  });
  assert.equal(batch.results.length, 1);
  assert.equal(batch.numErrors, 1);
  const all = await crm.properties.coreApi.getAll("deals", false);
  const closed = all.results.find((p) => p.name === "hs_is_closed_won");
  assert.equal(closed.modificationMetadata.readOnlyValue, true);
  assert.ok(all.results.some((p) => p.name === "node_item"));
});

step("batch update reports unknown ids and refuses bad values whole", async () => {
  const update = (inputs) => crm.deals.batchApi.update({ inputs });
  const [a, b] = won;
  const good = await update([
    { id: a, properties: { node_score: "31", node_item: "2" } },
    { id: b, properties: { node_score: "", node_item: "0" } },
    { id: "999", properties: { node_score: "1" } },
  ]);
  assert.deepEqual(new Set(good.results.map((r) => r.id)), new Set([a, b]));
  assert.equal(good.errors[0].category, "OBJECT_NOT_FOUND");
  for (const properties of [{ node_item: "3" }, { hs_is_closed_won: "true" }, { no_such_property: "1" }, { node_score: "many" }]) {
    const error = await refusal(() => update([{ id: a, properties: { node_score: "7" } }, { id: b, properties }]));
    assert.equal(error.code, 400);
    assert.equal(error.body.category, "VALIDATION_ERROR");
  }
  const now = await crm.deals.basicApi.getById(a, ["node_score", "node_item"]);
  assert.equal(now.properties.node_score, "31");
  assert.equal(now.properties.node_item, "2");
});

step("associations carry labels beside the unlabelled type", async () => {
  const created = await crm.associations.v4.schema.definitionsApi.create("deals", "contacts", { label: "Node role", name: "node_role" });
  assert.equal(created.results.length, 2);
  const rows = await crm.associations.v4.schema.definitionsApi.getAll("deals", "contacts");
  const role = rows.results.find((r) => r.label === "Node role");
  assert.equal(role.category, "USER_DEFINED");
  const contact = await crm.contacts.basicApi.create({ properties: { email: "node@example.com", lastname: "Node" }, associations: [] });
  const clash = await refusal(() => crm.contacts.basicApi.create({ properties: { email: "node@example.com" }, associations: [] }));
  assert.equal(clash.code, 409);
  const deal = await crm.deals.basicApi.create({
    properties: { dealname: "Made by the client", dealstage: "closedwon", pipeline: "default" },
    associations: [{ to: { id: contact.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 3 }] }],
  });
  const lonely = await crm.deals.basicApi.create({ properties: { dealname: "Alone" }, associations: [] });
  await crm.associations.v4.basicApi.create("deals", deal.id, "contacts", contact.id, [
    { associationCategory: "USER_DEFINED", associationTypeId: role.typeId },
  ]);
  const read = await crm.associations.v4.batchApi.getPage("deals", "contacts", { inputs: [{ id: deal.id }, { id: lonely.id }] });
  assert.equal(read.results.length, 1);
  assert.equal(String(read.results[0].to[0].toObjectId), contact.id);
  assert.deepEqual(read.results[0].to[0].associationTypes.map((t) => t.label).sort(), ["Node role", null].sort());
  assert.equal(read.errors[0].subCategory, "crm.associations.NO_ASSOCIATIONS_FOUND");
  const one = await crm.associations.v4.basicApi.getPage("deals", deal.id, "contacts", undefined, 500);
  assert.equal(one.results.length, 1);
  await crm.associations.v4.basicApi.archive("deals", deal.id, "contacts", contact.id);
  assert.equal((await crm.associations.v4.basicApi.getPage("deals", deal.id, "contacts")).results.length, 0);
  await crm.deals.basicApi.archive(lonely.id);
  assert.equal((await refusal(() => crm.deals.basicApi.getById(lonely.id))).code, 404);
  assert.equal((await crm.deals.basicApi.getById(lonely.id, [], [], [], true)).archived, true);
});

step("tasks need a time and link to a deal", async () => {
  const associations = [{ to: { id: won[0] }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 216 }] }];
  const error = await refusal(() => crm.objects.tasks.basicApi.create({ properties: { hs_task_subject: "Call" }, associations }));
  assert.equal(error.code, 400);
  assert.deepEqual(error.body.context.properties, ["hs_timestamp"]);
  const task = await crm.objects.tasks.basicApi.create({
    properties: { hs_task_subject: "Call", hs_timestamp: "2026-11-25T09:00:00.000Z", hs_task_status: "NOT_STARTED" },
    associations,
  });
  const linked = await crm.associations.v4.basicApi.getPage("deals", won[0], "tasks");
  assert.ok(linked.results.some((r) => String(r.toObjectId) === task.id));
});

step("pipelines have several won stages and string metadata", async () => {
  const { results } = await crm.pipelines.pipelinesApi.getAll("deals");
  const stages = results.flatMap((p) => p.stages);
  const won = stages.filter((s) => s.metadata.isClosed === "true" && Number(s.metadata.probability) === 1);
  assert.ok(results.length > 1 && won.length > 2);
});

step("owners are read twice, live and archived", async () => {
  const live = await crm.owners.ownersApi.getPage(undefined, undefined, 500, false);
  const gone = await crm.owners.ownersApi.getPage(undefined, undefined, 500, true);
  assert.ok(live.results.every((o) => String(o.userId) !== o.id));
  assert.ok(gone.results.length > 0 && gone.results.every((o) => o.userId === null));
  const one = await crm.owners.ownersApi.getById(Number(live.results[0].id));
  assert.equal(one.email, live.results[0].email);
});

step("a refresh token buys access tokens", async () => {
  const oauth = new Client({ basePath });
  const grant = (refresh) =>
    oauth.oauth.tokensApi.create("refresh_token", undefined, undefined, env("HUBSPOT_CLIENT_ID"), env("HUBSPOT_CLIENT_SECRET"), refresh);
  const answer = await grant(env("HUBSPOT_REFRESH_TOKEN"));
  assert.equal(answer.tokenType, "bearer");
  assert.equal(answer.expiresIn, 1800);
  oauth.setAccessToken(answer.accessToken);
  assert.equal((await oauth.crm.deals.basicApi.getPage(1)).results.length, 1);
  const error = await refusal(() => grant("na1-not-a-token"));
  assert.equal(error.code, 400);
  assert.equal(error.body.status, "BAD_REFRESH_TOKEN");
  const stranger = new Client({ basePath, accessToken: "pat-na1-unknown" });
  assert.equal((await refusal(() => stranger.crm.deals.basicApi.getPage(1))).code, 401);
});

for (const [name, run] of steps) {
  const note = await run();
  console.log(`ok - ${name}${note ? ` (${note})` : ""}`);
}
console.log(`${steps.length} steps passed`);
