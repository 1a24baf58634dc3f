import type { RecordBatch } from 'apache-arrow';

/** A batch as an IPC message: what it was decoded from. */
export interface EncodedBatch {
  /** The flatbuffer of the message; zeros may follow it. */
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

const forms = new WeakMap<RecordBatch, EncodedBatch>();

/** Notes the message that a batch was decoded from, so that whoever passes the batch on needn't encode it again. */
export function rememberEncoded(batch: RecordBatch, form: EncodedBatch): void {
  forms.set(batch, form);
}

/** The message that a batch was decoded from, where it may stand for the batch under the schema as this package writes it. */
export function encodedForm(batch: RecordBatch): EncodedBatch | undefined {
  return forms.get(batch);
}
