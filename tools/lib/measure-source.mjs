import ts from 'typescript';

/** In tests and contract suites the functions given to describe() and suite() are lists, so only whole files count. */
const isListOfTests = /\.(test|contract)\.(ts|mjs)$/;

/**
 * Lines of a file and of each named or anonymous function in it.
 * @param {string} name
 * @param {string} text
 * @returns {{ lines: number, functions: [string, number][] }}
 */
export const measureSource = (name, text) => {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (isListOfTests.test(name)) return { lines, functions: [] };
  const script = name.endsWith('.vue') ? scriptOf(text) : text;
  const file = ts.createSourceFile(name.replace(/\.vue$/, '.ts'), script, ts.ScriptTarget.Latest, true);
  /** @type {[string, number][]} */
  const functions = [];
  /** @type {Map<string, number>} */
  const seen = new Map();
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const base = nameOf(node);
      const count = (seen.get(base) ?? 0) + 1;
      seen.set(base, count);
      functions.push([count === 1 ? base : `${base}:${count}`, lineCount(file, node)]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { lines, functions };
};

/** @param {string} text a Vue component */
const scriptOf = (text) => [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script ?? '').join('\n');

/**
 * @param {ts.SourceFile} file
 * @param {ts.Node} node
 */
const lineCount = (file, node) =>
  file.getLineAndCharacterOfPosition(node.getEnd()).line - file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;

/** @param {ts.Node} node a function */
const nameOf = (node) => {
  const own = /** @type {ts.FunctionDeclaration} */ (node).name?.getText();
  if (own !== undefined) return own;
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const parent = node.parent;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.name.getText();
  return 'anonymous';
};
