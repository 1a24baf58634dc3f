import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from './test-server.ts';

let test: TestServer;
afterEach(() => test?.stop());

const extension = {
  name: 'note',
  number: 100,
  extendee: '.base.Options',
  label: FieldDescriptorProto_Label.OPTIONAL,
  type: FieldDescriptorProto_Type.STRING,
};
const set = create(FileDescriptorSetSchema, {
  file: [
    {
      name: 'base.proto',
      package: 'base',
      messageType: [{ name: 'Options', nestedType: [{ name: 'Inner', field: [{ name: 'f', number: 1 }] }] }],
    },
    {
      name: 'middle.proto',
      package: 'middle',
      dependency: ['base.proto'],
      enumType: [{ name: 'Kind' }],
      extension: [extension],
    },
    {
      name: 'test.proto',
      package: 'test',
      dependency: ['middle.proto', 'base.proto'],
      service: [{ name: 'Bytes', method: [{ name: 'Unary' }] }],
    },
    { name: 'bare.proto', messageType: [{ name: 'Bare' }] },
  ],
});

const same = (bytes: Buffer): Buffer => bytes;

// Asks over one stream; answers as [field, what it says].
async function ask(
  version: string,
  questions: [field: number, name: string | Uint8Array][],
): Promise<[number, unknown][]> {
  test = await startServer();
  test.server.addReflection(toBinary(FileDescriptorSetSchema, set));
  const client = new Client(`127.0.0.1:${test.port}`, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    same,
    same,
  );
  for (const [field, name] of questions) {
    stream.write(
      Buffer.from(
        new BinaryWriter()
          .tag(1, 2)
          .string('host')
          .tag(field, 2)
          .bytes(Buffer.from(name as string))
          .finish(),
      ),
    );
  }
  stream.end();
  const answers = (await stream.toArray()).map(readAnswer);
  client.close();
  return answers;
}

function readAnswer(bytes: Buffer): [number, unknown] {
  const fields = readFields(bytes);
  expect(fields[0]).toEqual([1, Buffer.from('host')]);
  expect(fields[1]![0]).toBe(2);
  const [field, payload] = fields[2] as [number, Buffer];
  const inner = readFields(payload);
  if (field === 4) return [field, inner.map(([, file]) => fromBinary(FileDescriptorProtoSchema, file as Buffer).name)];
  if (field === 6) return [field, inner.map(([, service]) => String(readFields(service as Buffer)[0]![1]))];
  return [field, inner.map(([, value]) => (typeof value === 'number' ? value : value.toString()))];
}

function readFields(bytes: Uint8Array): [number, Buffer | number][] {
  const reader = new BinaryReader(bytes);
  const fields: [number, Buffer | number][] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    fields.push([field, wireType === 2 ? Buffer.from(reader.bytes()) : reader.int32()]);
  }
  return fields;
}

const extensionRequest = (type: string, number: number): Uint8Array =>
  new BinaryWriter().tag(1, 2).string(type).tag(2, 0).int32(number).finish();

describe.each(['v1', 'v1alpha'])('grpc.reflection.%s', (version) => {
  it('lists the services', async () => {
    expect(await ask(version, [[7, '*']])).toEqual([
      [6, ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection', 'test.Bytes']],
    ]);
  });

  it('gives files with their imports', async () => {
    const test = ['test.proto', 'middle.proto', 'base.proto'];
    const questions: [number, string | Uint8Array][] = [
      [3, 'test.proto'],
      [4, 'test.Bytes'],
      [4, 'test.Bytes.Unary'],
      [4, 'base.Options.Inner.f'],
      [4, 'middle.Kind'],
      [4, 'middle.note'],
      [4, 'Bare'],
      [5, extensionRequest('base.Options', 100)],
    ];
    expect(await ask(version, questions)).toEqual([
      [4, test],
      [4, test],
      [4, test],
      [4, ['base.proto']],
      [4, ['middle.proto', 'base.proto']],
      [4, ['middle.proto', 'base.proto']],
      [4, ['bare.proto']],
      [4, ['middle.proto', 'base.proto']],
    ]);
  });

  it('gives the numbers of extensions', async () => {
    const questions: [number, string][] = [
      [6, 'base.Options'],
      [6, 'Bare'],
    ];
    expect(await ask(version, questions)).toEqual([
      [5, ['base.Options', 100]],
      [5, ['Bare']],
    ]);
  });

  it('says what is not known, and goes on', async () => {
    const questions: [number, string | Uint8Array][] = [
      [3, 'x.proto'],
      [4, 'test.Missing'],
      [5, extensionRequest('base.Options', 1)],
      [6, 'x'],
      [9, 'nothing asked'],
      [3, 'bare.proto'],
    ];
    expect(await ask(version, questions)).toEqual([
      [7, [5, '"x.proto" isn\'t known here']],
      [7, [5, '"test.Missing" isn\'t known here']],
      [7, [5, '"base.Options" isn\'t known here']],
      [7, [5, '"x" isn\'t known here']],
      [7, [3, 'The request asks nothing']],
      [4, ['bare.proto']],
    ]);
  });
});
