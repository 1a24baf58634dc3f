import { type Data, type DataType, type Dictionary, Type } from 'apache-arrow';

/** The dictionary that one dictionary-encoded column of a batch refers to. */
export interface ColumnDictionary {
  /** As numbered by writeSchema. */
  readonly id: number;
  /** Its values, in as many pieces as it was built from. */
  readonly chunks: readonly Data[];
  readonly type: DataType;
}

/** The dictionaries of a batch's columns, each after those that its own values refer to. */
export function collectDictionaries(columns: readonly Data[]): ColumnDictionary[] {
  const found: ColumnDictionary[] = [];
  const numbering = { next: 0 };
  for (const column of columns) visit(column.type, [column], numbering, found);
  return found;
}

function visit(type: DataType, data: readonly Data[], numbering: { next: number }, found: ColumnDictionary[]): void {
  if (type.typeId === Type.Dictionary) {
    const id = numbering.next++;
    const values = (type as Dictionary).dictionary;
    const chunks = dictionaryOf(data, id);
    visit(values, chunks, numbering, found);
    found.push({ id, chunks, type: values });
    return;
  }
  for (const [i, field] of (type.children ?? []).entries()) {
    const members = data.map((piece) => piece.children[i]).filter((piece) => piece !== undefined);
    visit(field.type, members, numbering, found);
  }
}

/** All pieces must share one dictionary, as far as it had grown: a message has room for one. */
function dictionaryOf(data: readonly Data[], id: number): readonly Data[] {
  const vectors = new Set(data.map((piece) => piece.dictionary).filter((vector) => vector !== undefined));
  let longest: readonly Data[] = [];
  for (const { data: pieces } of vectors) if (pieces.length > longest.length) longest = pieces;
  for (const { data: pieces } of vectors) {
    if (pieces.some((piece, i) => piece !== longest[i])) {
      throw new TypeError(`dictionary ${id} is nested in a dictionary whose pieces each have another one`);
    }
  }
  return longest;
}
