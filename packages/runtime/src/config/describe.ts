import type { ConfigSchema } from './define.ts';
import { type ConfigLeaf, configLeaves, configSections, sectionDescription } from './leaves.ts';

export interface DescribeConfigOptions {
  /** Level of the section headings; default 3. */
  readonly headingLevel?: number;
  readonly prefix?: string;
  /** Sections (dotted) to leave out, because they are described elsewhere. */
  readonly except?: readonly string[];
}

/** A configuration's documentation in Markdown, one table a section. */
export function describeConfig(schema: ConfigSchema, options: DescribeConfigOptions = {}): string {
  const { headingLevel = 3, prefix = 'SIGNALDB_', except = [] } = options;
  const leaves = configLeaves(schema, prefix);
  const parts: string[] = [];
  for (const section of [[], ...configSections(schema)]) {
    const key = section.join('.');
    const own = leaves.filter(({ path }) => path.length === section.length + 1 && path.slice(0, -1).join('.') === key);
    if (own.length === 0 || except.some((name) => key === name || key.startsWith(`${name}.`))) continue;
    if (section.length > 0) parts.push(`${'#'.repeat(headingLevel)} \`${key}\``);
    const description = section.length > 0 ? sectionDescription(schema, section) : '';
    if (description) parts.push(description);
    parts.push(table(own));
  }
  return `${parts.join('\n\n')}\n`;
}

function table(leaves: readonly ConfigLeaf[]): string {
  const rows = leaves.map((leaf) => [`\`${leaf.key}\``, `\`${leaf.environment}\``, defaultText(leaf), meaning(leaf)]);
  return [['setting', 'environment', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** What `--help` prints: every flag, its default and its meaning. */
export function describeFlags(schema: ConfigSchema, prefix = 'SIGNALDB_'): string {
  const leaves = configLeaves(schema, prefix);
  const width = Math.max(...leaves.map(({ flag }) => flag.length));
  return leaves.map((leaf) => `  ${leaf.flag.padEnd(width)}  ${meaning(leaf)} [${plainDefault(leaf)}]`).join('\n');
}

function meaning(leaf: ConfigLeaf): string {
  return leaf.choices.length > 0 ? `${leaf.description} (${leaf.choices.join(', ')})` : leaf.description;
}

function defaultText(leaf: ConfigLeaf): string {
  const text = plainDefault(leaf);
  return leaf.defaultValue === undefined ? `*${text}*` : `\`${text}\``;
}

function plainDefault(leaf: ConfigLeaf): string {
  if (leaf.required) return 'required';
  if (leaf.defaultValue === undefined) return 'none';
  if (leaf.secret) return 'secret';
  return typeof leaf.defaultValue === 'string' ? leaf.defaultValue : JSON.stringify(leaf.defaultValue);
}
