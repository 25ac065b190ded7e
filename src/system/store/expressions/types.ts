import type { AttributeValue, Item } from '../types.ts';
import type { KeyType } from '../values/values.ts';

export interface KeyAttribute {
  name: string;
  type: KeyType;
}

/** The primary key that a request is held against: the table's, or an index's in a Query. */
export interface PrimaryKey {
  partition: KeyAttribute;
  sort?: KeyAttribute;
}

/** Operations that take expressions; each takes its own ones. A table's part of a BatchGetItem counts as one. */
export type ExpressionOperation =
  | 'GetItem'
  | 'BatchGetItem'
  | 'PutItem'
  | 'DeleteItem'
  | 'UpdateItem'
  | 'Query'
  | 'Scan';

/** Absent members were absent in the request. */
export interface CompiledExpressions {
  /** An item that does not exist is `undefined`. */
  condition?: (item: Item | undefined) => boolean;
  filter?: (item: Item) => boolean;
  projection?: (item: Item) => Item;
  update?: CompiledUpdate;
  keyCondition?: KeyCondition;
  /** Of a Query or Scan: the attributes that filter and projection name, each once. */
  named?: readonly string[];
}

export interface CompiledUpdate {
  /**
   * The updated item; `item` stays as it is (parts may be shared). For an item that does not exist yet pass its key.
   * @throws AwsError ValidationException, also where the result is larger than an item may be
   */
  apply(item: Item): Item;
  /** The parts of an old or new item that the update names: UPDATED_OLD, UPDATED_NEW. */
  updatedAttributes(item: Item): Item;
}

export type SortOperator = '=' | '<' | '<=' | '>' | '>=' | 'between' | 'begins_with';

/** What a KeyConditionExpression asks for; the values have the types of the key's attributes. */
export interface KeyCondition {
  partition: AttributeValue;
  /** `between` has two values, low and high; the others one. */
  sort?: { op: SortOperator; values: AttributeValue[] };
}
