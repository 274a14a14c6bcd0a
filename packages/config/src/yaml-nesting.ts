import { Lexer } from "yaml";

/** The most brackets, or mappings and lists on one line, within each other; and the most columns of indentation. */
const NESTING_MAX = 100;

/** Whether the text would exhaust the stack of the parser, which calls itself for each level. */
export function nestedTooDeeply(text: string): boolean {
  let brackets = 0;
  let indicators = 0;
  let lineStarts = true;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") brackets++;
    else if (lexeme === "]" || lexeme === "}") brackets--;
    else if (lexeme === "-" || lexeme === "?" || (lexeme === ":" && brackets === 0)) indicators++;
    else if (lexeme.endsWith("\n")) indicators = 0;
    else if (lineStarts && lexeme.length > NESTING_MAX && lexeme.trim() === "") return true;
    if (brackets > NESTING_MAX || indicators > NESTING_MAX) return true;
    lineStarts = lexeme.endsWith("\n");
  }
  return false;
}
