import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { ReflectionIndex } from './reflection-index.ts';
import type { MethodDefinition } from './service-definition.ts';
import { Status } from './status.ts';

/** A `ServerReflectionRequest`: what is asked, by its field, and the request's own bytes, which the answer repeats. */
interface Question {
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly field: number;
  readonly name: string;
  readonly extensionNumber: number;
}

// Fields of ServerReflectionRequest, the same in v1 and v1alpha.
const fileByFilename = 3;
const fileContainingSymbol = 4;
const fileContainingExtension = 5;
const allExtensionNumbersOfType = 6;
const listServices = 7;

const paths = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

type ReflectionMethod = MethodDefinition<Question, Uint8Array> & {
  readonly requestStream: true;
  readonly responseStream: true;
};

/**
 * `grpc.reflection.v1.ServerReflection` and its predecessor `v1alpha`, whose messages are the same: what `grpcurl` asks.
 * Specification: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflectionServices(fileDescriptorSet: Uint8Array, serviceNames: () => readonly string[]) {
  const index = new ReflectionIndex(fileDescriptorSet);
  const definition = (path: string): { serverReflectionInfo: ReflectionMethod } => ({
    serverReflectionInfo: {
      path,
      requestStream: true,
      responseStream: true,
      requestDeserialize: readQuestion,
      responseSerialize: (bytes) => bytes,
    },
  });
  const implementation = {
    async *serverReflectionInfo(questions: AsyncIterable<Question>): AsyncGenerator<Uint8Array> {
      for await (const question of questions) yield answer(question, index, serviceNames());
    },
  };
  return paths.map((path) => ({ definition: definition(path), implementation }));
}

function readQuestion(bytes: Uint8Array): Question {
  const reader = new BinaryReader(bytes);
  let host = '';
  let field = 0;
  let name = '';
  let extensionNumber = 0;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === 2) {
      host = reader.string();
    } else if (number === fileContainingExtension && wireType === 2) {
      field = number;
      [name, extensionNumber] = readExtension(reader.bytes());
    } else if (number >= fileByFilename && number <= listServices && wireType === 2) {
      field = number;
      name = reader.string();
    } else {
      reader.skip(wireType, number);
    }
  }
  return { bytes, host, field, name, extensionNumber };
}

function readExtension(bytes: Uint8Array): [string, number] {
  const reader = new BinaryReader(bytes);
  let type = '';
  let extensionNumber = 0;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === 2) type = reader.string();
    else if (number === 2 && wireType === 0) extensionNumber = reader.int32();
    else reader.skip(wireType, number);
  }
  return [type, extensionNumber];
}

function answer(question: Question, index: ReflectionIndex, services: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  if (question.host) writer.tag(1, 2).string(question.host);
  writer.tag(2, 2).bytes(question.bytes);
  if (question.field === listServices) return writer.tag(6, 2).bytes(serviceList(services)).finish();
  if (question.field === allExtensionNumbersOfType) {
    const numbers = index.extensionNumbers(question.name);
    return (
      numbers ? writer.tag(5, 2).bytes(extensionNumbers(question.name, numbers)) : notFound(writer, question)
    ).finish();
  }
  const files = filesFor(question, index);
  return (files ? writer.tag(4, 2).bytes(fileList(files)) : notFound(writer, question)).finish();
}

function filesFor(question: Question, index: ReflectionIndex): Uint8Array[] | undefined {
  if (question.field === fileByFilename) return index.fileByName(question.name);
  if (question.field === fileContainingSymbol) return index.fileBySymbol(question.name);
  if (question.field === fileContainingExtension) return index.fileByExtension(question.name, question.extensionNumber);
  return undefined;
}

function serviceList(services: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const name of [...services].sort()) writer.tag(1, 2).bytes(new BinaryWriter().tag(1, 2).string(name).finish());
  return writer.finish();
}

function fileList(files: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const file of files) writer.tag(1, 2).bytes(file);
  return writer.finish();
}

function extensionNumbers(message: string, numbers: readonly number[]): Uint8Array {
  const writer = new BinaryWriter().tag(1, 2).string(message);
  for (const number of numbers) writer.tag(2, 0).int32(number);
  return writer.finish();
}

function notFound(writer: BinaryWriter, question: Question): BinaryWriter {
  const known = question.field !== 0;
  const code = known ? Status.NOT_FOUND : Status.INVALID_ARGUMENT;
  const text = known ? `"${question.name}" isn't known here` : 'The request asks nothing';
  return writer.tag(7, 2).bytes(new BinaryWriter().tag(1, 0).int32(code).tag(2, 2).string(text).finish());
}
