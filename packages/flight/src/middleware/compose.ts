/**
 * One middleware of several: the first is the outermost, which sees a call first and its end last. For services
 * (`ServiceMiddleware`) and clients (`ClientMiddleware`) alike.
 */
export function compose<T>(...layers: readonly ((inner: T) => T)[]): (inner: T) => T {
  return (inner) => layers.reduceRight((wrapped, layer) => layer(wrapped), inner);
}
