import { recordBatchOf } from '@signaldb/flight';
import { Field, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import type { QueryContext, QueryRun } from '../context.ts';
import type { LocalFile } from '../files/file-access.ts';
import { Lru } from '../files/lru.ts';
import { fileId } from '../files/table-file.ts';
import { rowsOf } from '../rows.ts';
import { columnOf, groupFiles, scanOf } from '../tables/read-sql.ts';
import type { TableColumn } from '../tables/table-columns.ts';
import type { TicketOf } from '../ticket.ts';
import { filesBetween } from '../traces/span-files.ts';
import type { TagScope } from './tag.ts';

/** One row a name. */
export const tagNamesSchema = new Schema([new Field('scope', new Utf8(), false), new Field('name', new Utf8(), false)]);

type Names = Readonly<Record<TagScope, readonly string[]>>;

/** The columns whose prefix says the scope. */
const prefixes: Readonly<Record<string, TagScope>> = {
  'span.': 'span',
  'resource.': 'resource',
  'scope.': 'instrumentation',
};

/** SQL of the keys that lie in columns of lists, by scope. */
const keyLists: readonly { readonly scope: TagScope; readonly column: string; readonly keys: string }[] = [
  { scope: 'span', column: 'span_overflow', keys: 'list_transform(span_overflow, lambda a: a.key)' },
  { scope: 'resource', column: 'resource_overflow', keys: 'list_transform(resource_overflow, lambda a: a.key)' },
  { scope: 'instrumentation', column: 'scope_overflow', keys: 'list_transform(scope_overflow, lambda a: a.key)' },
  {
    scope: 'event',
    column: 'events',
    keys: 'flatten(list_transform(events, lambda e: list_transform(e.attributes, lambda a: a.key)))',
  },
  {
    scope: 'link',
    column: 'links',
    keys: 'flatten(list_transform(links, lambda e: list_transform(e.attributes, lambda a: a.key)))',
  },
];

const filesRemembered = 10_000;

/** Names of attributes. Those of a file are found once and remembered, as files don't change. */
export class TagNames {
  readonly #context: QueryContext;
  readonly #byFile = new Lru<Names>(filesRemembered);

  constructor(context: QueryContext) {
    this.#context = context;
  }

  async names(ticket: TicketOf<'tags'>, run: QueryRun): Promise<RecordBatch> {
    const times = { min: ticket.start, max: ticket.end };
    const wanted = wantedScopes(ticket.scope);
    const { reader, config } = this.#context;
    const found = await reader.use({ tenant: ticket.tenant, tables: ['traces'], times }, run.outcome, async (open) => {
      const table = open.tables.get('traces')!;
      const files = filesBetween(table.files, times);
      const names = new Map(wanted.map((scope) => [scope, new Set<string>()]));
      for (const file of await open.files.local(files)) {
        const inFile = await this.#byFile.get(fileId(file.file.source), () => this.#namesIn(file, table.columns, run));
        for (const scope of wanted) for (const name of inFile[scope]) names.get(scope)!.add(name);
      }
      run.outcome.addFiles(files);
      return names;
    });
    const limit = Math.min(ticket.limit || config.tagsLimitMax, config.tagsLimitMax);
    const rows = [...found]
      .flatMap(([scope, names]) => [...names].sort().map((name) => [scope, name] as const))
      .slice(0, limit);
    const text = (values: string[]) => vectorFromArray(values, new Utf8()).data[0]!;
    return recordBatchOf(
      tagNamesSchema,
      [text(rows.map(([scope]) => scope)), text(rows.map(([, name]) => name))],
      rows.length,
    );
  }

  async #namesIn(file: LocalFile, columns: readonly TableColumn[], { signal }: QueryRun): Promise<Names> {
    const names: Record<TagScope, string[]> = { span: [], resource: [], instrumentation: [], event: [], link: [] };
    for (const { name, isEmpty } of file.info.columns.values()) {
      if (isEmpty) continue;
      const prefix = Object.keys(prefixes).find((start) => name.startsWith(start));
      if (prefix !== undefined) names[prefixes[prefix]!].push(name.slice(prefix.length));
      if (name === 'service_name') names.resource.push('service.name');
    }
    const lists = keyLists.filter(({ column }) => file.info.columns.get(column)?.isEmpty === false);
    if (lists.length === 0) return names;
    const needed = columns.filter(({ name }) => lists.some(({ column }) => column === name));
    const [group] = groupFiles([file], needed);
    const from = `(SELECT ${needed.map((column) => `${columnOf(group!, column)} AS ${column.name}`).join(', ')} FROM ${scanOf(group!)})`;
    const parts = lists.map(
      ({ scope, column, keys }) =>
        `SELECT DISTINCT '${scope}' AS scope, unnest(${keys}) AS name FROM ${from} WHERE ${column} IS NOT NULL`,
    );
    for (const row of rowsOf(await this.#context.duck.rows(parts.join(' UNION ALL '), { signal }))) {
      names[row('scope') as TagScope].push(String(row('name')));
    }
    return names;
  }
}

const allScopes: readonly TagScope[] = ['resource', 'span', 'instrumentation', 'event', 'link'];

function wantedScopes(scope: TicketOf<'tags'>['scope']): readonly TagScope[] {
  if (scope === undefined || scope === '' || scope === 'none') return allScopes;
  if (scope === 'scope') return ['instrumentation'];
  return allScopes.filter((known) => known === scope);
}
