// As whom the proxy asks its servers, which were started with -Y or -S. A password stands in a file or in the
// environment, never in the configuration, which people copy into tickets; and what was found in its place is not said
// in a message.

import * as v from "valibot";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import { got } from "./mistake.ts";
import type { CredentialsConfig } from "./pool-config.ts";
import { oneOf, pathTo, text } from "./value-schema.ts";

const userForm = "1 to 250 characters without blanks";

const elsewhere = "password_file or password_env says where it is";

export const credentials: v.GenericSchema<unknown, CredentialsConfig> = v.pipe(
  mapping({
    what: "credentials",
    form: "a mapping with user, and password_file or password_env",
    required: { user: userForm },
    hints: { password: elsewhere, password_variable: "password_env?" },
    entries: {
      kind: v.optional(
        about("What the servers ask for: text is memcached -Y, sasl is -S.", oneOf(["text", "sasl"])),
        "text",
      ),
      user: about(
        "The name that the servers know.",
        text(userForm, (name) => {
          if (/^[\x21-\x7e]{1,250}$/.test(name)) return name;
          throw new RangeError(`must be ${userForm}, ${got(name)}`);
        }),
      ),
      password_file: v.exactOptional(
        about(
          "The file whose first line is the password.",
          text("the name of a file", (name) => name),
        ),
      ),
      password_env: v.exactOptional(
        about(
          "The variable of the environment that holds the password.",
          text("the name of a variable", (name) => {
            if (/^[A-Za-z_]\w*$/.test(name)) return name;
            throw new RangeError(
              "must be the name of a variable, such as MEMCACHED_PASSWORD, not the password",
            );
          }),
        ),
      ),
    },
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }): CredentialsConfig => {
    const { kind, user, password_file: file, password_env: variable } = dataset.value;
    if (file !== undefined && variable === undefined) return { kind, user, password: { file } };
    if (variable !== undefined && file === undefined) return { kind, user, password: { variable } };
    if (file === undefined) addIssue({ message: `need the password: ${elsewhere}` });
    else
      addIssue({ message: "cannot stand beside password_file: take one out", path: pathTo("password_env") });
    return NEVER;
  }),
);
