// What a schema takes, said as JSON Schema for editors.
//
// Each helper that makes a schema says it in both ways at one place, so that what an editor is told is what is read.
// Where JSON Schema has no words for a rule, such as that no two servers have one name, the editor is told less.

import * as v from "valibot";

/** A JSON Schema, draft 2020-12. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The schema, and what it takes. Asked only when somebody wants to know. */
export function said<Schema extends v.GenericSchema>(
  json: () => JsonSchema,
  schema: Schema,
): v.GenericSchema<unknown, v.InferOutput<Schema>> {
  return v.pipe(schema, v.metadata({ json }));
}

/** The schema, and what it is for. */
export function about<T>(what: string, schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T> {
  return v.pipe(schema, v.description(what));
}

/** @throws TypeError for a schema that does not say what it takes */
export function jsonSchemaOf(schema: v.GenericSchema): JsonSchema {
  const { wrapped, default: otherwise } = schema as Partial<v.OptionalSchema<v.GenericSchema, unknown>>;
  if (wrapped !== undefined) {
    return { ...jsonSchemaOf(wrapped), ...(otherwise === undefined ? {} : { default: otherwise }) };
  }
  const { json } = v.getMetadata(schema) as { json?: () => JsonSchema };
  if (json === undefined) throw new TypeError(`a schema of type ${schema.type} does not say what it takes`);
  const description = v.getDescription(schema);
  return { ...(description === undefined ? {} : { description }), ...json() };
}

/** A mapping with these keys. */
export function jsonObjectOf(entries: v.ObjectEntries, required: readonly string[]): JsonSchema {
  const properties = Object.entries(entries).map(([key, value]) => [
    key,
    jsonSchemaOf(value as v.GenericSchema),
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties) as unknown,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
