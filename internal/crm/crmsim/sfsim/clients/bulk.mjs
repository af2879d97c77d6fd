// Drives the Bulk API 2.0 side of jsforce, unchanged, against a simulated org.
import assert from 'node:assert/strict';
import jsforce from 'jsforce';
import { code, env, finish, step } from './steps.mjs';

const loginUrl = env('SF_BASE');
const total = Number(env('SF_DEALS'));
const conn = new jsforce.Connection({
  instanceUrl: loginUrl, version: '60.0',
  oauth2: { clientId: env('SF_CLIENT_ID'), clientSecret: env('SF_CLIENT_SECRET'), loginUrl },
});
await conn.authorize({ grant_type: 'client_credentials' });
conn.bulk2.pollInterval = 50;
conn.bulk2.pollTimeout = 20000;

const rows = async (soql, options) => (await conn.bulk2.query(soql, options)).toArray();
let ids;

await step('query all deals', async () => {
  const got = await rows('SELECT Account.Name, Id, Name, Amount, IsWon, NextStep, SystemModstamp FROM Opportunity');
  assert.equal(got.length, total);
  assert.equal(new Set(got.map((r) => r.Id)).size, total);
  assert.deepEqual(Object.keys(got[0]), ['Account.Name', 'Id', 'Name', 'Amount', 'IsWon', 'NextStep', 'SystemModstamp']);
  assert.match(got[0].SystemModstamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  assert.equal(got[0].Amount, '1000.0');
  assert.equal(got[0].NextStep, '');
  ids = got.map((r) => r.Id).sort();
});

await step('a job by hand: states, results, delete', async () => {
  const job = conn.bulk2.job('query', { id: (await conn.requestPost('/services/data/v60.0/jobs/query', { operation: 'query', query: 'SELECT Id FROM Account' })).id });
  assert.equal((await job.check()).state, 'UploadComplete');
  const seen = new Set();
  job.on('inProgress', (info) => seen.add(info.state));
  await job.poll(20, 20000);
  assert.ok(seen.has('InProgress'));
  assert.equal(job.getInfo().numberRecordsProcessed, 1);
  assert.equal((await (await job.result()).toArray()).length, 1);
  assert.equal(job.locator, 'null');
  await job.delete();
  assert.equal(await code(job.check()), 'NOT_FOUND');
});

await step('abort a query', async () => {
  const job = conn.bulk2.job('query', { id: (await conn.requestPost('/services/data/v60.0/jobs/query', { operation: 'query', query: 'SELECT Id FROM Task' })).id });
  assert.equal((await job.abort()).state, 'Aborted');
  assert.equal(await code(job.poll(20, 20000)), 'Job has been aborted');
  assert.equal(await code(job.abort()), 'INVALIDJOBSTATE');
});

await step('what bulk queries refuse', async () => {
  assert.equal(await code(rows('SELECT COUNT(Id) FROM Opportunity')), 'API_ERROR');
  assert.equal(await code(rows('SELECT Id FROM Nope')), 'INVALIDENTITY');
});

await step('update: partial failure', async () => {
  const input = ids.slice(0, 300).map((Id, i) => ({ Id, Handoff_Score__c: i / 2, Handoff_Band__c: i === 123 ? 'Purple' : 'Green' }));
  const res = await conn.bulk2.loadAndWaitForResults({ object: 'Opportunity', operation: 'update', input });
  assert.equal(res.successfulResults.length, 299);
  assert.equal(res.failedResults.length, 1);
  assert.equal(res.unprocessedRecords.length, 0);
  assert.equal(res.failedResults[0].Id, ids[123]);
  assert.match(res.failedResults[0].sf__Error, /^INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:.*:Handoff_Band__c --$/);
  assert.ok(res.successfulResults.every((r) => r.sf__Id === r.Id && r.sf__Created === 'false'));
  const [one] = (await conn.query(`SELECT Handoff_Score__c FROM Opportunity WHERE Id = '${ids[7]}'`)).records;
  assert.equal(one.Handoff_Score__c, 3.5);
});

await step('an empty cell leaves, #N/A clears', async () => {
  const csv = `Id,Handoff_Score__c,Handoff_Band__c\n${ids[7]},,#N/A\n`;
  const res = await conn.bulk2.loadAndWaitForResults({ object: 'Opportunity', operation: 'update', lineEnding: 'LF', input: csv });
  assert.equal(res.successfulResults.length, 1);
  const [one] = (await conn.query(`SELECT Handoff_Score__c, Handoff_Band__c FROM Opportunity WHERE Id = '${ids[7]}'`)).records;
  assert.equal(one.Handoff_Score__c, 3.5);
  assert.equal(one.Handoff_Band__c, null);
});

await step('upsert by external id', async () => {
  const input = [{ Handoff_Key__c: 'k1', Subject: 'One' }, { Handoff_Key__c: 'k2', Subject: 'Two' }];
  const res = await conn.bulk2.loadAndWaitForResults({ object: 'Task', operation: 'upsert', externalIdFieldName: 'Handoff_Key__c', input });
  assert.deepEqual(res.successfulResults.map((r) => r.sf__Created), ['true', 'true']);
});

await step('a job that fails, and its rows', async () => {
  const job = conn.bulk2.createJob({ object: 'Task', operation: 'insert' });
  await job.open();
  await job.uploadData('Nope__c\nx\n');
  await job.close();
  assert.match(await code(job.poll(20, 20000)), /InvalidBatch : Field name not found : Nope__c/);
  assert.deepEqual(await job.getUnprocessedRecords(), [{ Nope__c: 'x' }]);
  await job.delete();
});

finish();
