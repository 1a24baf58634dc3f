const only =
  'only queries (SELECT, EXPLAIN, DESCRIBE, SHOW, SUMMARIZE), CREATE TABLE, INSERT and DROP TABLE are answered';
const changes = 'this statement changes tables: it is run as an update, a query it is not';

const files =
  'SQL reads and writes no files: rows go in by INSERT, bulk ingest or the write protocol, and out as Arrow';
const settings =
  'SQL changes no settings: a session’s catalog and schema are set with Flight SQL’s session options, limits in the service’s configuration';
const rows = 'rows that are written stay as they are; CREATE TABLE, DROP TABLE and INSERT are what changes tables';
const catalogs = 'there is one catalog, with one schema for each tenant; name tables without them';
const transactions = 'there are no transactions: each statement stands for itself';

const advice: Readonly<Record<string, string>> = {
  copy: files,
  export: files,
  import: files,
  set: settings,
  reset: settings,
  pragma: 'information_schema says what tables and columns there are, DESCRIBE what a table has',
  call: 'functions that stand in FROM are queried with SELECT',
  update: rows,
  delete: rows,
  merge: rows,
  truncate: rows,
  alter: rows,
  attach: catalogs,
  detach: catalogs,
  use: catalogs,
  install: 'extensions can’t be loaded',
  load: 'extensions can’t be loaded',
  begin: transactions,
  start: transactions,
  commit: transactions,
  rollback: transactions,
  prepare: 'statements are prepared by Flight SQL’s clients, with ? or $1 in place of values',
  execute: 'statements are prepared by Flight SQL’s clients, with ? or $1 in place of values',
  deallocate: 'statements are prepared by Flight SQL’s clients, with ? or $1 in place of values',
  pivot: 'write it as SELECT * FROM (PIVOT … ON … IN (…) USING …), with the values named',
};

/** Why a statement that is no query isn't run, and what to do instead. */
export function otherStatement(text: string): string {
  const keyword = /^[A-Za-z]+/.exec(text)?.[0].toLowerCase() ?? '';
  if (/^(?:create\s+(?:or\s+replace\s+)?table|insert|drop\s+table)\b/i.test(text)) return changes;
  return Object.hasOwn(advice, keyword) ? `${only}; ${advice[keyword]}` : only;
}
