import {
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  LargeList,
  List,
  Map_,
  Message,
  Schema,
  Struct,
  Type,
  Union,
} from 'apache-arrow';

const headers = new WeakMap<Schema, Uint8Array>();

/**
 * The flatbuffer of a schema message. Dictionaries are numbered from 0 in the order of the fields, whatever ids the types
 * have, so that equal schemas give equal bytes. The result is shared: it must not be changed.
 */
export function writeSchema(schema: Schema): Uint8Array {
  let header = headers.get(schema);
  if (!header) {
    const numbering = { next: 0 };
    const fields = schema.fields.map((field) => numberField(field, numbering));
    header = Message.encode(Message.from(new Schema(fields, schema.metadata)));
    headers.set(schema, header);
  }
  return header;
}

interface Numbering {
  next: number;
}

/** apache-arrow leaves an empty name out, which Arrow's Java can't read; a name of no bytes it writes. */
const NO_NAME = new Uint8Array(0) as unknown as string;

function numberField(field: Field, numbering: Numbering): Field {
  const type = numberType(field.type, numbering);
  if (field.name === '') return new Field(NO_NAME, type, field.nullable, field.metadata);
  return type === field.type ? field : new Field(field.name, type, field.nullable, field.metadata);
}

function numberType(type: DataType, numbering: Numbering): DataType {
  if (type.typeId === Type.Dictionary) {
    const { dictionary, indices, isOrdered } = type as Dictionary;
    const id = numbering.next++;
    return new Dictionary(numberType(dictionary, numbering), indices, id, isOrdered);
  }
  const children: Field[] = type.children ?? [];
  const numbered = children.map((child) => numberField(child, numbering));
  return numbered.some((child, i) => child !== children[i]) ? withChildren(type, numbered) : type;
}

function withChildren(type: DataType, children: Field[]): DataType {
  switch (type.typeId) {
    case Type.List:
      return new List(children[0]!);
    case Type.LargeList:
      return new LargeList(children[0]!);
    case Type.FixedSizeList:
      return new FixedSizeList((type as FixedSizeList).listSize, children[0]!);
    case Type.Map:
      return new Map_(children[0]!, (type as Map_).keysSorted);
    case Type.Union:
      return new Union((type as Union).mode, [...(type as Union).typeIds], children);
    case Type.Struct:
      return new Struct(children);
    default:
      throw new TypeError(`type ${type} has children, but they can't be replaced`);
  }
}
