import { describe, expect, test } from 'vitest';
import {
  compileExpressions,
  refuseLegacyParameters,
} from '../../../../src/system/store/expressions/expressions.ts';
import { errorOf, KEY, PARTITION_ONLY } from './requests.ts';

const v = { ':v': { S: 'x' }, ':n': { N: '1' }, ':l': { L: [] }, ':b': { BOOL: true } };
const only = (...names: (keyof typeof v)[]) => Object.fromEntries(names.map((name) => [name, v[name]]));
const OPERANDS = 'Incorrect operand type for operator or function; operator or function: ';

describe('ConditionExpression', () => {
  test.each([
    ['', {}, 'The expression can not be empty;'],
    ['foo', {}, 'Syntax error; token: "<EOF>", near: "foo"'],
    ['a = :v b', {}, 'Syntax error; token: "b", near: ":v b"'],
    ['a == :v', {}, 'Syntax error; token: "=", near: "== :v"'],
    ['a-b = :v', {}, 'Syntax error; token: "-", near: "a-b"'],
    ['a = :v AND', {}, 'Syntax error; token: "<EOF>", near: "AND"'],
    ['(a) AND b = :v', {}, 'Syntax error; token: "AND", near: ") AND b"'],
    ['a = (b = :v)', {}, 'Syntax error; token: "=", near: "b = :v"'],
    ['a[-1] = :v', {}, 'Syntax error; token: "-", near: "[-1"'],
    ['a = "x"', {}, 'Syntax error; token: """, near: "= "x"'],
    ['((a = :v))', {}, 'The expression has redundant parentheses;'],
    ['((a)) = :v', {}, 'The expression has redundant parentheses;'],
    ['NOT ((a = :v))', {}, 'The expression has redundant parentheses;'],
    ['name = :v', {}, 'Attribute name is a reserved keyword; reserved keyword: name'],
    ['a.Size = :v', {}, 'Attribute name is a reserved keyword; reserved keyword: Size'],
    ['a[2147483648] = :v', {}, 'List index is not within the allowable range; index: [2147483648]'],
    ['foo(a)', {}, 'Invalid function name; function: foo'],
    ['toString(a)', {}, 'Invalid function name; function: toString'],
    [
      'if_not_exists(a, b) = :v',
      {},
      'The function is not allowed in a condition expression; function: if_not_exists',
    ],
    ['size(a)', {}, 'The function is not allowed to be used this way in an expression; function: size'],
    [
      'contains(a, b) = :v',
      {},
      'The function is not allowed to be used this way in an expression; function: contains',
    ],
    [
      'attribute_exists(a, b)',
      {},
      'Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2',
    ],
    [
      `a IN (${Array(101).fill(':v').join()})`,
      {},
      'The IN operator is provided with too many operands; number of operands: 101',
    ],
    [
      '#a = :v',
      only(':v'),
      'An expression attribute name used in the document path is not defined; attribute name: #a',
    ],
    ['a = :v', {}, 'An expression attribute value used in expression is not defined; attribute value: :v'],
    [
      'attribute_exists(:v)',
      only(':v'),
      'Operator or function requires a document path; operator or function: attribute_exists',
    ],
    [
      'a.b[1] <> a.b[1]',
      {},
      'The first operand must be distinct from the remaining operands for this operator or function; operator: <>, first operand: [a, b, [1]]',
    ],
    [
      'begins_with(a, a)',
      {},
      'The first operand must be distinct from the remaining operands for this operator or function; operator: begins_with, first operand: [a]',
    ],
    ['begins_with(a, :n)', only(':n'), `${OPERANDS}begins_with, operand type: N`],
    ['size(:n) > :n', only(':n'), `${OPERANDS}size, operand type: N`],
    ['a < :b', only(':b'), `${OPERANDS}<, operand type: BOOL`],
    ['a BETWEEN :l AND :l', only(':l'), `${OPERANDS}BETWEEN, operand type: L`],
    ['attribute_type(a, :n)', only(':n'), `${OPERANDS}attribute_type, operand type: N`],
    [
      'attribute_type(a, :v)',
      only(':v'),
      'Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
    ],
    [
      'a BETWEEN :v AND :n',
      only(':v', ':n'),
      'The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:1}',
    ],
    [
      'a BETWEEN :v AND :w',
      { ':v': { N: '2' }, ':w': { N: '1' } },
      'The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}',
    ],
  ])('%s', (expression, values, message) => {
    const body = {
      ConditionExpression: expression,
      ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: structuredClone(values) } : {}),
    };
    expect(errorOf('PutItem', body)).toEqual([
      'ValidationException',
      `Invalid ConditionExpression: ${message}`,
    ]);
  });
});

describe('UpdateExpression', () => {
  test.each([
    ['', {}, 'The expression can not be empty;'],
    ['a = :v', {}, 'Syntax error; token: "a", near: "a ="'],
    ['SET a = VALUE 1', {}, 'Syntax error; token: "1", near: "VALUE 1"'],
    ['SET a = :v,', {}, 'Syntax error; token: "<EOF>", near: ","'],
    ['ADD a b', {}, 'Syntax error; token: "b", near: "a b"'],
    ['SET a = ((:v))', {}, 'The expression has redundant parentheses;'],
    ['SET a = :v SET b = :v', {}, 'The "SET" section can only be used once in an update expression;'],
    ['SET abort = :v', {}, 'Attribute name is a reserved keyword; reserved keyword: abort'],
    ['SET a = foo(b)', {}, 'Invalid function name; function: foo'],
    ['SET a = size(b)', {}, 'The function is not allowed in an update expression; function: size'],
    [
      'SET a = if_not_exists(b)',
      {},
      'Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1',
    ],
    [
      'SET a = if_not_exists(:v, b)',
      only(':v'),
      'Operator or function requires a document path; operator or function: if_not_exists',
    ],
    ['SET a = list_append(a, :v)', only(':v'), `${OPERANDS}list_append, operand type: S`],
    ['SET a = a + :v', only(':v'), `${OPERANDS}+, operand type: S`],
    [
      'ADD a :v',
      only(':v'),
      'Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND',
    ],
    [
      'DELETE a :n',
      only(':n'),
      'Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND',
    ],
    [
      'SET a.b = :v REMOVE a',
      only(':v'),
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]',
    ],
    [
      'SET a = :v, a[0] = :v',
      only(':v'),
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, [0]]',
    ],
    [
      'SET a = :v REMOVE a',
      only(':v'),
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]',
    ],
    [
      'SET a.b = :v, a[0] = :v',
      only(':v'),
      'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]',
    ],
    [
      'SET a = :v',
      {},
      'An expression attribute value used in expression is not defined; attribute value: :v',
    ],
    [
      'REMOVE a.#b',
      {},
      'An expression attribute name used in the document path is not defined; attribute name: #b',
    ],
  ])('%s', (expression, values, message) => {
    const body = {
      UpdateExpression: expression,
      ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: structuredClone(values) } : {}),
    };
    expect(errorOf('UpdateItem', body)).toEqual([
      'ValidationException',
      `Invalid UpdateExpression: ${message}`,
    ]);
  });
});

describe('ProjectionExpression', () => {
  test.each([
    ['', 'The expression can not be empty;'],
    ['a,', 'Syntax error; token: "<EOF>", near: ","'],
    ['a b', 'Syntax error; token: "b", near: "a b"'],
    ['first-name', 'Syntax error; token: "-", near: "first-name"'],
    ['a, Year', 'Attribute name is a reserved keyword; reserved keyword: Year'],
    [
      'a, a.b',
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]',
    ],
    [`a${'.b'.repeat(32)}`, 'The document path has too many nesting levels; nesting levels: 33'],
  ])('%s', (expression, message) => {
    const body = { ProjectionExpression: expression };
    expect(errorOf('GetItem', body)).toEqual([
      'ValidationException',
      `Invalid ProjectionExpression: ${message}`,
    ]);
  });
});

describe('names and values', () => {
  test.each([
    [{ ExpressionAttributeNames: {} }, 'ExpressionAttributeNames must not be empty'],
    [{ ExpressionAttributeValues: {} }, 'ExpressionAttributeValues must not be empty'],
    [
      { ExpressionAttributeNames: { a: 'b' } },
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
    ],
    [
      { ExpressionAttributeNames: { '#a-b': 'b' } },
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"',
    ],
    [
      { ExpressionAttributeNames: { '#a': '' } },
      'ExpressionAttributeNames contains invalid value: Empty attribute name for key #a',
    ],
    [
      { ExpressionAttributeValues: { '#a': { S: '' } } },
      'ExpressionAttributeValues contains invalid key: Syntax error; key: "#a"',
    ],
    [
      { ExpressionAttributeValues: { ':a': { N: 'x' } } },
      'ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a',
    ],
    [
      { ExpressionAttributeNames: { '#a': 'b', '#c': 'd' } },
      'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #c}',
    ],
    [
      { ExpressionAttributeValues: { ':a': { S: 'b' } } },
      'Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}',
    ],
  ])('%j', (substitutions, message) => {
    const body = { ConditionExpression: 'attribute_exists(a)', ...substitutions };
    expect(errorOf('DeleteItem', body)).toEqual(['ValidationException', message]);
  });

  test('names or values without an expression', () => {
    expect(errorOf('GetItem', { ExpressionAttributeNames: { '#a': 'b' } })[1]).toBe(
      'ExpressionAttributeNames can only be specified when using expressions',
    );
    expect(errorOf('PutItem', { ExpressionAttributeValues: { ':a': { S: 'b' } } })[1]).toBe(
      'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null',
    );
    expect(errorOf('UpdateItem', { ExpressionAttributeValues: { ':a': { S: 'b' } } })[1]).toBe(
      'ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null',
    );
  });

  test('an expression that is no string', () => {
    expect(errorOf('PutItem', { ConditionExpression: 5 })).toEqual([
      'SerializationException',
      'NUMBER_VALUE cannot be converted to String',
    ]);
  });
});

describe('key attributes', () => {
  const values = { ExpressionAttributeValues: { ':v': { S: 'x' } } };
  test.each([
    [
      'UpdateItem',
      { UpdateExpression: 'SET pk = :v', ...values },
      'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key',
    ],
    [
      'UpdateItem',
      { UpdateExpression: 'REMOVE a, #s', ExpressionAttributeNames: { '#s': 'sk' } },
      'One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key',
    ],
    [
      'UpdateItem',
      { UpdateExpression: 'SET a = pk.b' },
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
    ],
    [
      'GetItem',
      { ProjectionExpression: 'a, sk[0]' },
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: sk",
    ],
    [
      'Query',
      {
        KeyConditionExpression: 'pk = :v',
        FilterExpression: 'a = :v OR sk <> :v',
        ...values,
      },
      'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
    ],
  ] as const)('%s %j', (operation, body, message) => {
    expect(errorOf(operation, structuredClone(body))).toEqual(['ValidationException', message]);
  });

  test('a Scan may filter on them', () => {
    expect(() =>
      compileExpressions('Scan', { FilterExpression: 'sk > :n', ExpressionAttributeValues: only(':n') }, KEY),
    ).not.toThrow();
  });
});

describe('KeyConditionExpression', () => {
  const IN = 'Invalid condition in KeyConditionExpression: ';
  test.each([
    ['pk = :v OR sk = :n', 'Invalid operator used in KeyConditionExpression: OR'],
    ['NOT pk = :v AND sk = :n', 'Invalid operator used in KeyConditionExpression: NOT'],
    ['pk IN (:v) AND sk = :n', 'Invalid operator used in KeyConditionExpression: IN'],
    ['pk <> :v AND sk = :n', 'Invalid operator used in KeyConditionExpression: <>'],
    [
      'pk = :v AND sk = :n AND attribute_exists(sk)',
      'Invalid operator used in KeyConditionExpression: attribute_exists',
    ],
    ['pk = :v AND size(sk) = :n', 'KeyConditionExpressions cannot contain nested operations'],
    [
      'pk = :v AND :n BETWEEN sk AND :n',
      `${IN}BETWEEN operator must have the key attribute as its first operand`,
    ],
    [
      'begins_with(:v, pk) AND sk = :n',
      `${IN}begins_with operator must have the key attribute as its first operand`,
    ],
    ['pk = sk AND a = :v AND b = :n', `${IN}Multiple attribute names used in one condition`],
    ['pk.a = :v AND sk = :n', 'KeyConditionExpressions cannot have conditions on nested attributes'],
    [':v = :v AND sk = :n', `${IN}No key attribute specified`],
    ['pk = :v AND sk > :n AND sk < :n', 'KeyConditionExpressions must only contain one condition per key'],
    ['pk = :v AND sk = :n AND a = :n', 'Conditions can be of length 1 or 2 only'],
    ['pk > :v AND sk = :n', 'Query key condition not supported'],
    ['sk = :n AND a = :v', 'Query condition missed key schema element: pk'],
    ['pk = :v AND a = :n', 'Query condition missed key schema element: sk'],
    [
      'pk = :n AND sk = :v',
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    ],
    [
      'pk = :v AND begins_with(sk, :n)',
      'Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
    ],
  ])('%s', (KeyConditionExpression, message) => {
    const body = { KeyConditionExpression, ExpressionAttributeValues: only(':v', ':n') };
    expect(errorOf('Query', body)).toEqual(['ValidationException', message]);
  });

  test('none, an empty key value, and a table without sort key', () => {
    expect(errorOf('Query', {})[1]).toBe(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
    const empty = { KeyConditionExpression: 'pk = :e', ExpressionAttributeValues: { ':e': { S: '' } } };
    expect(errorOf('Query', empty)[1]).toBe(
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
    );
    const two = { KeyConditionExpression: 'pk = :v AND sk = :v', ExpressionAttributeValues: only(':v') };
    expect(errorOf('Query', two, PARTITION_ONLY)[1]).toBe('Query key condition not supported');
  });
});

describe('legacy parameters', () => {
  test.each([
    ['GetItem', { AttributesToGet: ['a'] }, 'use ProjectionExpression instead of AttributesToGet'],
    [
      'UpdateItem',
      { AttributeUpdates: {}, Expected: {} },
      'use UpdateExpression instead of AttributeUpdates, use ConditionExpression instead of Expected',
    ],
    ['Query', { KeyConditions: {} }, 'use KeyConditionExpression instead of KeyConditions'],
    ['Query', { QueryFilter: {} }, 'use FilterExpression instead of QueryFilter'],
    ['Scan', { ScanFilter: {} }, 'use FilterExpression instead of ScanFilter'],
    [
      'Scan',
      { ConditionalOperator: 'OR' },
      'use AND and OR in a FilterExpression instead of ConditionalOperator',
    ],
    [
      'PutItem',
      { ConditionalOperator: 'OR' },
      'use AND and OR in a ConditionExpression instead of ConditionalOperator',
    ],
  ])('%s %j', (operation, body, advice) => {
    expect(() => refuseLegacyParameters(operation, body)).toThrow(
      expect.objectContaining({
        code: 'ValidationException',
        message: `${operation} does not support legacy parameters: ${advice}`,
      }),
    );
  });

  test('a request without them, or with nulls, passes', () => {
    expect(() => refuseLegacyParameters('Scan', { TableName: 't', ScanFilter: null })).not.toThrow();
  });
});
