import { DuckDbError } from './error.ts';
import { library, type Pointer } from './library.ts';
import { cell } from './memory.ts';

/** Types whose Arrow form would lose or bend values, by `duckdb_type`, and what to do instead. */
const refused: Readonly<Record<number, string>> = {
  29: 'BIT values have no Arrow type; cast them to VARCHAR',
  30: 'TIME WITH TIME ZONE values would lose their zone; cast them to VARCHAR or TIME',
  32: 'UHUGEINT values may not fit 38 digits; cast them to VARCHAR, HUGEINT or DOUBLE',
  35: 'BIGNUM values have no Arrow type; cast them to VARCHAR',
};

const typeId = { list: 24, struct: 25, map: 26, union: 28, array: 33 } as const;

/** Refuses a column whose type, at any depth, Arrow can't hold faithfully. @throws DuckDbError `Unsupported` */
export function refuseUnfaithful(type: Pointer, column: string): void {
  const lib = library();
  const id = lib.get_type_id(type) as number;
  const reason = refused[id];
  if (reason !== undefined) throw new DuckDbError('Unsupported', `column "${column}": ${reason}`);
  for (const child of childrenOf(type, id)) {
    try {
      refuseUnfaithful(child, column);
    } finally {
      lib.destroy_logical_type(cell(child));
    }
  }
}

function* childrenOf(type: Pointer, id: number): Iterable<Pointer> {
  const lib = library();
  if (id === typeId.list) yield lib.list_type_child_type(type);
  else if (id === typeId.array) yield lib.array_type_child_type(type);
  else if (id === typeId.map) {
    yield lib.map_type_key_type(type);
    yield lib.map_type_value_type(type);
  } else if (id === typeId.struct) {
    for (let i = 0n; i < BigInt(lib.struct_type_child_count(type)); i++) yield lib.struct_type_child_type(type, i);
  } else if (id === typeId.union) {
    for (let i = 0n; i < BigInt(lib.union_type_member_count(type)); i++) yield lib.union_type_member_type(type, i);
  }
}
