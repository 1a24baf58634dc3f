import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

/** What server reflection can be asked about a set of files. */
export class ReflectionIndex {
  readonly #files = new Map<string, FileDescriptorProto>();
  readonly #symbols = new Map<string, FileDescriptorProto>();
  readonly #extensions = new Map<string, Map<number, FileDescriptorProto>>();

  /** `fileDescriptorSet`: a serialized `google.protobuf.FileDescriptorSet` with all imports. */
  constructor(fileDescriptorSet: Uint8Array) {
    for (const file of fromBinary(FileDescriptorSetSchema, fileDescriptorSet).file) this.#addFile(file);
  }

  #addFile(file: FileDescriptorProto): void {
    this.#files.set(file.name, file);
    const scope = file.package;
    for (const message of file.messageType) this.#addMessage(scope, message, file);
    for (const { name } of file.enumType) this.#symbols.set(join(scope, name), file);
    for (const service of file.service) {
      const name = join(scope, service.name);
      this.#symbols.set(name, file);
      for (const method of service.method) this.#symbols.set(join(name, method.name), file);
    }
    this.#addExtensions(scope, file.extension, file);
  }

  #addMessage(scope: string, message: DescriptorProto, file: FileDescriptorProto): void {
    const name = join(scope, message.name);
    this.#symbols.set(name, file);
    for (const nested of message.nestedType) this.#addMessage(name, nested, file);
    for (const nested of message.enumType) this.#symbols.set(join(name, nested.name), file);
    for (const field of message.field) this.#symbols.set(join(name, field.name), file);
    for (const oneof of message.oneofDecl) this.#symbols.set(join(name, oneof.name), file);
    this.#addExtensions(name, message.extension, file);
  }

  #addExtensions(scope: string, extensions: FileDescriptorProto['extension'], file: FileDescriptorProto): void {
    for (const extension of extensions) {
      this.#symbols.set(join(scope, extension.name), file);
      const extended = extension.extendee.replace(/^\./, '');
      const numbers = this.#extensions.get(extended) ?? new Map<number, FileDescriptorProto>();
      this.#extensions.set(extended, numbers.set(extension.number, file));
    }
  }

  /** The file of that name and all that it imports, serialized, it first; undefined where there is none. */
  fileByName(name: string): Uint8Array[] | undefined {
    return this.#withImports(this.#files.get(name));
  }

  /** The file that declares a symbol (`package.Message`, `package.Service.Method`), with its imports. */
  fileBySymbol(symbol: string): Uint8Array[] | undefined {
    return this.#withImports(this.#symbols.get(symbol));
  }

  /** The file that declares a message's extension by its number, with its imports. */
  fileByExtension(message: string, number: number): Uint8Array[] | undefined {
    return this.#withImports(this.#extensions.get(message)?.get(number));
  }

  /** The numbers of a message's extensions; undefined where the message isn't known. */
  extensionNumbers(message: string): number[] | undefined {
    const numbers = this.#extensions.get(message);
    if (numbers) return [...numbers.keys()];
    return this.#symbols.has(message) ? [] : undefined;
  }

  #withImports(first: FileDescriptorProto | undefined): Uint8Array[] | undefined {
    if (!first) return undefined;
    const found = new Set([first]);
    for (const file of found) {
      for (const name of file.dependency) {
        const imported = this.#files.get(name);
        if (imported) found.add(imported);
      }
    }
    return [...found].map((file) => toBinary(FileDescriptorProtoSchema, file));
  }
}

function join(scope: string, name: string): string {
  return scope ? `${scope}.${name}` : name;
}
