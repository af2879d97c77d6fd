// Drives jsforce, unchanged, against a simulated org. The org's address and
// credentials come in the environment; every step checks what came back.
import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import jsforce from 'jsforce';
import { code, env, finish, step } from './steps.mjs';

const loginUrl = env('SF_BASE');
const total = Number(env('SF_DEALS'));
const version = '60.0';

let conn;

await step('SOAP login', async () => {
  conn = new jsforce.Connection({ loginUrl, version });
  const user = await conn.login(env('SF_USERNAME'), env('SF_PASSWORD') + env('SF_TOKEN'));
  assert.match(user.id, /^005\w{15}$/);
  assert.match(user.organizationId, /^00D\w{15}$/);
  assert.equal(conn.instanceUrl, loginUrl);
  const wrong = new jsforce.Connection({ loginUrl, version });
  assert.match(await code(wrong.login(env('SF_USERNAME'), 'nonsense')), /INVALID_LOGIN/);
});

const oauth2 = { clientId: env('SF_CLIENT_ID'), clientSecret: env('SF_CLIENT_SECRET'), loginUrl };

await step('client credentials', async () => {
  conn = new jsforce.Connection({ instanceUrl: loginUrl, version, oauth2 });
  await conn.authorize({ grant_type: 'client_credentials' });
  assert.equal(conn.instanceUrl, loginUrl);
  assert.ok(conn.accessToken.startsWith(conn.userInfo.organizationId.slice(0, 15) + '!'));
});

await step('JWT bearer', async () => {
  const part = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');
  const head = part({ alg: 'RS256' }) + '.' + part({
    iss: oauth2.clientId, sub: env('SF_USERNAME'), aud: 'https://login.salesforce.com', exp: Number(env('SF_NOW')) + 180,
  });
  const sign = createSign('RSA-SHA256').update(head).sign(env('SF_PRIVATE_KEY'), 'base64url');
  const other = new jsforce.Connection({ instanceUrl: loginUrl, version, oauth2 });
  await other.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${head}.${sign}` });
  assert.equal((await other.query('SELECT Id FROM Organization')).totalSize, 1);
});

await step('refresh token, and a session that dies', async () => {
  const other = new jsforce.Connection({ instanceUrl: loginUrl, version, oauth2, refreshToken: env('SF_REFRESH_TOKEN'), accessToken: 'dead' });
  let refreshed = 0;
  other.on('refresh', () => { refreshed += 1; });
  assert.equal((await other.query('SELECT COUNT() FROM Opportunity')).totalSize, total);
  assert.equal(refreshed, 1);
});

await step('identity', async () => {
  const me = await conn.identity();
  assert.equal(me.username, env('SF_USERNAME'));
  assert.equal(me.organization_id, conn.userInfo.organizationId);
});

await step('query past two pages', async () => {
  const first = await conn.query('SELECT Id FROM Opportunity ORDER BY Id', { autoFetch: false });
  assert.equal(first.totalSize, total);
  assert.equal(first.records.length, 2000);
  assert.equal(first.done, false);
  const second = await conn.queryMore(first.nextRecordsUrl);
  assert.equal(second.records.length, 2000);
  const all = await conn.query('SELECT Id, Name, Amount, CloseDate, SystemModstamp, Account.Name FROM Opportunity ORDER BY Id', { autoFetch: true, maxFetch: 100000 });
  assert.equal(all.records.length, total);
  assert.equal(new Set(all.records.map((r) => r.Id)).size, total);
  assert.equal(all.records[0].Id, first.records[0].Id);
  assert.match(all.records[0].SystemModstamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$/);
  assert.equal(typeof all.records[0].Account.Name, 'string');
  const some = await conn.query('SELECT Id FROM Opportunity', { autoFetch: true, maxFetch: 2500 });
  assert.equal(some.records.length, 2500);
});

await step('child subquery', async () => {
  const res = await conn.query(
    'SELECT Id, (SELECT Id, Role, Contact.Email FROM OpportunityContactRoles), (SELECT Id FROM Notes) FROM Opportunity WHERE IsWon = true ORDER BY Name LIMIT 5');
  assert.equal(res.records.length, 5);
  for (const deal of res.records) {
    assert.equal(deal.OpportunityContactRoles.totalSize, 2);
    assert.equal(deal.OpportunityContactRoles.records.length, 2);
    assert.match(deal.OpportunityContactRoles.records[0].Contact.Email, /@/);
  }
  assert.equal(res.records[4].Notes, null);
});

await step('find', async () => {
  const rows = await conn.sobject('Opportunity').find({ IsWon: true, CloseDate: { $gte: jsforce.SfDate.toDateLiteral('2026-01-01') } }, ['Id', 'Name']).limit(3).sort({ Name: 1 });
  assert.equal(rows.length, 3);
});

await step('describe', async () => {
  const global = await conn.describeGlobal();
  assert.equal(global.maxBatchSize, 200);
  assert.ok(global.sobjects.some((o) => o.name === 'Opportunity' && o.keyPrefix === '006'));
  const d = await conn.describe('Opportunity');
  const band = d.fields.find((f) => f.name === 'Handoff_Band__c');
  assert.equal(band.restrictedPicklist, true);
  assert.deepEqual(band.picklistValues.map((v) => v.value), ['Green', 'Red']);
  assert.ok(d.childRelationships.some((c) => c.relationshipName === 'OpportunityContactRoles' && c.childSObject === 'OpportunityContactRole'));
});

let ids;

await step('update 250 records, one refused', async () => {
  ids = (await conn.query('SELECT Id FROM Opportunity ORDER BY Id LIMIT 250')).records.map((r) => r.Id);
  const res = await conn.sobject('Opportunity').update(ids.map((Id, i) => ({ Id, Handoff_Score__c: i / 2, Handoff_Band__c: i === 123 ? 'Purple' : 'Green' })), { allowRecursive: true });
  assert.equal(res.length, 250);
  res.forEach((r, i) => {
    assert.equal(r.success, i !== 123, `record ${i}`);
    if (r.success) assert.equal(r.id, ids[i]);
  });
  assert.equal(res[123].errors[0].statusCode ?? res[123].errors[0].errorCode, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
});

await step('retrieve many', async () => {
  const rows = await conn.sobject('Opportunity').retrieve(ids.slice(0, 210), { fields: ['Id', 'Handoff_Score__c', 'Handoff_Band__c'] });
  assert.equal(rows.length, 210);
  rows.forEach((r, i) => assert.equal(r.Id, ids[i]));
  assert.equal(rows[7].Handoff_Score__c, 3.5);
  assert.equal(rows[123].Handoff_Band__c, null);
});

await step('one record: create, update, read, delete, queryAll', async () => {
  const task = await conn.sobject('Task').create({ Subject: 'Kickoff', WhatId: ids[0] });
  assert.equal(task.success, true);
  assert.equal((await conn.sobject('Task').update({ Id: task.id, Status: 'In Progress' })).success, true);
  assert.equal((await conn.sobject('Task').retrieve(task.id)).Status, 'In Progress');
  assert.equal((await conn.sobject('Task').destroy(task.id)).success, true);
  const where = `FROM Task WHERE Id = '${task.id}'`;
  assert.equal((await conn.query(`SELECT Id ${where}`)).totalSize, 0);
  const bin = await conn.query(`SELECT Id, IsDeleted ${where}`, { scanAll: true });
  assert.equal(bin.totalSize, 1);
  assert.equal(bin.records[0].IsDeleted, true);
});

await step('upsert by external id', async () => {
  const save = (Subject) => conn.sobject('Task').upsert({ Handoff_Key__c: 'k1', Subject }, 'Handoff_Key__c');
  const first = await save('One');
  assert.equal(first.success, true);
  assert.equal((await save('Two')).id, first.id);
  const many = await conn.sobject('Task').upsert([{ Handoff_Key__c: 'k1', Subject: 'a' }, { Handoff_Key__c: 'k2', Subject: 'b' }], 'Handoff_Key__c');
  assert.deepEqual(many.map((r) => r.success), [true, true]);
});

await step('updated and deleted', async () => {
  const now = Number(env('SF_NOW'));
  const window = [new Date((now - 3600) * 1000).toISOString(), new Date((now + 3600) * 1000).toISOString()];
  assert.ok((await conn.sobject('Opportunity').updated(...window)).ids.includes(ids[0]));
  assert.equal((await conn.sobject('Task').deleted(...window)).deletedRecords.length, 1);
});

await step('limits', async () => {
  const limits = await conn.limits();
  assert.ok(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max);
  assert.equal(conn.limitInfo.apiUsage.limit, limits.DailyApiRequests.Max);
});

await step('composite and tooling', async () => {
  const res = await conn.requestPost(`/services/data/v${version}/composite`, {
    compositeRequest: [
      { method: 'POST', url: `/services/data/v${version}/sobjects/Task`, referenceId: 't', body: { Subject: 'x', WhatId: ids[1] } },
      { method: 'GET', url: `/services/data/v${version}/sobjects/Task/@{t.id}?fields=Subject`, referenceId: 'g' },
    ],
  });
  assert.deepEqual(res.compositeResponse.map((r) => r.httpStatusCode), [201, 200]);
  const fields = await conn.tooling.query("SELECT DeveloperName FROM CustomField WHERE TableEnumOrId = 'Opportunity'");
  assert.ok(fields.records.some((f) => f.DeveloperName === 'Handoff_Score'));
});

await step('a field made by tooling and granted', async () => {
  const made = await conn.tooling.create('CustomField', {
    FullName: 'Opportunity.Handoff_Fit__c',
    Metadata: { type: 'Number', label: 'Handoff Fit', precision: 3, scale: 0 },
  });
  assert.ok(made.success && made.id.startsWith('00N'));
  assert.equal(await code(conn.query('SELECT Handoff_Fit__c FROM Opportunity LIMIT 1')), 'INVALID_FIELD');
  const set = await conn.sobject('PermissionSet').create({ Name: 'Fit', Label: 'Fit' });
  const permission = { ParentId: set.id, SobjectType: 'Opportunity', Field: 'Opportunity.Handoff_Fit__c', PermissionsRead: true, PermissionsEdit: true };
  assert.ok((await conn.sobject('FieldPermissions').create(permission)).success);
  const { user_id: me } = await conn.identity();
  assert.ok((await conn.sobject('PermissionSetAssignment').create({ AssigneeId: me, PermissionSetId: set.id })).success);
  assert.ok((await conn.sobject('Opportunity').update({ Id: ids[0], Handoff_Fit__c: 7 })).success);
  assert.equal((await conn.query(`SELECT Handoff_Fit__c FROM Opportunity WHERE Id = '${ids[0]}'`)).records[0].Handoff_Fit__c, 7);
});

await step('an object made by the Metadata API, granted and filled', async () => {
  const name = 'Handoff_Attempt__c';
  const object = {
    fullName: name, label: 'Handoff Attempt', pluralLabel: 'Handoff Attempts', deploymentStatus: 'Deployed', sharingModel: 'Private',
    nameField: { type: 'AutoNumber', label: 'Attempt', displayFormat: 'HA-{000000}', startingNumber: 7 },
  };
  const made = await conn.metadata.create('CustomObject', object);
  assert.deepEqual([made.fullName, made.success], [name, true]);
  const twice = await conn.metadata.create('CustomObject', [object, { ...object, fullName: 'Bad' }]);
  assert.deepEqual(twice.map((r) => r.success), [false, false]);
  assert.equal([].concat(twice[0].errors)[0].statusCode, 'DUPLICATE_DEVELOPER_NAME');
  assert.equal(await code(conn.metadata.create('Layout', { fullName: 'x' })), 'sf:INVALID_TYPE');
  const read = await conn.metadata.read('CustomObject', name);
  assert.equal(read.nameField.displayFormat, 'HA-{000000}');
  const [entity] = (await conn.tooling.query("SELECT Id FROM CustomObject WHERE DeveloperName = 'Handoff_Attempt' AND NamespacePrefix = null")).records;
  assert.match(entity.Id, /^01I/);
  const metadata = {
    Key__c: { type: 'Text', label: 'Key', length: 80, externalId: true, unique: true },
    Score__c: { type: 'Number', label: 'Score', precision: 5, scale: 1 },
    Opportunity__c: { type: 'Lookup', label: 'Opportunity', referenceTo: 'Opportunity', relationshipName: 'Handoff_Attempts' },
  };
  for (const [field, Metadata] of Object.entries(metadata)) {
    assert.ok((await conn.tooling.create('CustomField', { FullName: `${name}.${field}`, Metadata })).success);
  }
  const listed = await conn.tooling.query(`SELECT DeveloperName FROM CustomField WHERE TableEnumOrId = '${entity.Id}'`);
  assert.deepEqual(listed.records.map((f) => f.DeveloperName).sort(), ['Key', 'Opportunity', 'Score']);
  assert.equal(await code(conn.query(`SELECT Id FROM ${name}`)), 'INVALID_TYPE');

  const set = await conn.sobject('PermissionSet').create({ Name: 'Attempts', Label: 'Attempts' });
  const right = { ParentId: set.id, SobjectType: name, PermissionsEdit: true };
  assert.equal(await code(conn.sobject('ObjectPermissions').create(right)), 'FIELD_INTEGRITY_EXCEPTION');
  assert.ok((await conn.sobject('ObjectPermissions').create({ ...right, PermissionsRead: true, PermissionsCreate: true })).success);
  const rights = await conn.sobject('FieldPermissions').create(Object.keys(metadata).map((field) => ({
    ParentId: set.id, SobjectType: name, Field: `${name}.${field}`, PermissionsRead: true, PermissionsEdit: true,
  })));
  assert.deepEqual(rights.map((r) => r.success), [true, true, true]);
  const { user_id: AssigneeId } = await conn.identity();
  assert.ok((await conn.sobject('PermissionSetAssignment').create({ AssigneeId, PermissionSetId: set.id })).success);

  const attempts = [1, 2, 3].map((n) => ({ Key__c: `k${n}`, Score__c: n, Opportunity__c: n === 3 ? '006000000000000AAA' : ids[0] }));
  const saved = await conn.sobject(name).upsert(attempts, 'Key__c');
  assert.deepEqual(saved.map((r) => r.success), [true, true, false]);
  assert.deepEqual(saved.map((r) => r.created), [true, true, false]);
  const again = await conn.sobject(name).upsert([{ Key__c: 'k1', Score__c: 9.5 }, { Key__c: 'k4', Opportunity__c: ids[1] }], 'Key__c');
  assert.deepEqual(again.map((r) => r.created), [false, true]);
  const rows = (await conn.query(`SELECT Name, Score__c, Opportunity__r.Name FROM ${name} ORDER BY Name`)).records;
  assert.deepEqual(rows.map((r) => r.Name), ['HA-000007', 'HA-000008', 'HA-000009']);
  assert.equal(rows[0].Score__c, 9.5);
  const [deal] = (await conn.query(`SELECT Name, (SELECT Id FROM Handoff_Attempts__r) FROM Opportunity WHERE Id = '${ids[0]}'`)).records;
  assert.equal(rows[0].Opportunity__r.Name, deal.Name);
  assert.equal(deal.Handoff_Attempts__r.totalSize, 2);
  assert.ok((await conn.describe(name)).fields.some((f) => f.name === 'Name' && f.autoNumber && !f.createable));
});

await step('errors as jsforce reads them', async () => {
  assert.equal(await code(conn.query('SELECT Nope__c FROM Opportunity')), 'INVALID_FIELD');
  assert.equal(await code(conn.query('SELECT Id FRM Opportunity')), 'MALFORMED_QUERY');
  assert.equal(await code(conn.query('SELECT Id FROM Nope')), 'INVALID_TYPE');
  assert.equal(await code(conn.sobject('Opportunity').update({ Id: ids[0], IsWon: true })), 'INVALID_FIELD_FOR_INSERT_UPDATE');
  assert.equal(await code(conn.sobject('Opportunity').retrieve('006000000000000AAA')), 'NOT_FOUND');
});

await step('logout', async () => {
  await conn.logout();
  conn.accessToken = null;
});

finish();
