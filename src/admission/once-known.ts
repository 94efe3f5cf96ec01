/**
 * Goes on with a value that may still have to come: in the same tick where it is there, as almost always, so that a
 * request costs no turn of the event loop.
 */
export function onceKnown<Value, Next>(
  value: Value | Promise<Value>,
  continueWith: (value: Value) => Next | Promise<Next>,
): Next | Promise<Next> {
  return value instanceof Promise ? value.then(continueWith) : continueWith(value);
}
