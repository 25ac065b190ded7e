import type { ActionNode, ProjectionNode, SectionKeyword, SetValueNode, UpdateNode } from './ast.ts';
import { Nesting, parseList, parseOperand, parsePath } from './parse-operand.ts';
import { TokenReader } from './tokens.ts';

/** @throws ExpressionProblem */
export function parseProjection(text: string): ProjectionNode {
  const reader = new TokenReader(text);
  const paths = parseList(reader, () => parsePath(reader));
  reader.expect('end');
  return { paths };
}

/** @throws ExpressionProblem */
export function parseUpdate(text: string): UpdateNode {
  const reader = new TokenReader(text);
  const sections: UpdateNode['sections'] = [];
  do {
    const keyword = parseKeyword(reader);
    sections.push({ keyword, actions: parseList(reader, () => parseAction(reader, keyword)) });
  } while (reader.current.kind !== 'end');
  return { sections };
}

function parseKeyword(reader: TokenReader): SectionKeyword {
  for (const keyword of ['SET', 'REMOVE', 'ADD', 'DELETE'] as const) {
    if (reader.takeKeyword(keyword)) return keyword;
  }
  throw reader.problem();
}

function parseAction(reader: TokenReader, kind: SectionKeyword): ActionNode {
  const path = parsePath(reader);
  switch (kind) {
    case 'SET':
      reader.expectSymbol('=');
      return { kind, path, value: parseSetValue(reader, new Nesting()) };
    case 'REMOVE':
      return { kind, path };
    default:
      return { kind, path, value: { kind: 'value', name: reader.expect('value').text } };
  }
}

/** operand | operand + operand | operand - operand, the whole in parentheses or not */
function parseSetValue(reader: TokenReader, nesting: Nesting): SetValueNode {
  const left: SetValueNode = reader.isSymbol('(')
    ? nesting.parenthesised(reader, () => parseSetValue(reader, nesting))
    : parseOperand(reader, nesting);
  if (left.kind === 'arithmetic' || !(reader.isSymbol('+') || reader.isSymbol('-'))) return left;
  const op = reader.next().text as '+' | '-';
  return { kind: 'arithmetic', op, left, right: parseOperand(reader, nesting) };
}
