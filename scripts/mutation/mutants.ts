/**
 * Lists the small faults that a test suite should notice: each mutant is one change of one place of
 * one file, found in its syntax tree. What runs them is scripts/mutation/runner.ts.
 */
import ts from 'typescript';

export interface Mutant {
  readonly path: string;
  /** The characters `[start, end)` of the file give way to `replacement`. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** Counted from 1. */
  readonly line: number;
  /** What was there and what stands there now, for a person. */
  readonly what: string;
}

/** Neighbours of each operator: boundaries, opposites and the wrong sign. */
const OPERATORS: ReadonlyMap<string, readonly string[]> = new Map([
  ['+', ['-']],
  ['-', ['+']],
  ['*', ['/']],
  ['/', ['*']],
  ['%', ['*']],
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['===', ['!==']],
  ['!==', ['===']],
  ['&&', ['||']],
  ['||', ['&&']],
  ['&', ['|']],
  ['|', ['&']],
  ['^', ['&']],
  ['<<', ['>>']],
  ['>>', ['<<']],
  ['>>>', ['<<']],
  ['+=', ['-=']],
  ['-=', ['+=']],
  ['*=', ['/=']],
  ['|=', ['&=']],
  ['&=', ['|=']],
  ['^=', ['&=']],
  ['<<=', ['>>=']],
  ['>>=', ['<<=']],
  ['>>>=', ['<<=']],
]);

type Offer = (node: ts.Node, replacement: string) => void;

function isString(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

function isAssert(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && node.expression.getText() === 'assert';
}

function isComparison(node: ts.Node): boolean {
  return ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText());
}

/** A condition whose own operator is mutated already: negating it as well would say it twice. */
function hasOpposite(condition: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(condition)) return true;
  if (!ts.isBinaryExpression(condition)) return false;
  return /^[<>=!]/.test(condition.operatorToken.getText());
}

function conditionOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node)) return node.expression;
  if (ts.isDoStatement(node)) return node.expression;
  if (ts.isConditionalExpression(node) || ts.isForStatement(node)) return node.condition;
  return undefined;
}

function offerOperators(node: ts.Node, offer: Offer): void {
  if (ts.isBinaryExpression(node)) {
    const joinsText = isString(node.left) || isString(node.right);
    const token = node.operatorToken;
    if (joinsText && !isComparison(node)) return;
    for (const operator of OPERATORS.get(token.getText()) ?? []) offer(token, operator);
  }
  if (ts.isPrefixUnaryExpression(node)) {
    const operand = node.operand.getText();
    if (node.operator === ts.SyntaxKind.ExclamationToken) offer(node, `(${operand})`);
    if (node.operator === ts.SyntaxKind.MinusToken) offer(node, `(${operand})`);
    if (node.operator === ts.SyntaxKind.TildeToken) offer(node, `(${operand})`);
    if (node.operator === ts.SyntaxKind.PlusPlusToken) offer(node, `--${operand}`);
    if (node.operator === ts.SyntaxKind.MinusMinusToken) offer(node, `++${operand}`);
  }
  if (ts.isPostfixUnaryExpression(node)) {
    const up = node.operator === ts.SyntaxKind.PlusPlusToken;
    offer(node, `${node.operand.getText()}${up ? '--' : '++'}`);
  }
}

function offerConstants(node: ts.Node, offer: Offer): void {
  if (ts.isNumericLiteral(node)) offer(node, String(Number(node.text.replaceAll('_', '')) + 1));
  if (node.kind === ts.SyntaxKind.TrueKeyword) offer(node, 'false');
  if (node.kind === ts.SyntaxKind.FalseKeyword) offer(node, 'true');
  // Text matters where it is an answer or is compared; elsewhere it is for people.
  const answers = ts.isReturnStatement(node.parent) || ts.isConditionalExpression(node.parent);
  const compared = isComparison(node.parent) || ts.isCaseClause(node.parent);
  if (ts.isStringLiteral(node) && node.text !== '' && (answers || compared)) offer(node, "''");
}

function offerStatements(node: ts.Node, offer: Offer): void {
  if (ts.isExpressionStatement(node) && !isAssert(node.expression)) offer(node, ';');
  const condition = conditionOf(node);
  if (condition !== undefined && !hasOpposite(condition)) {
    offer(condition, `!(${condition.getText()})`);
  }
  const value = ts.isReturnStatement(node)
    ? node.expression
    : ts.isArrowFunction(node) && !ts.isBlock(node.body)
      ? node.body
      : undefined;
  if (value !== undefined && value.getText() !== 'undefined') offer(value, 'undefined');
}

/** Types vanish before anything runs, and words for people are not behaviour. */
function isOutOfReach(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isThrowStatement(node) ||
    (ts.isNewExpression(node) && node.expression.getText().endsWith('Error'))
  );
}

/** Every mutant of a file, in the order of the text. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const found: Mutant[] = [];
  const offer: Offer = (node, replacement) => {
    const [start, end] = [node.getStart(), node.getEnd()];
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    const now = replacement === ';' ? 'removed' : replacement;
    const what = `${brief(text.slice(start, end))} -> ${brief(now)}`;
    found.push({ path, start, end, replacement, line, what });
  };
  const visit = (node: ts.Node): void => {
    if (isOutOfReach(node)) return;
    if (isAssert(node)) {
      // A weaker assertion fails no correct program, so only the opposite counts.
      const condition = node.arguments[0];
      if (condition !== undefined) offer(condition, `!(${condition.getText()})`);
      return;
    }
    offerOperators(node, offer);
    offerConstants(node, offer);
    offerStatements(node, offer);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
  return found;
}

function brief(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

export function applyMutant(text: string, mutant: Mutant): string {
  return text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
}
